// EXPLAIN QUERY PLAN as a tree, in words: what is read whole, and which index would help.
import type { Table } from '../api/sql';
import type { PlanStep } from '../api/truth';
import { planOf } from '../api/truth';
import { sqlName } from '../lib/text';

export { planOf };

/** What a step does. */
export type StepKind = 'scan' | 'index' | 'search' | 'temp' | 'auto' | 'other';

/** One step with the steps inside of it. */
export interface PlanNode {
  id: number;
  detail: string;
  kind: StepKind;
  /** The table that is read, '' when it is none or a sub-query. */
  table: string;
  /** An index that would save the work, '' when none is known. */
  index: string;
  steps: PlanNode[];
}

/** Makes the tree. The statement's text tells which columns it looks for. */
export function planTree(steps: PlanStep[], sql: string, tables: Table[]): PlanNode[] {
  const nodes = new Map<number, PlanNode>();
  const roots: PlanNode[] = [];
  for (const step of steps) {
    const node: PlanNode = { id: step.id, steps: [], index: '', ...stepOf(step.detail, sql) };
    node.index = helpful(node, sql, tables);
    nodes.set(step.id, node);
    (nodes.get(step.parent)?.steps ?? roots).push(node);
  }
  return roots;
}

/** All steps, the outer ones first. */
export const flatPlan = (nodes: PlanNode[]): PlanNode[] => nodes.flatMap((n) => [n, ...flatPlan(n.steps)]);

function stepOf(detail: string, sql: string): Pick<PlanNode, 'detail' | 'kind' | 'table'> {
  const name = /^(?:SCAN|SEARCH) (?:TABLE )?(\S+)/.exec(detail)?.[1] ?? '';
  const table = aliases(sql).get(name.toLowerCase()) ?? name;
  return { detail, table, kind: kindOf(detail) };
}

function kindOf(detail: string): StepKind {
  if (/^SEARCH .* USING AUTOMATIC /.test(detail)) return 'auto';
  if (detail.startsWith('SEARCH ')) return 'search';
  if (/^SCAN .* USING (COVERING )?INDEX /.test(detail)) return 'index';
  if (/^SCAN (CONSTANT ROW|\(|\d|SUBQUERY)/.test(detail)) return 'other';
  if (detail.startsWith('SCAN ')) return 'scan';
  return detail.startsWith('USE TEMP B-TREE') ? 'temp' : 'other';
}

/** What the statement calls its tables. */
function aliases(sql: string): Map<string, string> {
  const out = new Map<string, string>();
  const place = /\b(?:from|join|,)\s+("[^"]+"|\w+)(?:\s+as)?\s+("[^"]+"|\w+)/gi;
  for (const [, table, alias] of sql.matchAll(place)) {
    if (table === undefined || alias === undefined) continue;
    if (/^(where|join|on|left|inner|cross|natural|order|group|limit|using|union|full|right)$/i.test(alias)) continue;
    out.set(bare(alias).toLowerCase(), bare(table));
  }
  return out;
}

const bare = (name: string): string => name.replace(/^"(.*)"$/, '$1').replaceAll('""', '"');

function helpful(node: PlanNode, sql: string, tables: Table[]): string {
  const table = tables.find((t) => t.name.toLowerCase() === node.table.toLowerCase());
  if (table?.kind !== 'table') return '';
  const columns = node.kind === 'auto' ? autoColumns(node.detail) : node.kind === 'scan' ? sought(sql, table) : [];
  if (columns.length === 0) return '';
  const name = sqlName(`${table.name}_${columns.join('_')}`);
  return `CREATE INDEX ${name} ON ${sqlName(table.name)} (${columns.map(sqlName).join(', ')})`;
}

/** The columns that SQLite built an index on for this one statement. */
const autoColumns = (detail: string): string[] => {
  const inside = /INDEX \(([^()]*)\)/.exec(detail)?.[1] ?? '';
  return [...inside.matchAll(/(\w+)[<=>]/g)].map(([, column]) => column ?? '');
};

/** The columns of a table that the statement compares with something: equal ones first, one range at the end. */
function sought(sql: string, table: Table): string[] {
  const plain = sql.replace(/'(?:[^']|'')*'/g, "''").replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
  const equal: string[] = [];
  const ranges: string[] = [];
  for (const { name, primary_key } of table.columns) {
    if (primary_key) continue;
    const word = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const column = `(?:[\\w"]+\\.)?"?\\b${word}\\b"?`;
    if (new RegExp(`${column}\\s*(?:==?(?!=)|\\bis\\b(?!\\s+not)|\\bin\\b)|=\\s*${column}`, 'i').test(plain))
      equal.push(name);
    else if (new RegExp(`${column}\\s*(?:[<>]|\\bbetween\\b)`, 'i').test(plain)) ranges.push(name);
  }
  return [...equal, ...ranges.slice(0, 1)];
}
