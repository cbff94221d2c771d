import { expect, test } from 'vitest';
import { GridState } from './grid.svelte';

const made = (rows = 10, columns = 5): GridState => {
  const grid = new GridState();
  grid.resize(rows, columns);
  return grid;
};

// A selection that is not what it looks like copies or deletes the wrong rows.
test('Shift grows the selection from where it began, in each direction', () => {
  const grid = made();
  grid.go(4, 2);
  grid.go(2, 4, true);
  expect(grid.range).toEqual({ top: 2, bottom: 4, left: 2, right: 4 });
  expect(grid.has(3, 3)).toBe(true);
  expect(grid.has(5, 3)).toBe(false);
  grid.go(0, 0);
  expect(grid.many).toBe(false);
});

test('whole rows and everything', () => {
  const grid = made();
  grid.goRow(3);
  grid.goRow(5, true);
  expect(grid.range).toEqual({ top: 3, bottom: 5, left: 0, right: 4 });
  grid.selectAll();
  expect(grid.range).toEqual({ top: 0, bottom: 9, left: 0, right: 4 });
});

test('the cursor never leaves the rows, also when they become fewer', () => {
  const grid = made();
  grid.go(99, 99);
  expect([grid.row, grid.column]).toEqual([9, 4]);
  grid.resize(3, 5);
  expect([grid.row, grid.anchorRow]).toEqual([2, 2]);
});

test('a width has limits and can be taken back', () => {
  const grid = made();
  grid.widen(1, 5);
  expect(grid.chosen[1]).toBe(40);
  grid.unwiden(1);
  expect(grid.chosen[1]).toBeUndefined();
});
