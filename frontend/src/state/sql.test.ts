import { describe, expect, test } from 'vitest';
import * as sqlApi from '../api/sql';
import type { Cell, RunAnswer, StatementResult } from '../api/sql';
import { MaxHeldRows, PageRows, ResultRows } from './result.svelte';
import { errorMark, MaxHistory, pieceAt, SqlTab, SqlTabs } from './sql.svelte';
import type { SqlStore, WorkTab, Workspace } from './sqlstore';

const provenance = {
  level: 'weak',
  served_by: '',
  leader: '',
  group: '',
  index: '',
  leader_index: '',
  age_ms: 0,
  how: '',
  path: '',
  elapsed_ms: 0,
};

const result = (over: Partial<StatementResult> = {}): StatementResult => ({
  sql: 'SELECT 1',
  offset: 0,
  kind: 'read',
  result_id: 'r',
  columns: ['n'],
  types: ['INTEGER'],
  rows: [],
  total: 0,
  truncated: false,
  rows_affected: '0',
  last_insert_id: '0',
  error: '',
  code: '',
  request_id: '',
  elapsed_ms: 1,
  provenance,
  ...over,
});

const empty: Workspace = { tabs: [], active: 0, history: [], completion: '' };

function store(kept: Workspace = empty): SqlStore & { kept: Workspace } {
  const box = {
    kept,
    load: () => Promise.resolve(box.kept),
    save: (next: Workspace) => {
      box.kept = next;
    },
  };
  return box;
}

const kept = (over: Partial<WorkTab>): WorkTab => ({
  title: '',
  text: '',
  saved: '',
  table: '',
  namespace: '',
  ...over,
});

const api = (over: Partial<typeof sqlApi>): typeof sqlApi => ({
  ...sqlApi,
  run: () => Promise.resolve({ results: [result()], elapsed_ms: 1 }),
  closeResult: () => Promise.resolve(),
  cancelRun: () => Promise.resolve(true),
  ...over,
});

const options = { namespace: 'a', level: 'weak', freshness_ms: 0, atomic: false, params: [] };

// Running another statement than the one under the cursor may delete the wrong rows.
describe('statement under the cursor', () => {
  const script = 'SELECT 1;\n\nDELETE FROM a; SELECT 2';
  const piece = (text: string) => ({
    text,
    offset: script.indexOf(text),
    end: script.indexOf(text) + text.length,
    kind: 'read',
    problem: '',
    params: [],
  });
  const pieces = [piece('SELECT 1'), piece('DELETE FROM a'), piece('SELECT 2')];

  test.each([
    ['at its start', 0, 'SELECT 1'],
    ['in its middle', 4, 'SELECT 1'],
    ['behind its semicolon', 9, 'SELECT 1'],
    ['on the empty line after: the next', 10, 'DELETE FROM a'],
    ['between two of a line: the one before', 25, 'DELETE FROM a'],
    ['at the end', script.length, 'SELECT 2'],
  ])('%s', (_, cursor, want) => {
    expect(pieceAt(pieces, cursor, script)?.text).toBe(want);
  });

  test('nothing to run', () => {
    expect(pieceAt([], 0, '')).toBeUndefined();
  });
});

// A mark at the wrong place sends people to fix what is right.
describe('error mark', () => {
  const answer: RunAnswer = { results: [], elapsed_ms: 0 };
  const mark = (sql: string, error: string, offset = 0, at = 0) =>
    errorMark({ answer, at, text: '', script: '', options, atomic: false }, result({ sql, error, offset }));

  test.each([
    ['SELECT * FORM t', 'near "FORM": syntax error', 'FORM'],
    ['SELECT nope FROM t', 'no such column: nope', 'nope'],
    ['SELECT 1 FROM t2, t', 'no such table: t', 't'],
    ['SELECT 1', 'some other reason', 'SELECT 1'],
  ])('%s: %s', (sql, error, want) => {
    const { from, to } = mark(sql, error);
    expect(sql.slice(from, to)).toBe(want);
  });

  test('places count from the start of the tab, not of what ran', () => {
    expect(mark('SELECT x', 'no such column: x', 10, 100).from).toBe(117);
  });
});

describe('tabs', () => {
  test('texts and tables come back after a restart; there is always a tab', async () => {
    const box = store({
      ...empty,
      tabs: [kept({ title: 'Mine', text: 'SELECT 1' }), kept({ title: 't', table: 't' })],
    });
    const tabs = new SqlTabs(box, api({}));
    await tabs.load();
    expect(tabs.current?.text).toBe('SELECT 1');
    expect(tabs.tabs[1]?.table).toBe('t');
    tabs.close(tabs.tabs[1]?.id ?? '');
    tabs.close(tabs.active);
    expect(tabs.tabs).toHaveLength(1);
    tabs.open('', 'SELECT 2');
    expect(box.kept.tabs.map((t) => t.text)).toEqual(['', 'SELECT 2']);
    expect(box.kept.active).toBe(1);
  });

  test('a tab that was opened before the others came back is not lost', async () => {
    const tabs = new SqlTabs(store({ ...empty, tabs: [kept({ text: 'old' })] }), api({}));
    tabs.open('', 'by a link');
    await tabs.load();
    expect(tabs.tabs.map((t) => t.text)).toEqual(['old', 'by a link']);
    expect(tabs.current?.text).toBe('by a link');
  });

  test('the history has each statement once, newest first, and an end', () => {
    const tabs = new SqlTabs(store(), api({}));
    for (let i = 0; i < MaxHistory + 10; i++) tabs.remember('a', `SELECT ${String(i)}`, true);
    tabs.remember('a', 'SELECT 100', false);
    expect(tabs.history).toHaveLength(MaxHistory);
    expect(tabs.history[0]).toMatchObject({ script: 'SELECT 100', ok: false });
    expect(tabs.history.filter((p) => p.script === 'SELECT 100')).toHaveLength(1);
  });

  test('a run can be cancelled by its own number, and runs do not overlap', async () => {
    let ran = '';
    let cancelled = '';
    let finish = (_: RunAnswer): void => undefined;
    const tabs = new SqlTabs(
      store(),
      api({
        run: (r) => {
          ran = r.run_id;
          return new Promise<RunAnswer>((resolve) => (finish = resolve));
        },
        cancelRun: (id) => {
          cancelled = id;
          return Promise.resolve(true);
        },
      }),
    );
    await tabs.load();
    const tab = tabs.current!;
    const running = tab.run('SELECT 1', 0, options);
    const first = ran;
    await tab.run('SELECT 2', 0, options);
    expect(ran).toBe(first);
    await tab.cancel();
    expect(cancelled).toBe(first);
    finish({ results: [result({ error: 'The request was cancelled.' })], elapsed_ms: 5 });
    await running;
    expect(tab.running).toBe(false);
    expect(tab.ok).toBe(false);
  });
});

