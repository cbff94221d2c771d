// The entity-relationship diagram: which table refers to which, and where they stand.
import type { Table } from '../api/sql';
import type { ForeignKey } from '../api/truth';

/** Tables drawn at once; a larger schema is searched in the list. */
export const MaxDiagramTables = 150;
/** Columns drawn of one table; the others are counted. */
export const MaxDiagramColumns = 16;

export const BoxWidth = 210;
export const HeadHeight = 30;
export const RowHeight = 21;

export interface BoxColumn {
  name: string;
  type: string;
  key: boolean;
  /** It refers to another table. */
  foreign: boolean;
}

/** One table of the diagram, with its left upper corner. */
export interface Box {
  name: string;
  columns: BoxColumn[];
  hidden: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** One reference. Many says how many rows of `from` may name one of `to`; optional, that they need not. */
export interface Edge {
  from: string;
  to: string;
  columns: string[];
  targets: string[];
  many: boolean;
  optional: boolean;
  onDelete: string;
}

/** Makes boxes and edges out of the schema; nothing has its place yet. */
export function diagramOf(tables: Table[], keys: ForeignKey[]): { boxes: Box[]; edges: Edge[] } {
  const drawn = tables.filter((t) => t.kind === 'table').slice(0, MaxDiagramTables);
  const named = new Map(drawn.map((t) => [t.name.toLowerCase(), t]));
  const edges: Edge[] = [];
  for (const key of keys) {
    const from = named.get(key.table.toLowerCase());
    const to = named.get(key.target.toLowerCase());
    if (from === undefined || to === undefined) continue;
    const own = from.columns.filter((c) => key.from.some((name) => name.toLowerCase() === c.name.toLowerCase()));
    edges.push({
      from: from.name,
      to: to.name,
      columns: key.from,
      targets: key.to.length > 0 ? key.to : to.columns.filter((c) => c.primary_key).map((c) => c.name),
      many: !single(from, key.from),
      optional: own.some((c) => c.nullable && !c.primary_key),
      onDelete: key.on_delete,
    });
  }
  return { boxes: drawn.map((t) => boxOf(t, keys)), edges };
}

/** Whether the columns name at most one row of their table. */
function single(table: Table, columns: string[]): boolean {
  const wanted = columns.map((c) => c.toLowerCase()).sort();
  const alike = (list: string[]) =>
    list
      .map((c) => c.toLowerCase())
      .sort()
      .join('\n') === wanted.join('\n');
  return (
    alike(table.columns.filter((c) => c.primary_key).map((c) => c.name)) ||
    table.indexes.some((i) => i.unique && !/\bwhere\b/i.test(i.sql) && alike(i.columns))
  );
}

function boxOf(table: Table, keys: ForeignKey[]): Box {
  const foreign = new Set(
    keys
      .filter((k) => k.table.toLowerCase() === table.name.toLowerCase())
      .flatMap((k) => k.from.map((c) => c.toLowerCase())),
  );
  const columns = table.columns.slice(0, MaxDiagramColumns).map((c) => ({
    name: c.name,
    type: c.type.toLowerCase(),
    key: c.primary_key,
    foreign: foreign.has(c.name.toLowerCase()),
  }));
  const hidden = table.columns.length - columns.length;
  const lines = columns.length + (hidden > 0 ? 1 : 0);
  return { name: table.name, columns, hidden, x: 0, y: 0, width: BoxWidth, height: HeadHeight + lines * RowHeight + 6 };
}

/** Gives each box its place: those that refer to one another are near, none covers another. */
export async function place(boxes: Box[], edges: Edge[]): Promise<Box[]> {
  const { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } = await import('d3-force');
  const across = Math.max(1, Math.ceil(Math.sqrt(boxes.length)));
  const nodes = boxes.map((box, i) => ({
    id: box.name,
    x: (i % across) * 300,
    y: Math.floor(i / across) * 260,
    r: Math.hypot(box.width, box.height) / 2 + 24,
  }));
  const links = edges.filter((e) => e.from !== e.to).map((e) => ({ source: e.from, target: e.to }));
  forceSimulation(nodes)
    .force(
      'link',
      forceLink<(typeof nodes)[number], (typeof links)[number]>(links)
        .id((n) => n.id)
        .distance(280),
    )
    .force('apart', forceManyBody().strength(-600).distanceMax(900))
    .force(
      'box',
      forceCollide<(typeof nodes)[number]>((n) => n.r),
    )
    .force('x', forceX(0).strength(0.05))
    .force('y', forceY(0).strength(0.08))
    .stop()
    .tick(300);
  const left = Math.min(...nodes.map((n, i) => n.x - (boxes[i]?.width ?? 0) / 2));
  const top = Math.min(...nodes.map((n, i) => n.y - (boxes[i]?.height ?? 0) / 2));
  return boxes.map((box, i) => {
    const at = nodes[i] ?? { x: 0, y: 0 };
    return { ...box, x: Math.round(at.x - box.width / 2 - left), y: Math.round(at.y - box.height / 2 - top) };
  });
}

/** The room that all boxes take. */
export function extent(boxes: Box[]): { width: number; height: number } {
  return {
    width: Math.max(1, ...boxes.map((b) => b.x + b.width)),
    height: Math.max(1, ...boxes.map((b) => b.y + b.height)),
  };
}

/** Where a column's line stands in its box; the head when it is not drawn. */
function lineY(box: Box, column: string): number {
  const at = box.columns.findIndex((c) => c.name.toLowerCase() === column.toLowerCase());
  return box.y + (at === -1 ? HeadHeight / 2 : HeadHeight + (at + 0.5) * RowHeight);
}

/** An edge as path data: the line, and the marks of "many" or "one" at its ends. */
export function edgePath(edge: Edge, boxes: Map<string, Box>): { line: string; marks: string } {
  const a = boxes.get(edge.from);
  const b = boxes.get(edge.to);
  if (a === undefined || b === undefined) return { line: '', marks: '' };
  const ay = lineY(a, edge.columns[0] ?? '');
  const by = lineY(b, edge.targets[0] ?? '');
  // It leaves on the side that looks at the other table. Two that stand above one another have their right sides.
  const above = Math.abs(a.x - b.x) < BoxWidth;
  const aRight = above || b.x > a.x;
  const bRight = above || a.x > b.x;
  const ax = aRight ? a.x + a.width : a.x;
  const bx = bRight ? b.x + b.width : b.x;
  const [out, into] = [aRight ? 1 : -1, bRight ? 1 : -1];
  const bend = above ? 48 : Math.max(40, Math.abs(bx - ax) / 2);
  const at = (x: number, y: number) => `${String(x)} ${String(y)}`;
  const bar = (x: number, y: number) => `M${at(x, y - 6)}V${String(y + 6)}`;
  const foot = `M${at(ax, ay - 6)}L${at(ax + out * 11, ay)}L${at(ax, ay + 6)}`;
  return {
    line: `M${at(ax, ay)}C${at(ax + out * bend, ay)} ${at(bx + into * bend, by)} ${at(bx, by)}`,
    marks: (edge.many ? foot : bar(ax + out * 8, ay)) + bar(bx + into * 8, by),
  };
}

/** Colours of a saved picture. */
export interface Ink {
  paper: string;
  box: string;
  head: string;
  line: string;
  text: string;
  soft: string;
}

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);

