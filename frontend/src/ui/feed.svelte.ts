// The place of a reader in a feed: rows of different heights, of which only those
// on screen are in the page, and which stay where they are whatever happens around.
import type { Span } from '../lib/window';

/** The height of a row that was not drawn yet. */
const Guess = 48;
/** Pixels that are drawn beyond what can be seen. */
const Spare = 140;
/** So near to the end is at the end. */
const Near = 16;

/** A row whose lower edge stays at one distance from the upper edge of the view. */
interface Anchor {
  key: string;
  offset: number;
}

/** Knows the rows by key, and where the view stands among them. */
export class FeedPlace {
  /** The rows to draw. */
  span = $state.raw<Span>({ from: 0, to: 0 });
  /** Room for the rows above and below them. */
  above = $state(0);
  below = $state(0);
  /** Goes up when the view may have to be moved. */
  turn = $state(0);
  /** Where the view belongs. */
  top = 0;
  /** The view is still to be moved there: until then its own position means nothing. */
  pending = true;
  atEnd: boolean;
  #keys: readonly string[] = [];
  #index = new Map<string, number>();
  #tops: number[] = [0];
  #heights = new Map<string, number>();
  #room = 0;
  // Its lower edge counts, so that what changes inside or above the first row on
  // screen moves nothing that is read below.
  #anchor: Anchor | null = null;
  #middle = '';

  /** Begins at a row, which then stands in the middle, or with '' at the end. */
  constructor(start = '') {
    this.atEnd = start === '';
    this.#middle = start;
  }

  /** Takes the rows that there are now. */
  setKeys(keys: readonly string[]): void {
    const before = { keys: this.#keys, tops: this.#tops };
    this.#keys = keys;
    this.#index = new Map(keys.map((key, i) => [key, i]));
    if (this.#anchor !== null) this.#anchor = this.#survivor(this.#anchor, before.keys, before.tops);
    for (const key of this.#heights.keys()) if (!this.#index.has(key)) this.#heights.delete(key);
    this.#lay();
  }

  /** Takes measured heights; tells whether any is news. */
  setHeights(measured: Iterable<readonly [string, number]>): boolean {
    let news = false;
    for (const [key, height] of measured) {
      if (!this.#index.has(key) || this.#heights.get(key) === height) continue;
      this.#heights.set(key, height);
      news = true;
    }
    if (news) this.#lay();
    return news;
  }

  /** Takes the height of the view; tells whether it is news. */
  setRoom(room: number): boolean {
    if (room === this.#room) return false;
    this.#room = room;
    this.#lay();
    return true;
  }

  /** The person scrolled. */
  scrolled(top: number): void {
    this.top = top;
    this.#middle = '';
    this.atEnd = top + this.#room >= this.#total - Near;
    this.#hold();
    this.#draw();
  }

  /** Goes to a row, which then stands in the middle. */
  reveal(key: string): void {
    this.atEnd = false;
    this.#middle = key;
    this.#lay();
  }

  /** Scrolls as little as shows a row whole. */
  show(key: string): void {
    const at = this.#index.get(key);
    if (at === undefined) return;
    const [start = 0, end = 0] = [this.#tops[at], this.#tops[at + 1]];
    if (start >= this.top && end <= this.top + this.#room) return;
    this.scrolled(this.#within(start < this.top ? start : end - this.#room));
    this.pending = true;
    this.turn += 1;
  }

  /** Goes to the last row and stays there. */
  toEnd(): void {
    this.atEnd = true;
    this.#middle = '';
    this.#lay();
  }

  /** The last row that can be seen whole. */
  get lastSeen(): string {
    const at = this.#rowAt(this.top + this.#room);
    const whole = (this.#tops[at + 1] ?? 0) <= this.top + this.#room + 1 ? at : at - 1;
    return this.#keys[Math.max(0, whole)] ?? '';
  }

  /** Whether a row is above, inside or below the view. */
  sideOf(key: string): 'above' | 'inside' | 'below' | 'gone' {
    const at = this.#index.get(key);
    if (at === undefined) return 'gone';
    if ((this.#tops[at + 1] ?? 0) <= this.top) return 'above';
    return (this.#tops[at] ?? 0) >= this.top + this.#room ? 'below' : 'inside';
  }

  /** How much there is above and below of what is on screen. */
  get spareAbove(): number {
    return this.top;
  }

  get spareBelow(): number {
    return this.#total - this.top - this.#room;
  }

  get #total(): number {
    return this.#tops.at(-1) ?? 0;
  }

  #lay(): void {
    this.#tops = [0];
    let sum = 0;
    for (const key of this.#keys) this.#tops.push((sum += this.#heights.get(key) ?? Guess));
    this.#stand();
    this.#draw();
    this.pending = true;
    this.turn += 1;
  }

  /** Finds the place among the rows as they are now. */
  #stand(): void {
    const middle = this.#index.get(this.#middle);
    if (this.atEnd) this.top = this.#within(this.#total);
    else if (middle !== undefined) {
      const [start = 0, end = 0] = [this.#tops[middle], this.#tops[middle + 1]];
      // A row that is higher than the view is read from its beginning.
      this.top = this.#within(Math.min(start, Math.round((start + end - this.#room) / 2)));
    } else if (this.#anchor !== null) {
      const at = this.#index.get(this.#anchor.key);
      // Held exactly: only the ends of the list may move the row.
      if (at !== undefined) this.top = this.#within((this.#tops[at + 1] ?? 0) - this.#anchor.offset);
      return;
    }
    this.#hold();
  }

  #hold(): void {
    const at = this.#rowAt(this.top);
    const key = this.#keys[at];
    this.#anchor = key === undefined ? null : { key, offset: (this.#tops[at + 1] ?? 0) - this.top };
  }

  #draw(): void {
    const count = this.#keys.length;
    const from = count === 0 ? 0 : this.#rowAt(this.top - Spare);
    const to = count === 0 ? 0 : Math.min(count, this.#rowAt(this.top + this.#room + Spare) + 1);
    if (from !== this.span.from || to !== this.span.to) this.span = { from, to };
    this.above = this.#tops[from] ?? 0;
    this.below = this.#total - (this.#tops[to] ?? 0);
  }

  #within(top: number): number {
    return Math.max(0, Math.min(top, this.#total - this.#room));
  }

  /** The first row that ends below a place. */
  #rowAt(y: number): number {
    let [low, high] = [0, Math.max(0, this.#keys.length - 1)];
    while (low < high) {
      const mid = (low + high) >> 1;
      if ((this.#tops[mid + 1] ?? 0) > y) high = mid;
      else low = mid + 1;
    }
    return low;
  }

  /** The same place on the next row that is still there, when the anchor's own is gone. */
  #survivor(anchor: Anchor, keys: readonly string[], tops: readonly number[]): Anchor | null {
    if (this.#index.has(anchor.key)) return anchor;
    const at = keys.indexOf(anchor.key);
    const after = keys.findIndex((key, i) => i > at && this.#index.has(key));
    const to = after === -1 ? keys.findLastIndex((key, i) => i < at && this.#index.has(key)) : after;
    const key = keys[to];
    if (key === undefined) return null;
    return { key, offset: anchor.offset + (tops[to + 1] ?? 0) - (tops[at + 1] ?? 0) };
  }
}
