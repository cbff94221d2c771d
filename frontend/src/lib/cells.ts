// Cells of SQL results: how they look and are copied.
import { fromBase64, hex } from './bytes';

/** One cell: n null, i integer, r real, t text, b blob in base64. */
export interface Cell {
  k: string;
  v: string;
}

/** Longest text shown in one cell; the whole value is copied all the same. */
export const MaxCellChars = 300;

/** A cell as it stands in the grid. */
export function shown(cell: Cell): string {
  if (cell.k === 'n') return 'NULL';
  if (cell.k === 'b') return blobText(cell.v);
  // A real that happens to be whole is still a real.
  if (cell.k === 'r' && /^-?\d+$/.test(cell.v)) return `${cell.v}.0`;
  const line = cell.v.length > MaxCellChars ? `${cell.v.slice(0, MaxCellChars)}…` : cell.v;
  return line.replaceAll('\n', '⏎');
}

function blobText(base64: string): string {
  const bytes = fromBase64(base64);
  const head = hex(bytes.subarray(0, 32));
  return `x'${head}${bytes.length > 32 ? '…' : ''}'${bytes.length > 32 ? ` ${String(bytes.length)} B` : ''}`;
}

/** A cell as plain text for the clipboard: NULL is nothing, a blob is hex. */
export function plain(cell: Cell): string {
  if (cell.k === 'n') return '';
  return cell.k === 'b' ? `x'${hex(fromBase64(cell.v))}'` : cell.v;
}
