// A file on its way into a table: what it holds, where each column goes.
import * as sqlApi from '../api/sql';
import type { ImportColumn, ImportFormat, ImportPreview, Table } from '../api/sql';
import type { PageFile } from '../api/files';
import { Loader } from './loader.svelte';

/** What happens to a row whose key is there already. */
export const Conflicts = ['fail', 'skip', 'replace'] as const;
export type Conflict = (typeof Conflicts)[number];

/** Types that a column of a file can be read as. */
export const ImportTypes = ['INTEGER', 'REAL', 'TEXT', 'BLOB'] as const;

type Api = Pick<typeof sqlApi, 'previewImport' | 'importRows'>;

/** How SQLite itself takes a declared type. */
export function affinity(declared: string): string {
  if (/INT/i.test(declared)) return 'INTEGER';
  if (/CHAR|CLOB|TEXT/i.test(declared)) return 'TEXT';
  if (/REAL|FLOA|DOUB/i.test(declared)) return 'REAL';
  return '';
}

/** One import before it begins. */
export class Importing {
  preview = new Loader<ImportPreview>();
  file = $state.raw<PageFile | null>(null);
  /** The table that the rows go into; '' is a new one. */
  table = $state('');
  /** The name of a new table. */
  name = $state('');
  conflict = $state<Conflict>('fail');
  /** Where each column of the file goes; '' leaves it out. */
  targets = $state.raw<string[]>([]);
  types = $state.raw<string[]>([]);
  #tables: Table[];
  #api: Api;

  constructor(tables: Table[], table: string, api: Api = sqlApi) {
    this.#tables = tables;
    this.table = table;
    this.#api = api;
  }

  /** The columns that a file's column may go to. */
  get columns(): string[] {
    return this.#tables.find((t) => t.name === this.table)?.columns.map((c) => c.name) ?? [];
  }

  get taken(): boolean {
    return this.#tables.some((t) => t.name.toLowerCase() === this.name.trim().toLowerCase());
  }

  /** Whether there is something to do. */
  get ready(): boolean {
    const named = this.table !== '' || (this.name.trim() !== '' && !this.taken);
    return named && this.preview.data !== null && this.targets.some((target) => target !== '');
  }

  /** Takes a file, or another way to read it. */
  async look(file: PageFile, format: ImportFormat = { format: '', delimiter: '', header: '' }): Promise<void> {
    this.file = file;
    if (this.name === '')
      this.name = file.name
        .replace(/\.[^.]*$/, '')
        .replace(/\W+/g, '_')
        .toLowerCase();
    await this.preview.load(() => this.#api.previewImport(file.id, format));
    this.map();
  }

  /** Guesses where columns go: to those of the same name. */
  map(): void {
    const found = this.preview.data?.columns ?? [];
    this.types = found.map((column) => column.type);
    if (this.table === '') {
      this.targets = found.map((column) => column.name);
      return;
    }
    const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');
    const known = this.columns;
    this.targets = found.map((column) => known.find((name) => plain(name) === plain(column.name)) ?? '');
    const declared = this.#tables.find((t) => t.name === this.table)?.columns ?? [];
    this.types = found.map((column, i) => {
      const type = affinity(declared.find((c) => c.name === this.targets[i])?.type ?? '');
      return type === '' ? column.type : type;
    });
  }

  /** Sends a column somewhere; no other goes there any more. */
  aim(column: number, target: string): void {
    this.targets = this.targets.map((old, i) => (i === column ? target : old === target ? '' : old));
  }

  retype(column: number, type: string): void {
    this.types = this.types.map((old, i) => (i === column ? type : old));
  }

  /** Starts it; the answer is the task. */
  start(namespace: string, title: string): Promise<string> {
    const columns: ImportColumn[] = this.targets.flatMap((name, source) =>
      name === '' ? [] : [{ source, name, type: this.types[source] ?? 'TEXT' }],
    );
    return this.#api.importRows({
      file_id: this.file?.id ?? '',
      namespace,
      table: this.table === '' ? this.name.trim() : this.table,
      create: this.table === '',
      format: this.preview.data?.format ?? { format: '', delimiter: '', header: '' },
      columns,
      conflict: this.conflict,
      title,
    });
  }
}
