// Texts compared line by line, and two edits of one text brought together.

/** One line of a comparison. */
export interface DiffLine {
  kind: 'same' | 'out' | 'in';
  text: string;
}

/** Above this many pairs of lines the middle is told as changed as a whole. */
const MaxPairs = 4_000_000;

/** Marks around what both sides changed, as people know them from version control. */
export const Marks = { mine: '<<<<<<< yours', middle: '=======', theirs: '>>>>>>> theirs' };

/** The lines that two lists have in common, in order, as pairs of places. */
function matches(a: string[], b: string[]): [number, number][] {
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) from++;
  let endA = a.length;
  let endB = b.length;
  while (endA > from && endB > from && a[endA - 1] === b[endB - 1]) [endA, endB] = [endA - 1, endB - 1];
  const out: [number, number][] = Array.from({ length: from }, (_, i) => [i, i]);
  out.push(...common(a.slice(from, endA), b.slice(from, endB)).map(([i, k]): [number, number] => [i + from, k + from]));
  for (let i = endA; i < a.length; i++) out.push([i, i - endA + endB]);
  return out;
}

/** The longest common lines of what is left in the middle. */
function common(a: string[], b: string[]): [number, number][] {
  if (a.length * b.length > MaxPairs) return [];
  const width = b.length + 1;
  const best = new Uint32Array((a.length + 1) * width);
  const at = (i: number, k: number) => best[i * width + k] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let k = b.length - 1; k >= 0; k--)
      best[i * width + k] = a[i] === b[k] ? at(i + 1, k + 1) + 1 : Math.max(at(i + 1, k), at(i, k + 1));
  const out: [number, number][] = [];
  for (let i = 0, k = 0; i < a.length && k < b.length;) {
    if (a[i] === b[k]) out.push([i++, k++]);
    else if (at(i + 1, k) >= at(i, k + 1)) i++;
    else k++;
  }
  return out;
}

/** Compares two texts. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  const out: DiffLine[] = [];
  let [i, k] = [0, 0];
  for (const [x, y] of [...matches(a, b), [a.length, b.length] as const]) {
    while (i < x) out.push({ kind: 'out', text: a[i++] ?? '' });
    while (k < y) out.push({ kind: 'in', text: b[k++] ?? '' });
    if (x < a.length) out.push({ kind: 'same', text: a[x] ?? '' });
    [i, k] = [x + 1, y + 1];
  }
  return out;
}

/** Leaves out long stretches that are the same on both sides; null stands for such a stretch. */
export function foldSame(lines: DiffLine[], around = 3): (DiffLine | null)[] {
  const near = lines.map(() => false);
  lines.forEach((line, i) => {
    if (line.kind === 'same') return;
    for (let k = Math.max(0, i - around); k <= Math.min(lines.length - 1, i + around); k++) near[k] = true;
  });
  const out: (DiffLine | null)[] = [];
  lines.forEach((line, i) => {
    if (near[i]) out.push(line);
    else if (out.at(-1) !== null || out.length === 0) out.push(null);
  });
  return out;
}

const sameLines = (a: string[], b: string[]) => a.length === b.length && a.every((line, i) => line === b[i]);

/** Brings two edits of one base together; what both changed differently stands between marks. */
export function merge(base: string, mine: string, theirs: string): { text: string; clashes: number } {
  const [o, a, b] = [base.split('\n'), mine.split('\n'), theirs.split('\n')];
  const inA = new Map(matches(o, a));
  const inB = new Map(matches(o, b));
  const out: string[] = [];
  let clashes = 0;
  let at = { o: 0, a: 0, b: 0 };
  const settle = (to: typeof at) => {
    const [was, one, two] = [o.slice(at.o, to.o), a.slice(at.a, to.a), b.slice(at.b, to.b)];
    if (sameLines(one, two) || sameLines(two, was)) out.push(...one);
    else if (sameLines(one, was)) out.push(...two);
    else {
      clashes += 1;
      out.push(Marks.mine, ...one, Marks.middle, ...two, Marks.theirs);
    }
  };
  for (let i = 0; i < o.length; i++) {
    const [x, y] = [inA.get(i), inB.get(i)];
    if (x === undefined || y === undefined) continue;
    settle({ o: i, a: x, b: y });
    out.push(o[i] ?? '');
    at = { o: i + 1, a: x + 1, b: y + 1 };
  }
  settle({ o: o.length, a: a.length, b: b.length });
  return { text: out.join('\n'), clashes };
}
