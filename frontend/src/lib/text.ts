// Small texts: quoting, comparing, matching.

/** Quotes an argument for a POSIX shell; what is plain stays plain. */
export function shellQuote(argument: string): string {
  if (/^[A-Za-z0-9_./:@%+=,-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** A command line of the program, arguments quoted. */
export const commandLine = (...words: string[]): string => ['debros', ...words].map(shellQuote).join(' ');

/** Compares whole numbers written in digits, of any length. */
export function compareDecimal(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** a − b for whole numbers written in digits; null when one is not a number. */
export function decimalDifference(a: string, b: string): bigint | null {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return null;
  return BigInt(a) - BigInt(b);
}

/** How well the letters of query appear in order in text: higher is better, -1 is not at all. */
export function matchScore(text: string, query: string): number {
  const hay = text.toLowerCase();
  const needle = query.trim().toLowerCase();
  if (needle === '') return 0;
  const whole = hay.indexOf(needle);
  if (whole !== -1) return 1000 - whole + (whole === 0 || /\W/.test(hay[whole - 1] ?? ' ') ? 500 : 0);
  let at = -1;
  let score = 100;
  for (const letter of needle) {
    const next = hay.indexOf(letter, at + 1);
    if (next === -1) return -1;
    score -= next - at - 1;
    at = next;
  }
  return Math.max(score, 1);
}

/** Shortens an id to its ends: 12D3Ko…9fGh. */
export function shortId(id: string): string {
  return id.length > 14 ? `${id.slice(0, 6)}…${id.slice(-5)}` : id;
}

/** Quotes an SQL name only when it needs to be. */
export function sqlName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/i.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
