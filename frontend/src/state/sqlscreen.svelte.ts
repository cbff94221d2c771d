// The SQL screen as a whole: which text runs, and what follows a run.
import * as sqlApi from '../api/sql';
import type { Schema } from '../api/sql';
import { toError } from '../api/call';
import { Loader } from './loader.svelte';
import { node } from './node.svelte';
import { notices } from './notices.svelte';
import { session } from './session.svelte';
import { pieceAt, SqlTabs } from './sql.svelte';

/** Tabs, schema and runs of the screen. */
export class SqlScreen {
  tabs = new SqlTabs();
  schema = new Loader<Schema>();

  /** Lists the tables of a namespace. */
  loadSchema(namespace: string): Promise<void> {
    return this.schema.load(() => sqlApi.getSchema(namespace));
  }

  /** Runs the selection, or the statement under the cursor. */
  async run(selection: { from: number; to: number }): Promise<void> {
    const tab = this.tabs.current;
    if (tab === undefined || tab.running) return;
    if (selection.to > selection.from) {
      await this.#run(tab.text.slice(selection.from, selection.to), selection.from, false);
      return;
    }
    try {
      const piece = pieceAt(await sqlApi.split(tab.text), selection.from, tab.text);
      if (piece !== undefined) await this.#run(tab.text.slice(piece.offset, piece.end), piece.offset, false);
    } catch (raw) {
      // A text that cannot be cut, such as an open quote: the node says why.
      tab.error = toError(raw);
      tab.outcome = null;
    }
  }

  /** Runs everything; atomic: all statements or none. */
  async runAll(atomic: boolean): Promise<void> {
    const tab = this.tabs.current;
    if (tab !== undefined) await this.#run(tab.text, 0, atomic);
  }

  async cancel(): Promise<void> {
    try {
      await this.tabs.current?.cancel();
    } catch (raw) {
      notices.fail(raw);
    }
  }

  async #run(script: string, at: number, atomic: boolean): Promise<void> {
    const tab = this.tabs.current;
    if (tab === undefined || tab.running) return;
    const namespace = session.namespace;
    await tab.run(script, at, { namespace, level: this.tabs.level, atomic });
    this.tabs.remember(namespace, script.trim(), tab.ok);
    const results = tab.outcome?.answer.results ?? [];
    for (const result of results) if (result.error === '') node.saw(result.provenance);
    if (results.some((r) => r.kind === 'schema')) await this.loadSchema(namespace);
    if (results.some((r) => r.kind !== 'read')) await session.refreshNamespaces();
  }
}
