// Keys and branches that were ticked, to do something with all of them at once.
import { SvelteSet } from 'svelte/reactivity';
import type { Chosen } from '../api/kv';
import type { Row } from './keys.svelte';

/** Keys that can be ticked one by one; more is a branch. */
export const MaxChosenKeys = 1000;
/** Branches that can be ticked together. */
export const MaxChosenPrefixes = 100;

/** What is ticked on the Keys screen. */
export class KeySelection {
  /** Whether the boxes are shown. */
  on = $state(false);
  keys = new SvelteSet<string>();
  prefixes = new SvelteSet<string>();
  /** More was asked for than can be ticked. */
  full = $state(false);
  #anchor = -1;

  get count(): number {
    return this.keys.size + this.prefixes.size;
  }

  /** Whether a line is ticked, by itself or with a branch that it lies in. */
  has(row: Row): boolean {
    const name = nameOf(row);
    if (name === null) return false;
    if (row.kind === 'key' && this.keys.has(name)) return true;
    for (const prefix of this.prefixes) if (name.startsWith(prefix)) return true;
    return false;
  }

  /** Ticks or unticks a line. A branch takes with it what lies in it. */
  toggle(row: Row | undefined, at: number): void {
    if (row === undefined || nameOf(row) === null) return;
    this.on = true;
    this.#anchor = at;
    this.#put(row, !this.has(row));
  }

  /** Ticks every line from the last one that was ticked to this one. */
  extend(rows: Row[], to: number): void {
    this.on = true;
    if (this.#anchor < 0) this.#anchor = to;
    const [from, until] = [Math.min(this.#anchor, to), Math.max(this.#anchor, to)];
    for (const row of rows.slice(from, until + 1)) this.#put(row, true);
  }

  /** Ticks every line. */
  all(rows: Row[]): void {
    this.on = true;
    for (const row of rows) if (row.depth === 0) this.#put(row, true);
  }

  /** Unticks everything and takes the boxes away. */
  clear(): void {
    this.keys.clear();
    this.prefixes.clear();
    this.full = false;
    this.on = false;
    this.#anchor = -1;
  }

  /** What is ticked, as the node takes it. */
  chosen(namespace: string): Chosen {
    return { namespace, keys: [...this.keys], prefixes: [...this.prefixes] };
  }

  #put(row: Row, ticked: boolean): void {
    const name = nameOf(row);
    if (name === null || this.has(row) === ticked) return;
    const set = row.kind === 'branch' ? this.prefixes : this.keys;
    if (!ticked) {
      set.delete(name);
      // A line inside of a ticked branch: the branch is not whole any more.
      for (const prefix of this.prefixes) if (name.startsWith(prefix)) this.prefixes.delete(prefix);
      return;
    }
    if (set.size >= (row.kind === 'branch' ? MaxChosenPrefixes : MaxChosenKeys)) {
      this.full = true;
      return;
    }
    if (row.kind === 'branch')
      for (const inner of [this.keys, this.prefixes])
        for (const one of inner) if (one.startsWith(name)) inner.delete(one);
    set.add(name);
  }
}

function nameOf(row: Row): string | null {
  if (row.kind === 'key') return row.entry.key;
  return row.kind === 'branch' ? row.prefix : null;
}

/** The app's selection of keys. */
export const keySelection = new KeySelection();
