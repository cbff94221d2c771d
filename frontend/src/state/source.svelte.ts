// Which table a result shows as it is, so that its rows can be edited.
import * as sqlApi from '../api/sql';
import type { Table, TableInfo } from '../api/sql';

type Api = Pick<typeof sqlApi, 'sourceOf' | 'getSchema'>;

/** The table behind one result. */
export class SourceOf {
  /** null while it is not known, or when there is none. */
  table = $state.raw<TableInfo | null>(null);
  /** Whether all of its columns are in the result. */
  whole = $state(false);
  #api: Api;

  constructor(api: Api = sqlApi) {
    this.#api = api;
  }

  /** Finds it. A failure costs the editing, and nothing that is on screen. */
  async load(namespace: string, statement: string, columns: string[]): Promise<void> {
    try {
      const found = await this.#api.sourceOf(namespace, statement, columns);
      if (!found.editable) return;
      const { tables } = await this.#api.getSchema(namespace);
      this.whole = columnsOf(tables, found.name) <= columns.length;
      this.table = found;
    } catch {
      this.table = null;
    }
  }
}

const columnsOf = (tables: Table[], name: string): number =>
  tables.find((table) => table.name === name)?.columns.length ?? Infinity;
