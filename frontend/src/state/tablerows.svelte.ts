// A table that is opened: what it consists of, and its rows.
import * as sqlApi from '../api/sql';
import type { TableInfo } from '../api/sql';
import { Loader } from './loader.svelte';
import { ResultRows } from './result.svelte';

/** One opened table. */
export class TableRows {
  info = new Loader<TableInfo>();
  rows = $state.raw<ResultRows | null>(null);
  #api: typeof sqlApi;

  constructor(
    readonly namespace: string,
    readonly table: string,
    readonly level: string,
    api = sqlApi,
  ) {
    this.#api = api;
  }

  /** Opens it; at first only the rows with one value, when a reference led here. */
  async load(where: { column: string; value: string } | null): Promise<void> {
    await this.info.load(() => this.#api.openTable(this.namespace, this.table));
    const info = this.info.data;
    if (info === null) return;
    const rows = new ResultRows(
      { result_id: '', namespace: this.namespace, table: this.table, level: this.level },
      [],
      0,
      info.columns.length,
      this.#api,
    );
    if (where !== null) {
      // A reference that names no column means the key.
      const column = info.columns.findIndex((c) => (where.column === '' ? c.key : c.name === where.column));
      if (column !== -1) rows.filters = [{ column, op: 'is', value: where.value }];
    }
    await rows.reload();
    this.rows = rows;
  }
}
