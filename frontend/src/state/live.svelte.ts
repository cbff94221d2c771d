// A live query: its rows, what the last commit changed in them, and a pause that counts on.
import { type BackendError, toError } from '../api/call';
import type { Cell } from '../api/sql';
import * as truthApi from '../api/truth';
import type { LiveState, Read } from '../api/truth';

/** How long a changed cell is marked. */
export const FlashMs = 2000;
/** Waits between two tries after a failure, longer each time. */
const RetryMs = [500, 1000, 2000, 5000, 10_000];

/** One row on screen. Altered are the columns that the last commit changed, or null for a new row. */
export interface LiveRow {
  key: number;
  cells: Cell[];
  altered: readonly number[] | null;
}

type Later = (ms: number) => Promise<void>;
const wait: Later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Puts an answer onto the rows before it. */
export function apply(before: readonly LiveRow[], state: LiveState, nextKey: () => number): LiveRow[] {
  return state.rows.map((row) => {
    const old = row.from < 0 ? undefined : before[row.from];
    if (old === undefined) return { key: nextKey(), cells: row.cells, altered: state.whole ? [] : null };
    return { key: old.key, cells: row.cells.length > 0 ? row.cells : old.cells, altered: row.altered };
  });
}

/** One live query from start to stop. */
export class LiveQuery {
  rows = $state.raw<LiveRow[]>([]);
  state = $state.raw<LiveState | null>(null);
  error = $state.raw<BackendError | null>(null);
  running = $state(false);
  paused = $state(false);
  /** Changes since the start, and those that came while it was paused. */
  changes = $state(0);
  missed = $state(0);
  changedAt = $state(0);
  #held: { rows: LiveRow[]; state: LiveState } | null = null;
  #latest: LiveRow[] = [];
  #run = 0;
  #keys = 0;
  #api: Pick<typeof truthApi, 'nextLive' | 'stopLive'>;
  #later: Later;

  constructor(
    readonly read: Read,
    api: Pick<typeof truthApi, 'nextLive' | 'stopLive'> = truthApi,
    later: Later = wait,
  ) {
    this.#api = api;
    this.#later = later;
  }

  /** Follows until stop. Each start is a query of its own at the node, so its first answer is whole. */
  async start(): Promise<void> {
    if (this.running) return;
    const run = ++this.#run;
    const id = crypto.randomUUID();
    this.running = true;
    let seq = 0;
    let failures = 0;
    while (run === this.#run) {
      try {
        const state = await this.#api.nextLive(id, seq, this.read);
        if (run !== this.#run) break;
        this.error = null;
        failures = 0;
        seq = state.seq;
        if (state.changed) this.#take(state);
      } catch (raw) {
        if (run !== this.#run) break;
        this.error = toError(raw);
        if (!['unavailable', 'limited', 'timeout', 'conflict'].includes(this.error.code)) break;
        await this.#later(RetryMs[Math.min(failures++, RetryMs.length - 1)] ?? 0);
        seq = 0; // what was missed meanwhile is not known: everything anew
      }
    }
    if (run === this.#run) this.running = false;
    await this.#api.stopLive(id).catch(() => undefined); // the node forgets it by itself too
  }

  stop(): void {
    this.#run += 1;
    this.running = false;
  }

  /** Holds the rows on screen still while the query counts on. */
  pause(): void {
    this.paused = true;
  }

  /** Shows what has come meanwhile. */
  resume(): void {
    this.paused = false;
    this.missed = 0;
    if (this.#held !== null) this.#show(this.#held.rows, this.#held.state);
    this.#held = null;
  }

  #take(state: LiveState): void {
    this.#latest = apply(this.#latest, state, () => ++this.#keys);
    const first = this.state === null;
    if (!first && !state.whole) this.changes += 1;
    if (this.paused && !first) {
      this.missed += 1;
      this.#held = { rows: this.#latest, state };
      return;
    }
    this.#show(this.#latest, state);
  }

  #show(rows: LiveRow[], state: LiveState): void {
    this.rows = rows;
    this.state = state;
    this.changedAt = Date.now();
  }
}
