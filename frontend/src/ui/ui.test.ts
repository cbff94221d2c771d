import { expect, test } from 'vitest';
import { columnWidths } from './gridwidths';
import { placeBeside } from './place';

const view = { width: 800, height: 600 };
const panel = { width: 200, height: 100 };
const button = (left: number, top: number) => ({ left, top, right: left + 30, bottom: top + 30 });

// A menu that opens outside of the window cannot be used.
test.each([
  ['below its button', button(100, 100), 'below', 'start', { left: 100, top: 134 }],
  ['aligned with its end', button(400, 100), 'below', 'end', { left: 230, top: 134 }],
  ['above when below is no room', button(100, 560), 'below', 'start', { left: 100, top: 456 }],
  ['above when wished', button(100, 560), 'above', 'start', { left: 100, top: 456 }],
  ['pushed in from the edge', button(780, 100), 'below', 'start', { left: 592, top: 134 }],
] as const)('a panel stands %s', (_, at, side, align, want) => {
  expect(placeBeside(at, panel, view, side, align)).toEqual(want);
});

test('columns are as wide as what is in them, within bounds', () => {
  const rows = [
    [
      { k: 'i', v: '1' },
      { k: 't', v: 'x'.repeat(500) },
    ],
  ];
  const [narrow, wide] = columnWidths(['n', 'text'], ['', 'TEXT'], (i) => rows[i], 1);
  expect(narrow).toBe(72);
  expect(wide).toBe(380);
});
