import { describe, expect, test } from 'vitest';
import type { Table } from '../api/sql';
import { diagramOf, edgePath, place, svgFile } from './diagram';

const column = (name: string, over = {}) => ({
  name,
  type: 'TEXT',
  nullable: true,
  default: '',
  primary_key: false,
  ...over,
});
const table = (name: string, columns: ReturnType<typeof column>[], indexes: Table['indexes'] = []): Table => ({
  name,
  kind: 'table',
  sql: '',
  columns,
  indexes,
});
const key = (table: string, from: string[], target: string, to: string[] = []) => ({
  table,
  from,
  target,
  to,
  on_update: 'NO ACTION',
  on_delete: 'CASCADE',
});
const id = column('id', { primary_key: true });
const tables = [
  table('person', [id, column('name')]),
  table('visit', [id, column('person', { nullable: false }), column('host')]),
  table(
    'passport',
    [id, column('owner', { nullable: false })],
    [{ name: 'u', unique: true, columns: ['owner'], sql: '' }],
  ),
];
const keys = [
  key('visit', ['person'], 'Person', ['id']),
  key('visit', ['host'], 'person'),
  key('passport', ['owner'], 'person'),
  key('visit', ['host'], 'gone'),
];

// A line that says "one" where there may be many is a wrong schema.
describe('diagram', () => {
  const { boxes, edges } = diagramOf(tables, keys);

  test('each reference has its ends, and how many rows may stand at them', () => {
    expect(edges.map((e) => [e.from, e.columns, e.to, e.targets, e.many, e.optional])).toEqual([
      ['visit', ['person'], 'person', ['id'], true, false],
      ['visit', ['host'], 'person', ['id'], true, true],
      ['passport', ['owner'], 'person', ['id'], false, false],
    ]);
    expect(boxes[1]?.columns.map((c) => c.foreign)).toEqual([false, true, true]);
  });

  test('no table covers another, and the same schema always looks the same', async () => {
    const many = Array.from({ length: 40 }, (_, i) => table(`t${String(i)}`, [id, column('a'), column('b')]));
    const refs = many.slice(1).map((t, i) => key(t.name, ['a'], `t${String(Math.floor(i / 3))}`));
    const made = diagramOf(many, refs);
    const placed = await place(made.boxes, made.edges);
    for (const [i, a] of placed.entries()) {
      for (const b of placed.slice(i + 1)) {
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(apart, `${a.name} and ${b.name}`).toBe(true);
      }
    }
    expect(await place(made.boxes, made.edges)).toEqual(placed);
  });

  test('a saved picture is well-formed whatever a table is called', async () => {
    const made = diagramOf([table('<a> & "b"', [id])], []);
    const ink = { paper: '#fff', box: '#fff', head: '#eee', line: '#999', text: '#000', soft: '#666' };
    const svg = svgFile(await place(made.boxes, made.edges), made.edges, ink);
    expect(svg).toContain('&lt;a&gt; &amp; &quot;b&quot;');
    expect(svg).not.toMatch(/NaN|undefined|style=/);
    const placed = new Map((await place(boxes, edges)).map((b) => [b.name, b]));
    for (const edge of edges) expect(edgePath(edge, placed).line).toMatch(/^M[\d.-]+ [\d.-]+C/);
  });
});
