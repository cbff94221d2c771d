// The rows of one result: the first come with the answer, the rest by pages from
// the node, which keeps at most 10,000. Sorting needs all of them.
import * as sqlApi from '../api/sql';
import type { Cell, StatementResult } from '../api/sql';
import { compareCells } from '../lib/cells';

/** Rows asked for at once. */
export const PageRows = 500;

/** One result as the grid shows it. */
export class ResultRows {
  sortColumn = $state(-1);
  sortDown = $state(false);
  loading = $state(false);
  /** Why a page could not be had, '' when all is well. */
  fault = $state('');
  #rows = $state.raw<readonly (Cell[] | undefined)[]>([]);
  #order = $state.raw<readonly number[] | null>(null);
  #asked = new Set<number>();
  #api: Pick<typeof sqlApi, 'resultPage'>;

  constructor(
    readonly result: StatementResult,
    api: Pick<typeof sqlApi, 'resultPage'> = sqlApi,
  ) {
    this.#api = api;
    this.#rows = result.rows;
  }

  get count(): number {
    return Math.max(this.result.total, this.result.rows.length);
  }

  /** The row that stands at a place now; undefined while it is on its way. */
  row(place: number): Cell[] | undefined {
    return this.#rows[this.#order?.[place] ?? place];
  }

  /** Makes sure that the rows of a span are here or on their way. */
  async need(from: number, to: number): Promise<void> {
    if (this.#order !== null) return;
    const first = Math.floor(from / PageRows);
    const last = Math.floor(Math.max(from, to - 1) / PageRows);
    const pages = [];
    for (let page = first; page <= last; page++) pages.push(this.#page(page));
    await Promise.all(pages);
  }

  /** Every row in the order on screen. */
  async all(): Promise<Cell[][]> {
    this.loading = true;
    try {
      for (let page = 0; page * PageRows < this.count; page++) await this.#page(page);
    } finally {
      this.loading = false;
    }
    return Array.from({ length: this.count }, (_, i) => this.row(i)).filter((row) => row !== undefined);
  }

  /** Sorts by a column: up, down, as it came. */
  async sort(column: number): Promise<void> {
    if (this.sortColumn === column && this.sortDown) {
      this.sortColumn = -1;
      this.sortDown = false;
      this.#order = null;
      return;
    }
    this.sortDown = this.sortColumn === column;
    this.sortColumn = column;
    this.#order = null;
    await this.all();
    const sign = this.sortDown ? -1 : 1;
    const none: Cell = { k: 'n', v: '' };
    const at = (i: number) => this.#rows[i]?.[column] ?? none;
    this.#order = Array.from({ length: this.count }, (_, i) => i).sort(
      (a, b) => sign * compareCells(at(a), at(b)) || a - b,
    );
  }

  async #page(page: number): Promise<void> {
    const from = page * PageRows;
    if (from >= this.count || this.#rows[from] !== undefined || this.#asked.has(page)) return;
    this.#asked.add(page);
    try {
      const more = await this.#api.resultPage(this.result.result_id, from, PageRows);
      const rows = [...this.#rows];
      more.forEach((row, i) => (rows[from + i] = row));
      this.#rows = rows;
    } catch (raw) {
      this.#asked.delete(page);
      this.fault = raw instanceof Error ? raw.message : String(raw);
    }
  }
}
