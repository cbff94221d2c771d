import { describe, expect, test } from 'vitest';
import type { Table } from '../api/sql';
import type { Comparison, LiveState } from '../api/truth';
import { cellsOf, Comparing } from './compare.svelte';
import { apply, LiveQuery, type LiveRow } from './live.svelte';
import { flatPlan, planTree } from './plan';

const t = (v: string) => ({ k: 't', v });
const provenance = {} as LiveState['provenance'];

const live = (over: Partial<LiveState>): LiveState => ({
  seq: 1,
  changed: true,
  whole: false,
  gap: false,
  index: '1',
  columns: ['id', 'name'],
  types: [],
  rows: [],
  added: 0,
  altered: 0,
  removed: 0,
  keyed: true,
  provenance,
  ...over,
});

// A mark on the wrong cell sends people to look for a change that nobody made.
describe('live rows', () => {
  const whole = live({
    whole: true,
    rows: [
      { from: -1, cells: [t('1'), t('a')], altered: [] },
      { from: -1, cells: [t('2'), t('b')], altered: [] },
    ],
  });
  let key = 0;
  const next = () => ++key;

  test('a change keeps rows, marks cells and knows what is new', () => {
    const before = apply([], whole, next);
    expect(before.map((r) => r.altered)).toEqual([[], []]);
    const after = apply(
      before,
      live({
        seq: 2,
        rows: [
          { from: 1, cells: [t('2'), t('B')], altered: [1] },
          { from: -1, cells: [t('3'), t('c')], altered: [] },
        ],
      }),
      next,
    );
    expect(after[0]).toEqual({ key: before[1]?.key, cells: [t('2'), t('B')], altered: [1] });
    expect(after[1]?.altered).toBeNull();
    const still = apply(after, live({ rows: [{ from: 0, cells: [], altered: [] }] }), next);
    expect(still[0]?.cells).toEqual([t('2'), t('B')]);
  });

  test('a pause counts on and shows all of it at the end; a failure asks for everything anew', async () => {
    const asked: number[] = [];
    const seen: string[] = [];
    const first = (rows: LiveRow[]) => rows[0]?.cells[1]?.v ?? '';
    const steps: (() => LiveState)[] = [
      () => whole,
      () => {
        query.pause();
        return live({ seq: 2, rows: [{ from: 0, cells: [t('1'), t('A')], altered: [1] }] });
      },
      () => {
        seen.push(`paused: ${first(query.rows)}, ${String(query.missed)} missed`);
        query.resume();
        seen.push(`resumed: ${first(query.rows)}`);
        throw new Error(JSON.stringify({ error: 'asleep', code: 'unavailable', request_id: '' }));
      },
      () => {
        query.stop();
        return whole;
      },
    ];
    const query: LiveQuery = new LiveQuery(
      { namespace: 'default', sql: 'SELECT 1', params: [] },
      {
        nextLive: (_, seq) => {
          asked.push(seq);
          const step = steps.shift();
          return Promise.resolve().then(() => step!());
        },
        stopLive: () => Promise.resolve(),
      },
      () => Promise.resolve(),
    );
    await query.start();
    expect(asked).toEqual([0, 1, 2, 0]);
    expect(seen).toEqual(['paused: a, 1 missed', 'resumed: A']);
    expect(query.running).toBe(false);
    expect(query.changes).toBe(1);
  });

  test('what can never be watched is said once and not asked again', async () => {
    let asked = 0;
    const query = new LiveQuery(
      { namespace: 'default', sql: 'DELETE FROM t', params: [] },
      {
        nextLive: () => {
          asked += 1;
          return Promise.reject(
            new Error(JSON.stringify({ error: 'only a SELECT', code: 'invalid', request_id: 'r' })),
          );
        },
        stopLive: () => Promise.resolve(),
      },
    );
    await query.start();
    expect(asked).toBe(1);
    expect(query.error?.message).toBe('only a SELECT');
  });
});

