// JSON for people: checked, laid out anew and coloured, without ever touching a
// number. JSON.parse rounds integers above 2^53; this works on the text.

/** One piece of JSON text and what it is, for colour. */
export interface Token {
  kind: 'key' | 'string' | 'number' | 'word' | 'mark' | 'space';
  text: string;
}

const pattern = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]|\s+/g;

/** Says what is wrong with the text as JSON, or '' when it is right. */
export function jsonFault(text: string): string {
  try {
    JSON.parse(text);
    return '';
  } catch (fault) {
    return fault instanceof Error ? fault.message : String(fault);
  }
}

/** Splits valid JSON into pieces, without its white space. */
function pieces(text: string): string[] {
  return (text.match(pattern) ?? []).filter((piece) => piece.trim() !== '');
}

/** Lays valid JSON out with two blanks per level; every value keeps its exact text. */
export function pretty(text: string): string {
  let depth = 0;
  let out = '';
  const all = pieces(text);
  all.forEach((piece, i) => {
    const next = all[i + 1];
    if (piece === '{' || piece === '[') {
      const empty = next === '}' || next === ']';
      depth += 1;
      out += piece + (empty ? '' : newline(depth));
    } else if (piece === '}' || piece === ']') {
      depth -= 1;
      const before = all[i - 1];
      out += (before === '{' || before === '[' ? '' : newline(depth)) + piece;
    } else if (piece === ',') out += piece + newline(depth);
    else if (piece === ':') out += ': ';
    else out += piece;
  });
  return out;
}

const newline = (depth: number): string => `\n${'  '.repeat(depth)}`;

/** Colours text that is JSON. */
export function tokens(text: string): Token[] {
  const all = text.match(pattern) ?? [];
  return all.map((piece, i) => ({ text: piece, kind: kindOf(piece, all[i + 1]) }));
}

function kindOf(piece: string, next: string | undefined): Token['kind'] {
  if (piece.trim() === '') return 'space';
  if (piece.startsWith('"')) return next === ':' ? 'key' : 'string';
  if (/^[-\d]/.test(piece)) return 'number';
  if (/^[tfn]/.test(piece)) return 'word';
  return 'mark';
}
