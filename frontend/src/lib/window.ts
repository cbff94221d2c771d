// Which rows or columns of a long list are on screen.

/** A half-open span of indexes. */
export interface Span {
  from: number;
  to: number;
}

/** Rows of one height that can be seen, with some spare above and below. */
export function rowSpan(scrollTop: number, height: number, rowHeight: number, count: number, spare = 6): Span {
  const from = Math.max(0, Math.floor(scrollTop / rowHeight) - spare);
  const to = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + spare);
  return { from: Math.min(from, to), to };
}

/** Left edges of columns, and the whole width as the last number. */
export function edges(widths: number[]): number[] {
  const out = [0];
  let sum = 0;
  for (const width of widths) out.push((sum += width));
  return out;
}

/** Columns of different widths that can be seen. */
export function columnSpan(scrollLeft: number, width: number, left: number[]): Span {
  const count = left.length - 1;
  let from = 0;
  while (from < count && (left[from + 1] ?? 0) <= scrollLeft) from++;
  let to = from;
  while (to < count && (left[to] ?? 0) < scrollLeft + width) to++;
  return { from: Math.max(0, from - 1), to: Math.min(count, to + 1) };
}

/** Where to scroll so that [start, end) is inside a view of this size; the same place when it already is. */
export function scrollTo(start: number, end: number, scroll: number, size: number): number {
  if (start < scroll) return start;
  return end > scroll + size ? end - size : scroll;
}
