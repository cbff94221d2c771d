// What a grid knows besides its rows: where the cursor is, what is selected, how
// wide columns are. No DOM, so that it can be tested without a browser.

/** A rectangle of cells, all ends inside. */
export interface Range {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** Narrowest and widest that a column can be made. */
export const ColumnLimits = { min: 40, max: 1200 };

/** The state of one grid. */
export class GridState {
  row = $state(0);
  column = $state(0);
  /** The other corner of the selection. */
  anchorRow = $state(0);
  anchorColumn = $state(0);
  /** How many columns stay in place at the start. */
  pinned = $state(0);
  /** Widths that a person chose, by column. */
  chosen = $state.raw<Record<number, number>>({});
  /** The cell that is being edited; null when none is. */
  editing = $state.raw<{ text: string } | null>(null);
  rows = $state(0);
  columns = $state(0);

  /** The selected cells. */
  range = $derived<Range>({
    top: Math.min(this.row, this.anchorRow),
    bottom: Math.max(this.row, this.anchorRow),
    left: Math.min(this.column, this.anchorColumn),
    right: Math.max(this.column, this.anchorColumn),
  });

  /** Whether more than one cell is selected. */
  many = $derived(this.range.top !== this.range.bottom || this.range.left !== this.range.right);

  /** Moves the cursor; with extend the selection grows or shrinks to it. */
  go(row: number, column: number, extend = false): void {
    this.row = Math.max(0, Math.min(this.rows - 1, row));
    this.column = Math.max(0, Math.min(this.columns - 1, column));
    if (!extend) {
      this.anchorRow = this.row;
      this.anchorColumn = this.column;
    }
  }

  /** Selects whole rows from the anchor to this one. */
  goRow(row: number, extend = false): void {
    this.go(row, this.columns - 1, extend);
    this.anchorColumn = 0;
  }

  selectAll(): void {
    this.anchorRow = 0;
    this.anchorColumn = 0;
    this.row = Math.max(0, this.rows - 1);
    this.column = Math.max(0, this.columns - 1);
  }

  /** Other sizes; the cursor stays inside. */
  resize(rows: number, columns: number): void {
    this.rows = rows;
    this.columns = columns;
    if (this.row >= rows || this.column >= columns || this.anchorRow >= rows) this.go(this.row, this.column);
  }

  has(row: number, column: number): boolean {
    const { top, bottom, left, right } = this.range;
    return row >= top && row <= bottom && column >= left && column <= right;
  }

  widen(column: number, width: number): void {
    const next = Math.round(Math.max(ColumnLimits.min, Math.min(ColumnLimits.max, width)));
    this.chosen = { ...this.chosen, [column]: next };
  }

  /** Lets a column find its own width again. */
  unwiden(column: number): void {
    this.chosen = Object.fromEntries(Object.entries(this.chosen).filter(([at]) => Number(at) !== column));
  }

  /** Where a key leads, or null when it is none that moves. */
  target(key: string, ctrl: boolean, page: number): [number, number] | null {
    const { row: r, column: c } = this;
    const moves: Record<string, [number, number]> = {
      ArrowDown: [ctrl ? this.rows - 1 : r + 1, c],
      ArrowUp: [ctrl ? 0 : r - 1, c],
      ArrowRight: [r, ctrl ? this.columns - 1 : c + 1],
      ArrowLeft: [r, ctrl ? 0 : c - 1],
      PageDown: [r + page, c],
      PageUp: [r - page, c],
      Home: [ctrl ? 0 : r, 0],
      End: [ctrl ? this.rows - 1 : r, this.columns - 1],
    };
    return moves[key] ?? null;
  }
}
