// The SQL screen: tabs with their texts, running and cancelling, results.
import * as sqlApi from '../api/sql';
import type { Param, Piece, RunAnswer, StatementResult } from '../api/sql';
import { type BackendError, toError } from '../api/call';
import { nodeStore, type Past, type SqlStore, type WorkTab } from './sqlstore';

/** Open tabs; more would not fit on a screen either. */
export const MaxTabs = 20;
/** Statements that the history keeps. */
export const MaxHistory = 200;
/** Bytes of a script in the history; longer ones are not kept, as the node says. */
export const MaxPastBytes = 16 * 1024;

/** How fresh a read must be. */
export const SqlLevels = ['none', 'weak', 'linearizable'] as const;
export type SqlLevel = (typeof SqlLevels)[number];
/** How old an answer at the level none may be, in milliseconds; 0 is any age. */
export const Freshness = [0, 1000, 10_000, 60_000] as const;

/** How a script is to run. */
export interface RunOptions {
  namespace: string;
  level: string;
  freshness_ms: number;
  atomic: boolean;
  params: Param[];
}

/** One run and what came of it. */
export interface Outcome {
  answer: RunAnswer;
  /** Where the script that ran begins in the tab's text, and the text at that time. */
  at: number;
  text: string;
  script: string;
  options: RunOptions;
  atomic: boolean;
}

/** One tab of the editor: a text, or the rows of a table. */
export class SqlTab {
  text = $state('');
  title = $state('');
  /** The saved query that it is, '' for none. */
  saved = $state('');
  running = $state(false);
  /** When the present run began. */
  startedAt = $state(0);
  outcome = $state.raw<Outcome | null>(null);
  error = $state.raw<BackendError | null>(null);
  /** The statements of the text as it was a moment ago. */
  pieces = $state.raw<Piece[]>([]);
  /** What the parameters are bound to, by name. */
  values = $state.raw<Record<string, Param>>({});
  /** The table that it shows, '' when it is a text; and of which namespace. */
  readonly table: string;
  readonly namespace: string;
  /** What is asked of the table at first: column and value of a foreign key. */
  where: { column: string; value: string } | null = null;
  #runId = '';
  #api: typeof sqlApi;

  constructor(
    readonly id: string,
    kept: WorkTab,
    api = sqlApi,
  ) {
    this.title = kept.title;
    this.text = kept.text;
    this.saved = kept.saved;
    this.table = kept.table;
    this.namespace = kept.namespace;
    this.#api = api;
  }

  get kept(): WorkTab {
    return { title: this.title, text: this.text, saved: this.saved, table: this.table, namespace: this.namespace };
  }

  /** The parameters of the text, each once. */
  get params(): string[] {
    return [...new Set(this.pieces.flatMap((piece) => piece.params))];
  }

  /** Binds a parameter. */
  bind(param: Param): void {
    this.values = { ...this.values, [param.name]: param };
  }

  /** Runs a script that stands at `at` in the tab's text. Only one run at a time. */
  async run(script: string, at: number, options: RunOptions): Promise<void> {
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
      this.outcome = { answer, at, text, script, options, atomic: options.atomic };
    } catch (raw) {
      this.error = toError(raw);
    } finally {
      this.running = false;
    }
  }

  /** Reads one result anew, because its rows were edited; nothing else of the script runs again. */
  async refresh(index: number): Promise<void> {
    const { outcome } = this;
    const old = outcome?.answer.results[index];
    if (outcome === null || old === undefined || this.running) return;
    const { results } = await this.#api.run({
      run_id: crypto.randomUUID(),
      script: old.sql,
      ...outcome.options,
      atomic: false,
    });
    const [fresh] = results;
    if (fresh === undefined || this.outcome !== outcome) return;
    if (old.result_id !== '') this.#api.closeResult(old.result_id).catch(() => undefined);
    const next = outcome.answer.results.with(index, { ...fresh, offset: old.offset });
    this.outcome = { ...outcome, answer: { ...outcome.answer, results: next } };
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

