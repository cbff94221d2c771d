// How wide a grid's columns are: wide enough for the name and the first rows.
import { type Cell, shown } from '../lib/cells';

/** Height of a row and width of its number, in pixels. */
export const RowHeight = 28;
export const Gutter = 52;

const letter = 7.7; // pixels of one letter in the grid's type
const padding = 26;
const narrowest = 72;
const widest = 380;
const looked = 60; // rows that decide

/** Width of each column in pixels. */
export function columnWidths(
  columns: string[],
  types: string[],
  row: (index: number) => Cell[] | undefined,
  count: number,
): number[] {
  return columns.map((name, column) => {
    let letters = name.length + (types[column]?.length ?? 0) + 3;
    for (let i = 0; i < Math.min(count, looked); i++) {
      const cell = row(i)?.[column];
      if (cell !== undefined) letters = Math.max(letters, shown(cell).length);
    }
    return Math.round(Math.min(widest, Math.max(narrowest, letters * letter + padding)));
  });
}
