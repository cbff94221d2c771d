// Backing up and restoring a namespace: files, tasks, and what would be lost.
import * as dataApi from '../api/data';
import type { Holding } from '../api/data';
import type { PageFile } from '../api/files';
import { m } from '../i18n/index.svelte';
import { files } from './files.svelte';
import { Loader } from './loader.svelte';
import { notices } from './notices.svelte';
import { tasks } from './tasks.svelte';

/** The forms of a whole namespace, with the end of their files' names. */
export const Kinds = { backup: '.debros-backup', sqlite: '.sqlite', sql: '.sql' } as const;
export type Kind = keyof typeof Kinds;

/** A file's name by day: "default-2026-03-01.sqlite". */
export const exportName = (namespace: string, kind: Kind, now: Date): string =>
  `${namespace}-${now.toISOString().slice(0, 10)}${Kinds[kind]}`;

/** The rows of all tables that were counted. */
export const heldRows = (holding: Holding): string =>
  String(holding.tables.reduce((sum, table) => sum + BigInt(table.rows), 0n));

/** Whether there is nothing to lose. */
export const holdsNothing = (holding: Holding): boolean => holding.size === 0 && holding.keys.count === 0;

/** One visit of the dialog. */
export class Transferring {
  holding = new Loader<Holding>();
  file = $state.raw<PageFile | null>(null);
  busy = $state(false);
  /** Something was started and goes on by itself. */
  started = $state(false);

  constructor(readonly namespace: string) {}

  look(): Promise<void> {
    return this.holding.load(() => dataApi.holdingOf(this.namespace));
  }

  /** Asks for a place and writes the namespace there. */
  async write(kind: Kind, title: string): Promise<void> {
    await this.#attempt(async () => {
      const file = await files.target(title, exportName(this.namespace, kind, new Date()));
      if (file === null) return;
      const id = await dataApi.exportData(this.namespace, kind, file);
      this.started = true;
      void this.#tell(id, m().sqlmore.exportDone(file.name), file);
    });
  }

  /** Asks for the file to read. */
  async choose(title: string): Promise<void> {
    await this.#attempt(async () => {
      const file = await files.choose(title);
      if (file === null) return;
      if (this.file !== null) await files.drop(this.file.id);
      this.file = file;
    });
  }

  /** Stores the chosen file; true when it was begun. */
  async read(kind: Kind, existing: string, done: () => void): Promise<boolean> {
    const file = this.file;
    if (file === null) return false;
    return this.#attempt(async () => {
      const replace = kind === 'backup';
      const id = await dataApi.importData({ namespace: this.namespace, kind, existing, file_id: file.id, replace });
      this.file = null;
      this.started = true;
      void this.#tell(id, m().sqlmore.importDone, null, done);
    });
  }

  /** Says how a task ended, and hands a browser its file. */
  async #tell(id: string, words: string, file: PageFile | null, done?: () => void): Promise<void> {
    const task = await tasks.ended(id);
    if (task.state === 'failed') notices.tell({ tone: 'bad', text: task.error, namespace: this.namespace });
    if (task.state !== 'done') return;
    if (file?.fetch === true) files.fetch(file.id, file.name);
    notices.tell({ text: `${words} ${task.result}`, namespace: this.namespace });
    done?.();
  }

  async #attempt(work: () => Promise<void>): Promise<boolean> {
    this.busy = true;
    try {
      await work();
      return true;
    } catch (raw) {
      notices.fail(raw);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
