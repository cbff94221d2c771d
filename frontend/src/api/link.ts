// The line between page and node, as seen from here. In the window it is always
// up; in a browser the shim says when it breaks, and the frame shows it.

/** What is known of the line. `signed_out`: the node answers, but not to us. */
export type LinkState = 'connecting' | 'up' | 'lost' | 'signed_out';

type Watcher = (state: LinkState) => void;

/** Holds one state and tells it to whoever watches. */
export class Link {
  #state: LinkState = 'connecting';
  #watchers = new Set<Watcher>();
  #gaps = new Set<() => void>();
  #retry: () => void = () => undefined;

  /** The present state. */
  get state(): LinkState {
    return this.#state;
  }

  /** Calls watcher now and at each change; the answer ends it. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    watcher(this.#state);
    return () => this.#watchers.delete(watcher);
  }

  /** Calls fn whenever events may have been missed: ask again. */
  onGap(fn: () => void): () => void {
    this.#gaps.add(fn);
    return () => this.#gaps.delete(fn);
  }

  /** Tries the line now instead of at the next turn. */
  retryNow(): void {
    this.#retry();
  }

  /** For the shim: what to do on retryNow. */
  setRetry(fn: () => void): void {
    this.#retry = fn;
  }

  /** For the shim: the state has become `state`. */
  set(state: LinkState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const watcher of this.#watchers) watcher(state);
  }

  /** For the shim: events were missed. */
  gap(): void {
    for (const fn of this.#gaps) fn();
  }
}

/** The page's one line to its node. */
export const link = new Link();
