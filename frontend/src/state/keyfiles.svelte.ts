// Keys from a file and into one: a look at the first rows, the choice of columns,
// and a task of the node.
import * as kvApi from '../api/kv';
import type { Chosen, ImportRequest, Preview } from '../api/kv';
import type { PageFile } from '../api/files';
import type { Task } from '../api/tasks';
import { files } from './files.svelte';
import { Loader } from './loader.svelte';

type Files = Pick<typeof files, 'choose' | 'target' | 'fetch' | 'drop'>;
type Ended = (id: string) => Promise<Task>;

/** The columns that an import asks for. */
export const Columns = ['key_column', 'value_column', 'expires_column', 'encoding_column'] as const;

/** An import in the making. */
export class KeyImport {
  file = $state.raw<PageFile | null>(null);
  preview = new Loader<Preview>();
  /** How the file is read; null until it was looked at. */
  request = $state.raw<ImportRequest | null>(null);
  #api: Pick<typeof kvApi, 'previewFile' | 'importKeys'>;
  #files: Files;
  #started = false;

  constructor(
    readonly namespace: string,
    api: Pick<typeof kvApi, 'previewFile' | 'importKeys'> = kvApi,
    from: Files = files,
  ) {
    this.#api = api;
    this.#files = from;
  }

  /** Asks for a file and looks at it. */
  async choose(title: string): Promise<void> {
    const file = await this.#files.choose(title, '.jsonl,.ndjson,.csv,.tsv,.txt,application/json,text/csv');
    if (file === null) return;
    await this.leave();
    this.file = file;
    await this.look();
  }

  /** Reads the first rows and guesses the columns. */
  async look(): Promise<void> {
    const { file } = this;
    if (file === null) return;
    this.request = null;
    await this.preview.load(() => this.#api.previewFile(file.id));
    const seen = this.preview.data;
    if (seen === null) return;
    this.request = {
      namespace: this.namespace,
      file_id: file.id,
      format: seen.format,
      existing: 'fail',
      separator: seen.separator,
      header: seen.header,
      key_column: seen.key_column,
      value_column: seen.value_column,
      encoding_column: seen.encoding_column,
      expires_column: seen.expires_column,
      base64: false,
    };
  }

  /** Changes how the file is read. */
  change(to: Partial<ImportRequest>): void {
    if (this.request !== null) this.request = { ...this.request, ...to };
  }

  get ready(): boolean {
    const { request } = this;
    return (
      request !== null &&
      (this.preview.data?.rows.length ?? 0) > 0 &&
      (request.format === 'jsonl' || (request.key_column >= 0 && request.value_column >= 0))
    );
  }

  /** Starts the import and waits for its end. */
  async start(ended: Ended): Promise<Task | null> {
    if (this.request === null || !this.ready) return null;
    const id = await this.#api.importKeys(this.request);
    this.#started = true;
    return ended(id);
  }

  /** Forgets a file that no import needs. */
  async leave(): Promise<void> {
    const { file } = this;
    this.file = null;
    this.request = null;
    this.preview.clear();
    if (file !== null && !this.#started) await this.#files.drop(file.id);
  }
}

/** Writes chosen keys to a file of their user; null when the dialog was closed. */
export async function exportKeys(
  chosen: Chosen,
  format: string,
  title: string,
  ended: Ended,
  api: Pick<typeof kvApi, 'exportKeys'> = kvApi,
  to: Files = files,
): Promise<Task | null> {
  const name = chosen.prefixes.length === 1 && chosen.keys.length === 0 ? chosen.prefixes[0] : chosen.namespace;
  const file = await to.target(title, `${plainName(name ?? '')}.${format}`);
  if (file === null) return null;
  const task = await ended(await api.exportKeys({ chosen, format, file }));
  if (task.file_id !== '') to.fetch(task.file_id, task.file_name);
  return task;
}

/** A name that every file system takes. */
export const plainName = (name: string): string =>
  name.replace(/[^\p{L}\p{N}_-]+/gu, '_').replace(/^_+|_+$/g, '') || 'keys';
