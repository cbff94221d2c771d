// Rows as a grid shows them: of a result that the node keeps, or of a table. The
// page holds what is near the screen; sorting and filtering is the node's work.
import * as sqlApi from '../api/sql';
import type { Cell, Filter, Shape, Span, Summary, View } from '../api/sql';
import { toError } from '../api/call';

/** Rows asked for at once; of wide rows fewer, because reading the answer must not hold up a frame. */
export const PageRows = 500;
const LeastPageRows = 50;
const PageCells = 3000;
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
  #wanted: { from: number; to: number } | null = null;
  #pumping: Promise<void> | null = null;
  #pageRows: number;
  #api: Api;

  constructor(
    readonly of: RowsOf,
    first: Cell[][],
    total: number,
    columns: number,
    api: Api = sqlApi,
  ) {
    this.#pageRows = Math.max(LeastPageRows, Math.min(PageRows, Math.floor(PageCells / Math.max(1, columns))));
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

  /**
   * Makes sure that the rows of a span are here or on their way. Spans that were
   * scrolled past meanwhile are not asked for.
   */
  need(from: number, to: number): Promise<void> {
    this.#wanted = { from, to };
    return (this.#pumping ??= this.#pump());
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
    this.loading = true;
    this.fault = '';
    try {
      const page = await this.#api.getRows(this.view, 0, this.#pageRows);
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

  async #pump(): Promise<void> {
    try {
      while (this.#wanted !== null) {
        const { from, to } = this.#wanted;
        this.#wanted = null;
        const first = Math.floor(from / this.#pageRows);
        const last = Math.floor(Math.max(from, Math.min(to, this.count) - 1) / this.#pageRows);
        for (let page = first; page <= last; page++) await this.#fetch(page);
      }
    } finally {
      this.#pumping = null;
    }
  }

  /** Large rows come in several parts. */
  async #fetch(page: number): Promise<void> {
    const { turn } = this;
    const end = Math.min((page + 1) * this.#pageRows, this.count);
    let from = page * this.#pageRows;
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
