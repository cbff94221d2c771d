import { describe, expect, test } from 'vitest';
import type * as sqlApi from '../api/sql';
import type { Cell, RunAnswer, StatementResult } from '../api/sql';
import { PageRows, ResultRows } from './result.svelte';
import { errorMark, MaxHistory, pieceAt, SqlTabs } from './sql.svelte';
import type { KeptSql, SqlStore } from './sqlstore';

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

function store(kept: KeptSql = { tabs: [], active: 0, history: [] }): SqlStore & { kept: KeptSql } {
  const box = {
    kept,
    load: () => box.kept,
    save: (next: KeptSql) => {
      box.kept = next;
    },
  };
  return box;
}

const api = (over: Partial<typeof sqlApi>): typeof sqlApi => ({
  run: () => Promise.resolve({ results: [result()], elapsed_ms: 1 }),
  closeResult: () => Promise.resolve(),
  cancelRun: () => Promise.resolve(true),
  ...over,
});

// Running another statement than the one under the cursor may delete the wrong rows.
describe('statement under the cursor', () => {
  const script = 'SELECT 1;\n\nDELETE FROM a; SELECT 2';
  const piece = (text: string) => ({
    text,
    offset: script.indexOf(text),
    end: script.indexOf(text) + text.length,
    kind: 'read',
    problem: '',
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
    errorMark({ answer, at, text: '', atomic: false }, result({ sql, error, offset }));

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
  test('texts come back after a restart; there is always a tab', () => {
    const box = store({ tabs: [{ title: 'Mine', text: 'SELECT 1' }], active: 0, history: [] });
    const tabs = new SqlTabs(box, api({}));
    expect(tabs.current?.text).toBe('SELECT 1');
    tabs.close(tabs.active);
    expect(tabs.tabs).toHaveLength(1);
    tabs.open('', 'SELECT 2');
    expect(box.kept.tabs.map((t) => t.text)).toEqual(['', 'SELECT 2']);
    expect(box.kept.active).toBe(1);
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
    const tab = tabs.current!;
    const options = { namespace: 'a', level: 'weak', atomic: false };
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

// A sorted or paged view that shows a row twice, or not at all, is not the result.
describe('result rows', () => {
  const all: Cell[][] = Array.from({ length: 1200 }, (_, i) => [{ k: 'i', v: String((i * 7919) % 1200) }]);
  const paged = () => {
    const asked: number[] = [];
    const rows = new ResultRows(result({ rows: all.slice(0, PageRows), total: 1200 }), {
      resultPage: (_, from, count) => {
        asked.push(from);
        return Promise.resolve(all.slice(from, from + count));
      },
    });
    return { rows, asked };
  };

  test('only pages on screen are asked for, each once', async () => {
    const { rows, asked } = paged();
    await rows.need(0, 40);
    expect(asked).toEqual([]);
    await Promise.all([rows.need(980, 1020), rows.need(990, 1030)]);
    expect(asked).toEqual([500, 1000]);
    expect(rows.row(1000)).toEqual(all[1000]);
  });

  test('sorting is over everything: up, down, as it came', async () => {
    const { rows } = paged();
    const values = () => Array.from({ length: rows.count }, (_, i) => Number(rows.row(i)?.[0]?.v));
    const sorted = Array.from({ length: 1200 }, (_, i) => i);
    await rows.sort(0);
    expect(values()).toEqual(sorted);
    await rows.sort(0);
    expect(values()).toEqual(sorted.toReversed());
    await rows.sort(0);
    expect(rows.row(1)).toEqual(all[1]);
  });

  test('a page that cannot be had is said and asked for again', async () => {
    let broken = true;
    const rows = new ResultRows(result({ rows: all.slice(0, PageRows), total: 1200 }), {
      resultPage: (_, from, count) =>
        broken ? Promise.reject(new Error('dropped')) : Promise.resolve(all.slice(from, from + count)),
    });
    await rows.need(600, 610);
    expect(rows.fault).toBe('dropped');
    broken = false;
    await rows.need(600, 610);
    expect(rows.row(600)).toEqual(all[600]);
  });
});
