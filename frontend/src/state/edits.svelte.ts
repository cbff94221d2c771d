// Edits of rows that are staged: seen at once, written only when they are
// applied, all together or not at all.
import type { Cell, Edit, EditRequest, TableInfo } from '../api/sql';

/** Rows that may be edited before they are applied. */
export const MaxEdits = 1000;

/** What happens to a row. */
export type Mark = 'changed' | 'added' | 'deleted' | '';

interface Change {
  old: Cell[];
  set: Map<number, Cell>;
}

const same = (a: Cell | undefined, b: Cell) => a?.k === b.k && a.v === b.v;

/** The edits of one table. Rows are known by their key, wherever they stand. */
export class Edits {
  #changes = $state.raw(new Map<string, Change>());
  #deleted = $state.raw(new Map<string, Cell[]>());
  /** New rows, with what was typed into them. */
  #added = $state.raw<Map<number, Cell>[]>([]);

  constructor(
    readonly namespace: string,
    readonly table: TableInfo,
  ) {}

  get count(): number {
    return this.#changes.size + this.#deleted.size + this.#added.length;
  }

  get added(): number {
    return this.#added.length;
  }

  get full(): boolean {
    return this.count >= MaxEdits;
  }

  /** What stands in a cell now. */
  cell(row: Cell[], column: number): Cell | undefined {
    return this.#changes.get(this.#key(row))?.set.get(column) ?? row[column];
  }

  /** What stands in a cell of a new row; undefined: its default. */
  newCell(index: number, column: number): Cell | undefined {
    return this.#added[index]?.get(column);
  }

  mark(row: Cell[]): Mark {
    const key = this.#key(row);
    if (this.#deleted.has(key)) return 'deleted';
    return this.#changes.has(key) ? 'changed' : '';
  }

  /** Whether one cell of a row is changed. */
  changed(row: Cell[], column: number): boolean {
    return this.#changes.get(this.#key(row))?.set.has(column) ?? false;
  }

  /** Puts a value into a cell; what was there before is no change. */
  set(row: Cell[], column: number, value: Cell): void {
    const key = this.#key(row);
    const change = this.#changes.get(key);
    if (change === undefined && this.full) return;
    const set = new Map(change?.set);
    if (same(row[column], value)) set.delete(column);
    else set.set(column, value);
    const next = new Map(this.#changes);
    if (set.size === 0) next.delete(key);
    else next.set(key, { old: row, set });
    this.#changes = next;
  }

  setNew(index: number, column: number, value: Cell | undefined): void {
    this.#added = this.#added.map((row, i) => {
      if (i !== index) return row;
      const next = new Map(row);
      if (value === undefined) next.delete(column);
      else next.set(column, value);
      return next;
    });
  }

  /** Adds a row, as a copy of another without its key if one is given. */
  add(copy?: Cell[]): void {
    if (this.full) return;
    const cells = new Map<number, Cell>();
    copy?.forEach((cell, column) => {
      if (this.table.columns[column]?.key === false) cells.set(column, this.cell(copy, column) ?? cell);
    });
    this.#added = [...this.#added, cells];
  }

