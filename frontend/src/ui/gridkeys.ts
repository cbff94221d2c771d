// What the keys do in a grid.
import type { GridState } from './grid.svelte';

/** What a grid can be told by a key. */
export interface GridActs {
  go: (row: number, column: number, extend: boolean) => void;
  /** Edits or opens the cell; with a text, that is what it begins with. */
  begin: (text?: string) => void;
  copy: () => void;
  clear: () => void;
  /** Takes back what is staged in the cell; false when nothing is. */
  revert: () => boolean;
  sort: () => void;
  widen: (by: number) => void;
  /** Whether the cell takes what is typed. */
  types: () => boolean;
}

/** Pixels by which a key makes a column wider. */
const WidthStep = 16;

/** Does what a key press means; false when it means nothing here. */
export function gridKey(event: KeyboardEvent, grid: GridState, page: number, acts: GridActs): boolean {
  const ctrl = event.ctrlKey || event.metaKey;
  const plain = !ctrl && !event.altKey;
  const to = event.altKey ? null : grid.target(event.key, ctrl, page);
  const named: Record<string, () => void> = {
    Enter: event.shiftKey
      ? acts.sort
      : () => {
          acts.begin();
        },
    F2: () => {
      acts.begin();
    },
    Delete: acts.clear,
    '<': () => {
      acts.widen(-WidthStep);
    },
    '>': () => {
      acts.widen(WidthStep);
    },
  };
  const act = plain ? named[event.key] : undefined;
  if (to !== null) acts.go(...to, event.shiftKey);
  else if (ctrl && event.key === 'a') grid.selectAll();
  else if (ctrl && event.key === 'c' && getSelection()?.isCollapsed !== false) acts.copy();
  else if (event.shiftKey && event.key === ' ') grid.goRow(grid.row, true);
  else if (plain && event.key === 'Escape') return acts.revert();
  else if (act !== undefined) act();
  else if (plain && event.key.length === 1 && event.key !== ' ' && acts.types()) acts.begin(event.key);
  else return false;
  return true;
}
