// One answer of the node with its faces: loading, failed, present.
import { BackendError, toError } from '../api/call';

/** Holds the newest answer. An older answer that comes late never replaces it. */
export class Loader<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<BackendError | null>(null);
  loading = $state(false);
  #turn = 0;

  /** Asks; what was there stays on screen meanwhile. */
  async load(ask: () => Promise<T>): Promise<void> {
    const turn = ++this.#turn;
    this.loading = true;
    try {
      const data = await ask();
      if (turn === this.#turn) this.set(data);
    } catch (raw) {
      if (turn !== this.#turn) return;
      this.error = toError(raw);
      this.loading = false;
    }
  }

  /** Takes news that came by itself: it outdates every question still open. */
  set(data: T): void {
    this.#turn += 1;
    this.data = data;
    this.error = null;
    this.loading = false;
  }

  /** Forgets everything. */
  clear(): void {
    this.#turn += 1;
    this.data = null;
    this.error = null;
    this.loading = false;
  }
}
