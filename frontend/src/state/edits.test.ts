import { describe, expect, test } from 'vitest';
import type { Cell, TableInfo } from '../api/sql';
import { Edits, typedCell } from './edits.svelte';

const column = (name: string, type: string, key = false) => ({ name, type, nullable: true, default: '', key });
const table: TableInfo = {
  name: 't',
  kind: 'table',
  columns: [column('id', 'INTEGER', true), column('name', 'TEXT'), column('n', 'REAL')],
  row_id: '',
  editable: true,
  references: [],
};
const i = (v: string): Cell => ({ k: 'i', v });
const text = (v: string): Cell => ({ k: 't', v });
const nothing: Cell = { k: 'n', v: '' };
const ann = [i('1'), text('Ann'), nothing];
const bob = [i('2'), text(''), { k: 'r', v: '2.5' }];
const named = (name: string, cell: Cell) => ({ column: name, cell });

// What is staged must be what is written: nothing more, and only to the row that was seen.
describe('staged edits', () => {
  test('an update names the key and the old values of what changes', () => {
    const edits = new Edits('shop', table);
    edits.set(ann, 2, { k: 'r', v: '1' });
    expect(edits.request()).toEqual({
      namespace: 'shop',
      table: 't',
      edits: [
        { kind: 'update', old: [named('id', i('1')), named('n', nothing)], set: [named('n', { k: 'r', v: '1' })] },
      ],
    });
    expect(edits.mark(ann)).toBe('changed');
    expect(edits.changed(ann, 1)).toBe(false);
    expect(edits.mark(bob)).toBe('');
  });

  test('a value that is put back is no change; NULL and empty are two values', () => {
    const edits = new Edits('shop', table);
    edits.set(bob, 1, nothing);
    expect(edits.count).toBe(1);
    edits.set(bob, 1, text(''));
    expect(edits.count).toBe(0);
  });

  test('a deleted row takes its changes with it and can be kept after all', () => {
    const edits = new Edits('shop', table);
    edits.set(ann, 1, text('x'));
    edits.toggleDeleted(ann);
    expect(edits.request().edits).toEqual([
      { kind: 'delete', old: [named('id', i('1')), named('name', text('Ann')), named('n', nothing)], set: [] },
    ]);
    edits.toggleDeleted(ann);
    expect(edits.count).toBe(0);
  });

  test('a copy of a row has all but its key, with what is staged', () => {
    const edits = new Edits('shop', table);
    edits.set(bob, 1, text('Bea'));
    edits.add(bob);
    expect(edits.request().edits[1]).toEqual({
      kind: 'insert',
      old: [],
      set: [named('name', text('Bea')), named('n', { k: 'r', v: '2.5' })],
    });
  });

  test('one edit of a batch can be taken back', () => {
    const edits = new Edits('shop', table);
    edits.add();
    edits.set(ann, 1, text('x'));
    edits.toggleDeleted(bob);
    edits.drop(1);
    expect(edits.request().edits.map((e) => e.kind)).toEqual(['delete', 'insert']);
    edits.drop(1);
    edits.drop(0);
    expect(edits.count).toBe(0);
  });

  test('the way back undoes each edit, the last first', () => {
    const edits = new Edits('shop', table);
    edits.toggleDeleted(bob);
    edits.set(ann, 0, i('7'));
    edits.set(ann, 1, nothing);
    edits.add();
    expect(edits.inverse(['', '', '9'], true)?.edits).toEqual([
      { kind: 'delete', old: [named('id', i('9'))], set: [] },
      {
        kind: 'update',
        old: [named('id', i('7')), named('name', nothing)],
        set: [named('id', i('1')), named('name', text('Ann'))],
      },
      {
        kind: 'insert',
        old: [],
        set: [named('id', i('2')), named('name', text('')), named('n', { k: 'r', v: '2.5' })],
      },
    ]);
    expect(edits.inverse(['', '', '9'], false)).toBeNull();
  });
});

// Digits that are rounded, or text that becomes a number, are somebody's lost data.
test.each<[string, string, Cell]>([
  ['9007199254740993', 'INTEGER', i('9007199254740993')],
  ['9223372036854775808', 'INTEGER', text('9223372036854775808')],
  ['+7', 'INT', i('7')],
  ['1.50', 'REAL', { k: 'r', v: '1.5' }],
  ['1e3', 'REAL', { k: 'r', v: '1000' }],
  ['007', 'TEXT', text('007')],
  ['seven', 'INTEGER', text('seven')],
  ['5', '', text('5')],
])('%s typed into %s', (typed, type, want) => {
  expect(typedCell(typed, type, undefined)).toEqual(want);
});