// The one differing cell among many is what somebody has to see.
describe('comparison', () => {
  const node = (over: object) => ({ node: 'n', name: '', error: '', ...over }) as Comparison['nodes'][number];
  const answer = {
    columns: ['id', 'name'],
    nodes: [node({}), node({}), node({ error: 'did not answer' })],
    lines: [
      { rows: [[t('1'), t('a')], [t('1'), t('b')], []], differs: [1] },
      { rows: [[t('2'), t('x')], [], []], differs: [] },
    ],
  } as unknown as Comparison;

  test('only the cells that are not alike are marked', () => {
    expect(cellsOf(answer, 0, 1).map((c) => c.differs)).toEqual([false, true]);
  });

  test('a row that a node lacks differs as a whole; a silent node lacks nothing', () => {
    expect(cellsOf(answer, 1, 0).map((c) => c.differs)).toEqual([true, true]);
    expect(cellsOf(answer, 1, 1).map((c) => c.text)).toEqual([null, null]);
    expect(cellsOf(answer, 0, 0).map((c) => c.differs)).toEqual([false, true]);
  });

  test('a key that no node has differs nowhere, and one that is the same is shown unmarked', () => {
    expect(cellsOf({ ...answer, lines: [] }, 0, 0).map((c) => c.differs)).toEqual([false, false]);
    const lines = [{ rows: [[t('1'), t('a')], [t('1'), t('a')], []], differs: [] }];
    expect(cellsOf({ ...answer, lines }, 0, 1)).toEqual([
      { text: t('1'), differs: false },
      { text: t('a'), differs: false },
    ]);
  });

  test('an answer that nobody waits for any more is not shown', async () => {
    const comparing = new Comparing();
    let finish = (_: Comparison): void => undefined;
    const asking = comparing.ask(() => new Promise((resolve) => (finish = resolve)));
    comparing.cancel();
    finish(answer);
    await asking;
    expect(comparing.answer.data).toBeNull();
    expect(comparing.askedAt).toBe(0);
  });
});

// A hint that names the wrong index costs room and helps nobody.
describe('plan', () => {
  const column = (name: string, primary_key = false) => ({ name, type: '', nullable: true, default: '', primary_key });
  const tables: Table[] = [
    {
      name: 'person',
      kind: 'table',
      sql: '',
      columns: [column('id', true), column('city'), column('age'), column('name')],
      indexes: [],
    },
  ];
  const one = (detail: string, sql: string) =>
    flatPlan(planTree([{ id: 2, parent: 0, detail }], sql, tables)).map((n) => [n.kind, n.index])[0];

  test.each([
    ['SCAN person', "SELECT * FROM person WHERE city = 'age = 3'", 'scan', 'CREATE INDEX person_city ON person (city)'],
    [
      'SCAN p',
      'SELECT * FROM person AS p WHERE p.age > 3 AND ? = p.city',
      'scan',
      'CREATE INDEX person_city_age ON person (city, age)',
    ],
    ['SCAN person', 'SELECT name FROM person', 'scan', ''],
    ['SCAN person USING COVERING INDEX x', 'SELECT city FROM person WHERE city > 1', 'index', ''],
    ['SEARCH person USING INTEGER PRIMARY KEY (rowid=?)', 'SELECT * FROM person WHERE id = 1', 'search', ''],
    [
      'SEARCH person USING AUTOMATIC COVERING INDEX (city=?) LEFT-JOIN',
      'SELECT 1 FROM a JOIN person',
      'auto',
      'CREATE INDEX person_city ON person (city)',
    ],
    ['USE TEMP B-TREE FOR ORDER BY', 'SELECT * FROM person ORDER BY name', 'temp', ''],
    ['SCAN CONSTANT ROW', 'SELECT 1', 'other', ''],
  ])('%s in %s', (detail, sql, kind, index) => {
    expect(one(detail, sql)).toEqual([kind, index]);
  });

  test('steps stand inside of their parents', () => {
    const tree = planTree(
      [
        { id: 3, parent: 0, detail: 'CO-ROUTINE x' },
        { id: 5, parent: 3, detail: 'SCAN person' },
        { id: 9, parent: 0, detail: 'SCAN x' },
      ],
      'SELECT 1',
      tables,
    );
    expect(tree.map((n) => [n.id, n.steps.map((s) => s.id)])).toEqual([
      [3, [5]],
      [9, []],
    ]);
  });
});
