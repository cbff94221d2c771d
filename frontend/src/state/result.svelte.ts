// Rows as a grid shows them: of a result that the node keeps, or of a table. The
// page holds what is near the screen; sorting and filtering is the node's work.
import * as sqlApi from '../api/sql';
import type { Cell, Filter, Shape, Span, Summary, View } from '../api/sql';
import { toError } from '../api/call';

/** Rows asked for at once. */
export const PageRows = 500;
/** Rows that the page holds; those furthest away go first. */
export const MaxHeldRows = 20_000;

type Api = Pick<typeof sqlApi, 'getRows' | 'spanText' | 'spanSum'>;

/** Which rows. */
export type RowsOf = Omit<View, 'shape'>;

/** The rows of one result or table. */
export class ResultRows {
  sortColumn = $state(-1);
  sortDown = $state(false);
  filters = $state.raw<Filter[]>([]);
  /** How many there are, after filtering. */
  count = $state(0);
  loading = $state(false);
  /** Why rows could not be had, '' when all is well. */
  fault = $state('');
  /** Grows when other rows are shown: positions mean something else then. */
  turn = $state(0);
  #version = $state(0);
  #rows = new Map<number, Cell[]>();
  #asked = new Map<number, Promise<void>>();
  #api: Api;

  constructor(
    readonly of: RowsOf,
    first: Cell[][],
    total: number,
    api: Api = sqlApi,
  ) {
    this.#api = api;
    this.count = total;
    first.forEach((row, i) => this.#rows.set(i, row));
  }

  get shape(): Shape {
    return { sort: this.sortColumn, down: this.sortDown, filters: [...this.filters] };
  }

  get view(): View {
    return { ...this.of, shape: this.shape };
  }

  /** A stretch as the node takes it. */
  span(from: number, count: number, columns: number[]): Span {
    return { view: this.view, from, count, columns };
  }

  /** A stretch as text in one of the node's formats; table names that of INSERT statements. */
  text(span: Span, format: string, table: string): Promise<string> {
    return this.#api.spanText(span, format, table);
  }

  /** What a stretch adds up to. */
  sum(span: Span): Promise<Summary> {
    return this.#api.spanSum(span);
  }

  /** The row that stands at a place now; undefined while it is on its way. */
  row(place: number): Cell[] | undefined {
    // The version is read, so that whoever asks hears of news.
    return this.#version < 0 ? undefined : this.#rows.get(place);
  }

  /** Makes sure that the rows of a span are here or on their way. */
  async need(from: number, to: number): Promise<void> {
    const first = Math.floor(from / PageRows);
    const last = Math.floor(Math.max(from, Math.min(to, this.count) - 1) / PageRows);
    const pages = [];
    for (let page = first; page <= last; page++) pages.push(this.#page(page));
    await Promise.all(pages);
  }

  /** Sorts by a column: up, down, as it came. */
  async sort(column: number): Promise<void> {
    const third = this.sortColumn === column && this.sortDown;
    this.sortDown = !third && this.sortColumn === column;
    this.sortColumn = third ? -1 : column;
    await this.reload();
  }

  /** Shows only rows for which all conditions hold. */
  async filter(filters: Filter[]): Promise<void> {
    this.filters = filters;
    await this.reload();
  }

  /** Asks anew; what is on screen stays until the answer comes. */
  async reload(): Promise<void> {
    const turn = ++this.turn;
    this.#asked.clear();
    this.loading = true;
    this.fault = '';
    try {
      const page = await this.#api.getRows(this.view, 0, PageRows);
      if (turn !== this.turn) return;
      this.#rows = new Map(page.rows.entries());
      this.count = page.total;
      this.#version += 1;
    } catch (raw) {
      if (turn === this.turn) this.fault = toError(raw).message;
    } finally {
      if (turn === this.turn) this.loading = false;
    }
  }

  #page(page: number): Promise<void> {
    const known = this.#asked.get(page);
    if (known !== undefined) return known;
    const asked = this.#fetch(page).finally(() => {
      if (this.#asked.get(page) === asked) this.#asked.delete(page);
    });
    this.#asked.set(page, asked);
    return asked;
  }

  /** Large rows come in several parts. */
  async #fetch(page: number): Promise<void> {
    const { turn } = this;
    const end = Math.min((page + 1) * PageRows, this.count);
    let from = page * PageRows;
    for (;;) {
      while (from < end && this.#rows.has(from)) from++;
      if (from >= end) return;
      try {
        const more = await this.#api.getRows(this.view, from, end - from);
        if (turn !== this.turn) return;
        more.rows.forEach((row, i) => this.#rows.set(from + i, row));
        this.fault = '';
        this.#trim(from);
        this.#version += 1;
        if (more.rows.length === 0) return; // somebody deleted rows meanwhile
      } catch (raw) {
        if (turn === this.turn) this.fault = toError(raw).message;
        return;
      }
    }
  }

  #trim(near: number): void {
    if (this.#rows.size <= MaxHeldRows) return;
    for (const place of this.#rows.keys()) if (Math.abs(place - near) > MaxHeldRows / 3) this.#rows.delete(place);
  }
}