// Running again what wrote something would write it twice.
test('an edited result is read anew, and nothing else of its script', async () => {
  const scripts: string[] = [];
  const tab = new SqlTab(
    'x',
    kept({}),
    api({
      run: (r) => {
        scripts.push(r.script);
        return Promise.resolve({
          results: [result({ sql: r.script, offset: 0, total: scripts.length })],
          elapsed_ms: 1,
        });
      },
    }),
  );
  await tab.run('SELECT 1', 5, options);
  await tab.refresh(0);
  expect(scripts).toEqual(['SELECT 1', 'SELECT 1']);
  expect(tab.outcome?.answer.results[0]?.total).toBe(2);
});

// A sorted or paged view that shows a row twice, or not at all, is not the result.
describe('result rows', () => {
  const all: Cell[][] = Array.from({ length: 1200 }, (_, i) => [{ k: 'i', v: String(i) }]);
  const of = { result_id: 'r', namespace: '', table: '', level: '' };
  const paged = (answer = (from: number, count: number) => all.slice(from, from + count), total = 1200) => {
    const asked: [number, number][] = [];
    const shapes: sqlApi.Shape[] = [];
    const rows = new ResultRows(of, all.slice(0, PageRows), total, 1, {
      ...sqlApi,
      getRows: (view, from, count) => {
        asked.push([from, count]);
        shapes.push(view.shape);
        return Promise.resolve({ rows: answer(from, count), total });
      },
    });
    return { rows, asked, shapes };
  };

  test('only pages on screen are asked for, each once', async () => {
    const { rows, asked } = paged();
    await rows.need(0, 40);
    expect(asked).toEqual([]);
    await Promise.all([rows.need(980, 1020), rows.need(990, 1030)]);
    expect(asked).toEqual([
      [500, 500],
      [1000, 200],
    ]);
    expect(rows.row(1000)).toEqual(all[1000]);
  });

  test('what was scrolled past is not asked for', async () => {
    const { rows, asked } = paged(undefined, 100_000);
    await Promise.all([rows.need(5000, 5010), rows.need(20_000, 20_010), rows.need(90_000, 90_010)]);
    expect(asked.map(([from]) => from)).toEqual([5000, 90_000]);
  });

  test('large rows come in parts until the page is full', async () => {
    const { rows, asked } = paged((from, count) => all.slice(from, from + Math.min(count, 300)));
    await rows.need(500, 510);
    expect(asked).toEqual([
      [500, 500],
      [800, 200],
    ]);
    expect(rows.row(999)).toEqual(all[999]);
  });

  test('sorting is over everything: up, down, as it came', async () => {
    const { rows, shapes } = paged();
    await rows.sort(0);
    await rows.sort(0);
    await rows.sort(0);
    expect(shapes.map(({ sort, down }) => [sort, down])).toEqual([
      [0, false],
      [0, true],
      [-1, false],
    ]);
  });

  test('an answer to an older question never shows', async () => {
    const answers: (() => void)[] = [];
    const rows = new ResultRows(of, [], 5, 1, {
      ...sqlApi,
      getRows: (view) =>
        new Promise((resolve) => {
          answers.push(() => {
            resolve({ rows: [[{ k: 't', v: String(view.shape.sort) }]], total: view.shape.sort + 10 });
          });
        }),
    });
    const first = rows.sort(0);
    const second = rows.sort(1);
    answers[1]?.();
    answers[0]?.();
    await Promise.all([first, second]);
    expect(rows.row(0)?.[0]?.v).toBe('1');
    expect(rows.count).toBe(11);
  });

  test('the page holds what is near the screen, however far one scrolls', async () => {
    const { rows } = paged((_, count) => all.slice(0, count), 10 * MaxHeldRows);
    for (let from = 0; from < 2 * MaxHeldRows; from += PageRows) await rows.need(from, from + 1);
    expect(rows.row(0)).toBeUndefined();
    expect(rows.row(2 * MaxHeldRows - PageRows)).toBeDefined();
  });

  test('a page that cannot be had is said and asked for again', async () => {
    let broken = true;
    const { rows } = paged((from, count) => {
      if (broken) throw new Error('dropped');
      return all.slice(from, from + count);
    });
    await rows.need(600, 610);
    expect(rows.fault).toBe('dropped');
    broken = false;
    await rows.need(600, 610);
    expect(rows.row(600)).toEqual(all[600]);
  });
});