  /** Deletes a row, or takes that back. */
  toggleDeleted(row: Cell[]): void {
    const key = this.#key(row);
    const next = new Map(this.#deleted);
    if (!next.delete(key)) {
      if (this.full && !this.#changes.has(key)) return;
      next.set(key, row);
      const changes = new Map(this.#changes);
      changes.delete(key);
      this.#changes = changes;
    }
    this.#deleted = next;
  }

  removeNew(index: number): void {
    this.#added = this.#added.filter((_, i) => i !== index);
  }

  /** Takes everything back that was staged for a row. */
  revert(row: Cell[]): void {
    const key = this.#key(row);
    const changes = new Map(this.#changes);
    const deleted = new Map(this.#deleted);
    changes.delete(key);
    deleted.delete(key);
    this.#changes = changes;
    this.#deleted = deleted;
  }

  /** Takes one edit back, by its place in the batch. */
  drop(place: number): void {
    const row = [...this.#deleted.values(), ...[...this.#changes.values()].map((change) => change.old)][place];
    if (row === undefined) this.removeNew(place - this.#deleted.size - this.#changes.size);
    else this.revert(row);
  }

  clear(): void {
    this.#changes = new Map();
    this.#deleted = new Map();
    this.#added = [];
  }

  /** The batch. A row is found by its key and the old values of what changes. */
  request(): EditRequest {
    const edits: Edit[] = [];
    for (const row of this.#deleted.values())
      edits.push({ kind: 'delete', old: this.#cells(row, () => true), set: [] });
    for (const { old, set } of this.#changes.values())
      edits.push({
        kind: 'update',
        old: this.#cells(old, (column) => this.table.columns[column]?.key === true || set.has(column)),
        set: this.#named(set),
      });
    for (const set of this.#added) edits.push({ kind: 'insert', old: [], set: this.#named(set) });
    return { namespace: this.namespace, table: this.table.name, edits };
  }

  /**
   * The way back from a batch that was applied; null when it cannot be gone,
   * because not all columns are on screen. ids are the numbers of new rows.
   */
  inverse(ids: string[], whole: boolean): EditRequest | null {
    const { edits, ...rest } = this.request();
    const keys = this.table.columns.filter((c) => c.key);
    const back = edits.map((edit, i): Edit | null => {
      if (edit.kind === 'delete') return whole ? { kind: 'insert', old: [], set: edit.old } : null;
      if (edit.kind === 'update') {
        const now = edit.old.map((was) => edit.set.find((is) => is.column === was.column) ?? was);
        return {
          kind: 'update',
          old: now,
          set: edit.old.filter((was) => edit.set.some((is) => is.column === was.column)),
        };
      }
      const known = edit.set.filter((is) => keys.some((key) => key.name === is.column));
      if (known.length === keys.length) return { kind: 'delete', old: known, set: [] };
      const [key] = keys;
      if (key === undefined || keys.length > 1 || !/^integer$/i.test(key.type)) return null;
      return { kind: 'delete', old: [{ column: key.name, cell: { k: 'i', v: ids[i] ?? '' } }], set: [] };
    });
    return back.includes(null) ? null : { ...rest, edits: back.filter((edit) => edit !== null).reverse() };
  }

  #key(row: Cell[]): string {
    return JSON.stringify(row.filter((_, column) => this.table.columns[column]?.key === true).map((c) => [c.k, c.v]));
  }

  #cells(row: Cell[], wanted: (column: number) => boolean): Edit['old'] {
    return this.#named(new Map([...row.entries()].filter(([column]) => wanted(column))));
  }

  #named(cells: Map<number, Cell>): Edit['set'] {
    return [...cells].map(([column, cell]) => ({ column: this.table.columns[column]?.name ?? '', cell }));
  }
}

/** Reads what was typed into a cell: a column of numbers takes numbers, others text. */
export function typedCell(text: string, type: string, before: Cell | undefined): Cell {
  const numeric =
    /INT|REAL|FLOA|DOUB|NUM|DEC|BOOL/i.test(type) || (type === '' && (before?.k === 'i' || before?.k === 'r'));
  const digits = text.trim().replace(/^\+/, '');
  // A number of more than 64 bits would lose digits, so it stays text.
  if (numeric && /^-?\d+$/.test(digits) && fits(digits)) return { k: 'i', v: String(BigInt(digits)) };
  if (numeric && /^-?(\d+\.\d*|\.\d+|\d+(?=e))(e[+-]?\d+)?$/i.test(digits))
    return { k: 'r', v: String(Number(digits)) };
  return { k: 't', v: text };
}

const fits = (digits: string): boolean => BigInt.asIntN(64, BigInt(digits)) === BigInt(digits);
