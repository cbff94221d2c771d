// The SQL screen as a whole: which text runs, and what follows a run.
import * as sqlApi from '../api/sql';
import type { Piece, Schema } from '../api/sql';
import { toError } from '../api/call';
import { Loader } from './loader.svelte';
import { node } from './node.svelte';
import { notices } from './notices.svelte';
import { session } from './session.svelte';
import { pieceAt, type RunOptions, type SqlTab, SqlTabs } from './sql.svelte';

/** The text is looked at after a pause. */
const PauseMs = 250;
/** Sets of columns whose widths are kept. */
const MaxWidths = 100;

/** Tabs, schema and runs of the screen. */
export class SqlScreen {
  tabs = new SqlTabs();
  schema = new Loader<Schema>();
  /** Values are unreadable on screen, for those who look over a shoulder. */
  hidden = $state(false);
  /** Rows of tables that were counted, by namespace and name. */
  counts = $state.raw<Record<string, number>>({});
  /** Grows when a run waits for its parameters. */
  asking = $state(0);
  #widths = new Map<string, Record<number, number>>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Lists the tables of a namespace. */
  loadSchema(namespace: string): Promise<void> {
    return this.schema.load(() => sqlApi.getSchema(namespace));
  }

  /** Opens the rows of a table, in the tab that shows them already; at first only those of one value. */
  openTable(namespace: string, table: string, where: SqlTab['where'] = null): void {
    const { tabs } = this;
    const there = tabs.tabs.find((tab) => tab.table === table && tab.namespace === namespace && where === null);
    if (there !== undefined) {
      tabs.show(there.id);
      return;
    }
    const tab = tabs.open(table, '', { table, namespace });
    if (tab !== undefined) tab.where = where;
  }

  /** The widths that were chosen for rows of these columns. */
  widths(columns: string): Record<number, number> {
    return this.#widths.get(columns) ?? {};
  }

  /** Keeps them as long as the page lives; the oldest go first. */
  keepWidths(columns: string, widths: Record<number, number>): void {
    this.#widths.delete(columns);
    if (Object.keys(widths).length === 0) return;
    this.#widths.set(columns, widths);
    for (const oldest of this.#widths.keys()) {
      if (this.#widths.size <= MaxWidths) break;
      this.#widths.delete(oldest);
    }
  }

  /** Counts the rows of a table; the tree shows them from then on. */
  async count(namespace: string, table: string): Promise<void> {
    try {
      const rows = await sqlApi.countRows(namespace, table, this.tabs.level);
      this.counts = { ...this.counts, [`${namespace}\n${table}`]: rows };
    } catch (raw) {
      notices.fail(raw);
    }
  }

  /** Takes a tab's new text. */
  edited(tab: SqlTab, text: string): void {
    tab.text = text;
    this.tabs.keep();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.look(tab), PauseMs);
  }

  /** Finds the statements and parameters of a tab's text. */
  async look(tab: SqlTab): Promise<void> {
    const { text } = tab;
    try {
      const pieces = await sqlApi.split(text);
      if (tab.text === text) tab.pieces = pieces;
    } catch {
      // Half-written text, such as an open quote; running it says what is wrong.
    }
  }

  /** Runs the selection, or the statement under the cursor. */
  async run(selection: { from: number; to: number }): Promise<void> {
    const tab = this.tabs.current;
    if (tab === undefined || tab.running) return;
    if (selection.to > selection.from) {
      await this.#run(tab, tab.text.slice(selection.from, selection.to), selection.from, false);
      return;
    }
    try {
      const piece = pieceAt(await sqlApi.split(tab.text), selection.from, tab.text);
      if (piece !== undefined) await this.runPiece(piece);
    } catch (raw) {
      // A text that cannot be cut, such as an open quote: the node says why.
      tab.error = toError(raw);
      tab.outcome = null;
    }
  }

  /** Runs one statement of the text. */
  async runPiece(piece: Piece): Promise<void> {
    const tab = this.tabs.current;
    if (tab !== undefined) await this.#run(tab, tab.text.slice(piece.offset, piece.end), piece.offset, false);
  }

  /** Runs everything; atomic: all statements or none. */
  async runAll(atomic: boolean): Promise<void> {
    const tab = this.tabs.current;
    if (tab !== undefined) await this.#run(tab, tab.text, 0, atomic);
  }

  /** Runs the last script again, at another level. */
  async again(level: string): Promise<void> {
    const tab = this.tabs.current;
    const last = tab?.outcome;
    if (tab !== undefined && last != null)
      await this.#send(tab, last.script, last.at, { ...last.options, level, freshness_ms: 0 });
  }

  async cancel(): Promise<void> {
    try {
      await this.tabs.current?.cancel();
    } catch (raw) {
      notices.fail(raw);
    }
  }

  async #run(tab: SqlTab, script: string, at: number, atomic: boolean): Promise<void> {
    if (tab.running) return;
    const { level, freshness } = this.tabs;
    const options: RunOptions = {
      namespace: session.namespace,
      level,
      freshness_ms: level === 'none' ? freshness : 0,
      atomic,
      params: [],
    };
    if (/[?:@$]/.test(script)) {
      await this.look(tab);
      const names = tab.params;
      if (names.some((name) => tab.values[name] === undefined)) {
        // Shown first: a forgotten value must not run as something else.
        for (const name of names) if (tab.values[name] === undefined) tab.bind({ name, kind: 't', value: '' });
        this.asking += 1;
        return;
      }
      options.params = names.flatMap((name) => tab.values[name] ?? []);
    }
    await this.#send(tab, script, at, options);
  }

  async #send(tab: SqlTab, script: string, at: number, options: RunOptions): Promise<void> {
    await tab.run(script, at, options);
    this.tabs.remember(options.namespace, script.trim(), tab.ok);
    const results = tab.outcome?.answer.results ?? [];
    for (const result of results) if (result.error === '') node.saw(result.provenance);
    if (results.some((r) => r.kind === 'schema')) await this.loadSchema(options.namespace);
    if (results.some((r) => r.kind !== 'read')) await session.refreshNamespaces();
  }
}
