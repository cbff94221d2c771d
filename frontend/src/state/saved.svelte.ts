// Saved queries: .sql files in the node's data folder.
import * as queriesApi from '../api/queries';
import type { SavedQuery } from '../api/queries';
import { toError } from '../api/call';
import { Loader } from './loader.svelte';
import { files } from './files.svelte';

/** The list of saved queries. */
export class Saved {
  list = new Loader<SavedQuery[]>();
  #api: typeof queriesApi;

  constructor(api = queriesApi) {
    this.#api = api;
  }

  load(): Promise<void> {
    return this.list.load(this.#api.listQueries);
  }

  open(name: string): Promise<string> {
    return this.#api.openQuery(name);
  }

  /** Saves a text; false when the name is taken and must not be replaced. */
  async store(name: string, text: string, replace: boolean): Promise<boolean> {
    try {
      await this.#api.storeQuery(name, text, replace);
    } catch (raw) {
      if (toError(raw).code === 'conflict') return false;
      throw raw;
    }
    await this.load();
    return true;
  }

  /** Renames one; false when the name is taken. */
  async rename(from: string, to: string): Promise<boolean> {
    try {
      await this.#api.renameQuery(from, to);
    } catch (raw) {
      if (toError(raw).code === 'conflict') return false;
      throw raw;
    }
    await this.load();
    return true;
  }

  /** Deletes one; the answer puts it back. */
  async remove(name: string): Promise<() => Promise<void>> {
    const text = await this.#api.openQuery(name);
    await this.#api.deleteQuery(name);
    await this.load();
    return async () => {
      await this.#api.storeQuery(name, text, false);
      await this.load();
    };
  }

  /** The name and text of a file that the person chooses; null when they thought better of it. */
  async fromFile(dialog: string): Promise<{ name: string; text: string } | null> {
    const file = await files.choose(dialog, '.sql,.txt,text/plain');
    if (file === null) return null;
    try {
      return { name: file.name.replace(/\.sql$/i, ''), text: await this.#api.importQuery(file.id) };
    } finally {
      await files.drop(file.id);
    }
  }

  /** Writes a text to a file that the person chooses. */
  async toFile(dialog: string, name: string, text: string): Promise<void> {
    const file = await files.target(dialog, `${name}.sql`);
    if (file === null) return;
    await this.#api.exportQuery(file, text);
    if (file.fetch) files.fetch(file.id, file.name);
  }
}
