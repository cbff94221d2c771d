// Cells of SQL results: how they look, sort and leave the program.
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

const rank: Record<string, number> = { n: 0, i: 1, r: 1, t: 2, b: 3 };

/** Orders cells as SQLite does: NULL, numbers, text, blobs. Integers are compared exactly. */
export function compareCells(a: Cell, b: Cell): number {
  const kinds = (rank[a.k] ?? 2) - (rank[b.k] ?? 2);
  if (kinds !== 0 || a.k === 'n') return kinds;
  if (a.k === 'i' && b.k === 'i') {
    const [x, y] = [BigInt(a.v), BigInt(b.v)];
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (rank[a.k] === 1) return Number(a.v) - Number(b.v);
  return a.v < b.v ? -1 : a.v > b.v ? 1 : 0;
}

/** A cell as plain text for the clipboard: NULL is nothing, a blob is hex. */
export function plain(cell: Cell): string {
  if (cell.k === 'n') return '';
  return cell.k === 'b' ? `x'${hex(fromBase64(cell.v))}'` : cell.v;
}

/** Rows as CSV (RFC 4180). Empty text is "" and NULL is nothing, so that they stay apart. */
export function toCSV(columns: string[], rows: Cell[][]): string {
  const quote = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const cell = (c: Cell) => (c.k === 't' && c.v === '' ? '""' : quote(plain(c)));
  return [columns.map(quote), ...rows.map((row) => row.map(cell))].map((line) => line.join(',')).join('\r\n') + '\r\n';
}

/** Rows as a JSON list of objects. Numbers keep every digit; a blob is {"$base64": …}. */
export function toJSON(columns: string[], rows: Cell[][]): string {
  const names = uniqueNames(columns).map((name) => JSON.stringify(name));
  const lines = rows.map((row) => `  {${row.map((c, i) => `${names[i] ?? '""'}: ${jsonCell(c)}`).join(', ')}}`);
  return lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`;
}

function jsonCell(cell: Cell): string {
  if (cell.k === 'n') return 'null';
  if (cell.k === 'i') return cell.v;
  if (cell.k === 'r') return Number.isFinite(Number(cell.v)) ? cell.v : JSON.stringify(cell.v);
  return cell.k === 'b' ? `{"$base64": ${JSON.stringify(cell.v)}}` : JSON.stringify(cell.v);
}

/** SELECT may name two columns alike; an object may not. */
function uniqueNames(columns: string[]): string[] {
  const seen = new Map<string, number>();
  return columns.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name}_${String(count)}`;
  });
}
