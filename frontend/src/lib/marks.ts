// Texts with marks in them. The node counts bytes of UTF-8, the page letters.

/** A piece of a text. */
export interface Piece {
  text: string;
  marked: boolean;
}

/** Cuts a text at byte ranges, which may overlap or lie outside of it. */
export function markedPieces(text: string, ranges: readonly (readonly number[])[]): Piece[] {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  const out: Piece[] = [];
  let at = 0;
  const push = (to: number, marked: boolean) => {
    if (to > at) out.push({ text: decoder.decode(bytes.subarray(at, to)), marked });
    at = Math.max(at, to);
  };
  for (const [from = 0, to = 0] of ranges.toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0))) {
    if (from >= to || to > bytes.length || from < 0) continue;
    push(from, false);
    push(to, true);
  }
  push(bytes.length, false);
  return out;
}

/** Bytes of a text in UTF-8. */
export const byteLength = (text: string): number => new TextEncoder().encode(text).length;
