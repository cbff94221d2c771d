// A row of numbers as a small line.

/** The line, the area under it, and its last point. */
export interface Spark {
  line: string;
  area: string;
  last: { x: number; y: number } | null;
}

const round = (value: number): string => String(Math.round(value * 10) / 10);

/**
 * Draws values from left to right between 0 and their largest, so that a long way
 * stays visibly longer than a short one. A value below 0 is unknown: the line has a hole there.
 */
export function sparkPath(values: readonly number[], width: number, height: number): Spark {
  const known = values.filter((v) => v >= 0);
  if (known.length === 0) return { line: '', area: '', last: null };
  const edge = 2;
  const top = Math.max(...known, Number.MIN_VALUE);
  const x = (i: number) => edge + (values.length === 1 ? 1 : i / (values.length - 1)) * (width - 2 * edge);
  const y = (value: number) => height - edge - (value / top) * (height - 2 * edge);
  let line = '';
  let area = '';
  let last: Spark['last'] = null;
  let start = -1;
  const close = (end: number) => {
    if (start >= 0 && end > start) area += `L${round(x(end))} ${String(height)}L${round(x(start))} ${String(height)}Z`;
    start = -1;
  };
  values.forEach((value, i) => {
    if (value < 0) {
      close(i - 1);
      return;
    }
    const point = `${round(x(i))} ${round(y(value))}`;
    line += `${start < 0 ? 'M' : 'L'}${point}`;
    area += `${start < 0 ? 'M' : 'L'}${point}`;
    if (start < 0) start = i;
    last = { x: x(i), y: y(value) };
  });
  close(values.length - 1);
  return { line, area, last };
}
