// Reading CREATE TABLE back into a design. SQLite has checked the text; here it is
// only cut at the right places.
import type { Table } from '../api/sql';
import { type Design, type DesignColumn, newColumn } from './ddl';

/** One word, quoted name, text, bracketed group or sign of SQL. */
type Token = string;

/** Cuts SQL into tokens; a bracketed group is one, comments are none. */
export function tokensOf(sql: string): Token[] {
  const out: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const from = at;
    if (/\s/.test(sql[at] ?? '')) at += 1;
    else if (sql.startsWith('--', at)) at = endOf(sql, at, '\n');
    else if (sql.startsWith('/*', at)) at = endOf(sql, at + 2, '*/');
    else {
      at = tokenEnd(sql, at);
      out.push(sql.slice(from, at));
    }
  }
  return out;
}

function endOf(sql: string, from: number, mark: string): number {
  const found = sql.indexOf(mark, from);
  return found === -1 ? sql.length : found + mark.length;
}

function tokenEnd(sql: string, at: number): number {
  const first = sql[at] ?? '';
  if (first === '[') return endOf(sql, at, ']');
  if (`'"\``.includes(first)) return quoteEnd(sql, at, first);
  if (first === '(') {
    let i = at + 1;
    while (i < sql.length && sql[i] !== ')') i = skip(sql, i);
    return Math.min(i + 1, sql.length);
  }
  const word = /^[\w$\u0080-\uffff.]+/.exec(sql.slice(at));
  return at + (word?.[0].length ?? 1);
}

/** The place behind what begins here, white space and comments too. */
function skip(sql: string, at: number): number {
  if (sql.startsWith('--', at)) return endOf(sql, at, '\n');
  if (sql.startsWith('/*', at)) return endOf(sql, at + 2, '*/');
  return /\s/.test(sql[at] ?? '') ? at + 1 : tokenEnd(sql, at);
}

function quoteEnd(sql: string, at: number, quote: string): number {
  for (let i = at + 1; i < sql.length; i++) {
    if (sql[i] !== quote) continue;
    if (sql[i + 1] !== quote) return i + 1;
    i += 1;
  }
  return sql.length;
}

/** A name without its quotes. */
export function bareName(token: Token): string {
  const quote = token[0] ?? '';
  if (quote === '[') return token.slice(1, -1);
  return `"'\``.includes(quote) && quote !== '' ? token.slice(1, -1).replaceAll(quote + quote, quote) : token;
}

/** A table of the schema as a design; null when its text is no plain CREATE TABLE. */
export function readDesign(table: Table): Design | null {
  const tokens = tokensOf(table.sql);
  const body = tokens.findIndex((t) => t.startsWith('('));
  if (table.kind !== 'table' || body === -1 || /^virtual$/i.test(tokens[1] ?? '')) return null;
  const options = tokens
    .slice(body + 1)
    .join(' ')
    .toLowerCase();
  const columns: DesignColumn[] = [];
  const constraints: string[] = [];
  for (const part of partsOf((tokens[body] ?? '').slice(1, -1))) {
    if (/^(constraint|primary|unique|check|foreign)$/i.test(part[0] ?? '')) constraints.push(part.join(' '));
    else columns.push(readColumn(part, columns.length + 1));
  }
  return {
    was: table.name,
    name: table.name,
    columns,
    constraints,
    strict: /\bstrict\b/.test(options),
    withoutRowid: /\bwithout rowid\b/.test(options),
    indexes: table.indexes
      .filter((i) => i.sql !== '')
      .map((i, id) => ({ id, was: i.name, name: i.name, unique: i.unique, ...indexOn(i.sql) })),
  };
}

/** Columns and constraints, cut at the outer commas. */
function partsOf(body: string): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokensOf(body)) {
    if (token === ',') parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts.filter((part) => part.length > 0);
}

/** What an index stands on, and its condition. */
const indexOn = (sql: string): { on: string; where: string } => {
  const tokens = tokensOf(sql);
  const at = tokens.findIndex((t) => t.startsWith('('));
  return { on: (tokens[at] ?? '()').slice(1, -1).trim(), where: tokens.slice(at + 2).join(' ') };
};

const begins = /^(constraint|primary|not|null|unique|check|default|collate|references|generated|as|autoincrement)$/i;

function readColumn(part: Token[], id: number): DesignColumn {
  const name = bareName(part[0] ?? '');
  const column = newColumn(id, { was: name, name, type: '' });
  let at = 1;
  const type: Token[] = [];
  while (at < part.length && !begins.test(part[at] ?? '')) type.push(part[at++] ?? '');
  column.type = type.join(' ').replace(/ \(/g, '(');
  const more: Token[] = [];
  while (at < part.length) at = readConstraint(part, at, column, more);
  column.more = more.join(' ');
  return column;
}

/** Reads one column constraint into its field, or into what has none. */
function readConstraint(part: Token[], at: number, column: DesignColumn, more: Token[]): number {
  let end = at + 1;
  while (end < part.length && !begins.test(part[end] ?? '')) end += 1;
  const words = part.slice(at, end);
  const head = (words[0] ?? '').toLowerCase();
  const text = words.slice(1).join(' ');
  const plain = !words.some((w) => /^conflict$/i.test(w));
  if (head === 'primary' && plain && words.length === 2) column.primaryKey = true;
  else if (head === 'autoincrement') column.autoincrement = true;
  else if (head === 'unique' && words.length === 1) column.unique = true;
  else if (head === 'not' && /^null$/i.test(part[end] ?? '') && !/^on$/i.test(part[end + 1] ?? '')) {
    column.notNull = true;
    return end + 1;
  } else if (head === 'default' && words.length > 1) column.defaultValue = text.replace(/^([+-]) /, '$1');
  else if (head === 'default' && /^null$/i.test(part[end] ?? '')) {
    column.defaultValue = 'NULL';
    return end + 1;
  } else if (head === 'check' && words.length === 2 && column.check === '') column.check = text.slice(1, -1).trim();
  else if (head === 'references') return readReference(part, at, column);
  else more.push(...words);
  return end;
}

/** REFERENCES may hold SET NULL, SET DEFAULT and NOT DEFERRABLE, whose words begin constraints elsewhere. */
function readReference(part: Token[], at: number, column: DesignColumn): number {
  let end = at + 1;
  while (end < part.length) {
    const word = part[end] ?? '';
    const after = /^(set)$/i.test(part[end - 1] ?? '');
    const notDeferrable = /^not$/i.test(word) && /^deferrable$/i.test(part[end + 1] ?? '');
    if (begins.test(word) && !after && !notDeferrable) break;
    end += 1;
  }
  column.references = part
    .slice(at + 1, end)
    .join(' ')
    .replace(/ \(/g, '(');
  return end;
}
