// The SQL screen: tabs with their texts, running and cancelling, results.
import * as sqlApi from '../api/sql';
import type { Piece, RunAnswer, StatementResult } from '../api/sql';
import { type BackendError, toError } from '../api/call';
import { type KeptTab, type Past, type SqlStore, browserStore } from './sqlstore';

/** Open tabs; more would not fit on a screen either. */
export const MaxTabs = 20;
/** Statements that the history keeps. */
export const MaxHistory = 200;

/** How fresh a read must be. */
export const SqlLevels = ['none', 'weak', 'linearizable'] as const;
export type SqlLevel = (typeof SqlLevels)[number];

/** One run and what came of it. */
export interface Outcome {
  answer: RunAnswer;
  /** Where the script that ran begins in the tab's text, and the text at that time. */
  at: number;
  text: string;
  atomic: boolean;
}

/** One tab of the editor. */
export class SqlTab {
  text = $state('');
  running = $state(false);
  /** When the present run began. */
  startedAt = $state(0);
  outcome = $state.raw<Outcome | null>(null);
  error = $state.raw<BackendError | null>(null);
  #runId = '';
  #api: typeof sqlApi;

  constructor(
    readonly id: string,
    public title: string,
    text: string,
    api = sqlApi,
  ) {
    this.text = text;
    this.#api = api;
  }

  /** Runs a script that stands at `at` in the tab's text. Only one run at a time. */
  async run(script: string, at: number, options: { namespace: string; level: string; atomic: boolean }): Promise<void> {
    if (this.running || script.trim() === '') return;
    this.#release();
    this.running = true;
    this.startedAt = Date.now();
    this.error = null;
    this.outcome = null;
    this.#runId = crypto.randomUUID();
    const text = this.text;
    try {
      const answer = await this.#api.run({ run_id: this.#runId, script, ...options });
      this.outcome = { answer, at, text, atomic: options.atomic };
    } catch (raw) {
      this.error = toError(raw);
    } finally {
      this.running = false;
    }
  }

  /** Ends the present run; it answers with what it had. */
  async cancel(): Promise<void> {
    if (this.running) await this.#api.cancelRun(this.#runId);
  }

  /** Lets the node forget this tab's results. */
  close(): void {
    this.#release();
  }

  /** Whether everything that ran went well. */
  get ok(): boolean {
    return this.error === null && (this.outcome?.answer.results.every((r) => r.error === '') ?? false);
  }

  #release(): void {
    for (const result of this.outcome?.answer.results ?? []) {
      // A result that is not released is dropped by the node's own limit.
      if (result.result_id !== '') this.#api.closeResult(result.result_id).catch(() => undefined);
    }
  }
}

/** The statement that the cursor is in: the last one that begins before it, if it is not over. */
export function pieceAt(pieces: Piece[], cursor: number, text: string): Piece | undefined {
  const inside = pieces.find((p) => cursor >= p.offset && cursor <= p.end);
  if (inside !== undefined) return inside;
  // On the same line after the semicolon still means the statement before it.
  const before = pieces.findLast((p) => p.end <= cursor);
  if (before !== undefined && !text.slice(before.end, cursor).includes('\n')) return before;
  return pieces.find((p) => p.offset >= cursor) ?? before;
}

/** A stretch of the editor's text that an error is about. */
export interface Mark {
  from: number;
  to: number;
  message: string;
}

/** Finds where in the tab's text a failed statement stands; SQLite names the word that it stumbled over. */
export function errorMark(outcome: Outcome, result: StatementResult): Mark {
  const from = outcome.at + result.offset;
  const sql = result.sql;
  const near =
    /near "([^"]+)"/.exec(result.error)?.[1] ?? /no such (?:table|column): (?:\w+\.)?(\w+)/.exec(result.error)?.[1];
  const place = near === undefined ? -1 : wordPlace(sql, near);
  if (near !== undefined && place !== -1)
    return { from: from + place, to: from + place + near.length, message: result.error };
  return { from, to: from + sql.length, message: result.error };
}

function wordPlace(sql: string, word: string): number {
  const lower = sql.toLowerCase();
  const wanted = word.toLowerCase();
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, at + 1)) {
    const around = `${lower[at - 1] ?? ' '}${lower[at + wanted.length] ?? ' '}`;
    if (!/^\w/.test(wanted) || !/\w/.test(around)) return at;
  }
  return -1;
}

/** All tabs of the screen, kept between visits. */
export class SqlTabs {
  tabs = $state.raw<SqlTab[]>([]);
  active = $state('');
  history = $state.raw<Past[]>([]);
  level = $state<SqlLevel>('weak');
  #store: SqlStore;
  #api: typeof sqlApi;
  #count = 0;

  constructor(store: SqlStore = browserStore, api = sqlApi) {
    this.#store = store;
    this.#api = api;
    const kept = store.load();
    this.history = kept.history;
    for (const tab of kept.tabs.slice(0, MaxTabs)) this.#open(tab.title, tab.text);
    if (this.tabs.length === 0) this.#open('', '');
    this.active = this.tabs[Math.min(kept.active, this.tabs.length - 1)]?.id ?? '';
  }

  get current(): SqlTab | undefined {
    return this.tabs.find((tab) => tab.id === this.active);
  }

  /** Opens a tab, or the last one when there are too many. */
  open(title = '', text = ''): void {
    if (this.tabs.length < MaxTabs) this.#open(title, text);
    this.active = this.tabs.at(-1)?.id ?? '';
    this.keep();
  }

  /** Closes a tab; there is always one. */
  close(id: string): void {
    const at = this.tabs.findIndex((tab) => tab.id === id);
    this.tabs[at]?.close();
    this.tabs = this.tabs.filter((tab) => tab.id !== id);
    if (this.tabs.length === 0) this.#open('', '');
    if (this.active === id) this.active = this.tabs[Math.min(at, this.tabs.length - 1)]?.id ?? '';
    this.keep();
  }

  /** Writes a finished run into the history. */
  remember(namespace: string, script: string, ok: boolean): void {
    const same = (p: Past) => p.script === script && p.namespace === namespace;
    this.history = [{ time: Date.now(), namespace, script, ok }, ...this.history.filter((p) => !same(p))].slice(
      0,
      MaxHistory,
    );
    this.keep();
  }

  clearHistory(): void {
    this.history = [];
    this.keep();
  }

  /** Keeps texts and history for the next visit. */
  keep(): void {
    const tabs: KeptTab[] = this.tabs.map(({ title, text }) => ({ title, text }));
    this.#store.save({ tabs, active: this.tabs.findIndex((t) => t.id === this.active), history: this.history });
  }

  #open(title: string, text: string): void {
    this.#count += 1;
    const id = `t${String(this.#count)}`;
    this.tabs = [...this.tabs, new SqlTab(id, title === '' ? `SQL ${String(this.#count)}` : title, text, this.#api)];
  }
}