const blank: WorkTab = { title: '', text: '', saved: '', table: '', namespace: '' };

/** All tabs of the screen, kept between visits. */
export class SqlTabs {
  tabs = $state.raw<SqlTab[]>([]);
  active = $state('');
  history = $state.raw<Past[]>([]);
  level = $state<SqlLevel>('weak');
  freshness = $state(0);
  /** Whether the editor offers words by itself. */
  completion = $state(true);
  /** Whether what was kept is here. */
  loaded = $state(false);
  #store: SqlStore;
  #api: typeof sqlApi;
  #count = 0;

  constructor(store: SqlStore = nodeStore(), api = sqlApi) {
    this.#store = store;
    this.#api = api;
  }

  get current(): SqlTab | undefined {
    return this.tabs.find((tab) => tab.id === this.active);
  }

  /** Brings back what was kept. Tabs that were opened meanwhile come behind it. */
  async load(): Promise<void> {
    if (this.loaded) return;
    try {
      const kept = await this.#store.load();
      const early = this.tabs;
      this.tabs = [];
      for (const tab of kept.tabs.slice(0, MaxTabs)) this.#open(tab);
      this.history = kept.history.slice(0, MaxHistory);
      this.completion = kept.completion !== 'off';
      const active = early.length > 0 ? this.active : this.tabs[Math.min(kept.active, this.tabs.length - 1)]?.id;
      this.tabs = [...this.tabs, ...early].slice(-MaxTabs);
      this.active = active ?? '';
    } finally {
      if (this.tabs.length === 0) this.active = this.#open(blank).id;
      this.loaded = true;
    }
    this.keep();
  }

  /** Opens a tab in front, in place of the first that is empty when there are too many. */
  open(title = '', text = '', more: Partial<WorkTab> = {}): SqlTab | undefined {
    if (this.tabs.length >= MaxTabs) return undefined;
    const tab = this.#open({ ...blank, ...more, title, text });
    this.active = tab.id;
    this.keep();
    return tab;
  }

  /** Puts another tab in front. */
  show(id: string): void {
    this.active = id;
    this.keep();
  }

  /** Closes a tab; there is always one. */
  close(id: string): void {
    const at = this.tabs.findIndex((tab) => tab.id === id);
    this.tabs[at]?.close();
    this.tabs = this.tabs.filter((tab) => tab.id !== id);
    if (this.tabs.length === 0) this.#open(blank);
    if (this.active === id) this.active = this.tabs[Math.min(at, this.tabs.length - 1)]?.id ?? '';
    this.keep();
  }

  /** Writes a finished run into the history. */
  remember(namespace: string, script: string, ok: boolean): void {
    if (new TextEncoder().encode(script).length > MaxPastBytes) return;
    const same = (p: Past) => p.script === script && p.namespace === namespace;
    const past: Past = { time: new Date().toISOString(), namespace, script, ok };
    this.history = [past, ...this.history.filter((p) => !same(p))].slice(0, MaxHistory);
    this.keep();
  }

  clearHistory(): void {
    this.history = [];
    this.keep();
  }

  /** Keeps texts and history for the next visit. */
  keep(): void {
    if (!this.loaded) return; // what was kept is not here yet and must not be overwritten
    this.#store.save({
      tabs: this.tabs.map((tab) => tab.kept),
      active: Math.max(
        0,
        this.tabs.findIndex((tab) => tab.id === this.active),
      ),
      history: [...this.history],
      completion: this.completion ? '' : 'off',
    });
  }

  #open(kept: WorkTab): SqlTab {
    this.#count += 1;
    const title = kept.title === '' ? `SQL ${String(this.#count)}` : kept.title;
    const tab = new SqlTab(`t${String(this.#count)}`, { ...kept, title }, this.#api);
    this.tabs = [...this.tabs, tab];
    return tab;
  }
}