/** The whole diagram as an SVG file that needs no style sheet. */
export function svgFile(boxes: Box[], edges: Edge[], ink: Ink): string {
  const margin = 60;
  const { width, height } = extent(boxes);
  const named = new Map(boxes.map((b) => [b.name, b]));
  const size = `${String(width + 2 * margin)} ${String(height + 2 * margin)}`;
  const [w = '', h = ''] = size.split(' ');
  const text = (x: number, y: number, fill: string, more: string, body: string) =>
    `<text x="${String(x)}" y="${String(y)}" fill="${fill}" font-size="12"${more}>${escape(body)}</text>`;
  const tables = boxes.map((b) => {
    const rows = b.columns.map((c, i) => {
      const y = b.y + HeadHeight + (i + 0.5) * RowHeight + 4;
      const weight = c.key ? ' font-weight="700"' : c.foreign ? ' font-style="italic"' : '';
      return (
        text(b.x + 10, y, ink.text, weight, c.name) +
        text(b.x + b.width - 10, y, ink.soft, ' text-anchor="end"', c.type)
      );
    });
    if (b.hidden > 0) rows.push(text(b.x + 10, b.y + b.height - 10, ink.soft, '', `+ ${String(b.hidden)}`));
    const rect = (h: number, fill: string) =>
      `<rect x="${String(b.x)}" y="${String(b.y)}" width="${String(b.width)}" height="${String(h)}" rx="6" fill="${fill}" stroke="${ink.line}"/>`;
    return (
      rect(b.height, ink.box) +
      rect(HeadHeight, ink.head) +
      text(b.x + 10, b.y + 20, ink.text, ' font-weight="700"', b.name) +
      rows.join('')
    );
  });
  const stroke = (d: string, more = '') =>
    `<path d="${d}" fill="none" stroke="${ink.soft}" stroke-width="1.4"${more}/>`;
  const lines = edges.map((e) => {
    const { line, marks } = edgePath(e, named);
    return stroke(line, e.optional ? ' stroke-dasharray="5 3"' : '') + stroke(marks);
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="${String(-margin)} ${String(-margin)} ${size}" font-family="sans-serif"><rect x="${String(-margin)}" y="${String(-margin)}" width="${w}" height="${h}" fill="${ink.paper}"/>${lines.join('')}${tables.join('')}</svg>\n`;
}
