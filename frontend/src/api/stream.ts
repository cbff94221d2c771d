// The bridge's stream of events, kept alive: reconnects with back-off, resumes
// by number, and tells the link what it sees. No browser global is used here, so
// the rules are tested without one.
import type { Link } from './link';

/** The part of EventSource that is needed. */
export interface Source {
  addEventListener(name: string, fn: (event: MessageEvent<string>) => void): void;
  onopen: ((event: Event) => void) | null;
  onerror: ((event: Event) => void) | null;
  close(): void;
}

/** What a stream needs from its surroundings. */
export interface StreamDeps {
  open: (url: string) => Source;
  /** A cheap call; it rejects, and has set the link, when the node is gone or refuses us. */
  probe: () => Promise<unknown>;
  link: Link;
  /** Runs fn after ms; the answer takes it back. */
  later: (fn: () => void, ms: number) => () => void;
}

/** Longest pause between two tries: a node that comes back is noticed within it. */
export const MaxRetryMs = 4000;

type Listener = (payload: unknown) => void;

/** One server-sent event stream with any number of listeners. */
export class Stream {
  #deps: StreamDeps;
  #listeners = new Map<string, Set<Listener>>();
  #source: Source | null = null;
  #last = '';
  #tries = 0;
  #paused = true;
  #missed = false;
  #cancelRetry: (() => void) | null = null;

  constructor(deps: StreamDeps) {
    this.#deps = deps;
  }

  /** Hears events of one name until the answer is called. */
  on(name: string, listener: Listener): () => void {
    let set = this.#listeners.get(name);
    if (set === undefined) {
      set = new Set();
      this.#listeners.set(name, set);
      if (this.#source !== null) this.#attach(this.#source, name);
    }
    set.add(listener);
    return () => set.delete(listener);
  }

  /** Gives the connection back; what is missed meanwhile is resumed by number. */
  pause(): void {
    this.#paused = true;
    this.#drop();
    this.#cancelRetry?.();
    this.#cancelRetry = null;
  }

  /** Connects, or stays connected. */
  resume(): void {
    this.#paused = false;
    if (this.#source === null) this.#connect();
  }

  /** Tries now instead of at the next turn. */
  retryNow(): void {
    if (this.#paused || this.#cancelRetry === null) return;
    this.#cancelRetry();
    this.#cancelRetry = null;
    this.#connect();
  }

  /** Hears that a call could not reach the node: an open stream may be dead without knowing it. */
  suspect(): void {
    if (this.#paused || this.#source === null) return;
    this.#drop();
    this.#lose();
    this.#retryLater();
  }

  #connect(): void {
    const source = this.#deps.open(`/api/events${this.#last === '' ? '' : `?after=${this.#last}`}`);
    this.#source = source;
    source.onopen = () => {
      this.#tries = 0;
      this.#deps.link.set('up');
      if (this.#missed) {
        this.#missed = false;
        this.#deps.link.gap();
      }
    };
    source.onerror = () => {
      this.#drop();
      void this.#broken();
    };
    for (const name of this.#listeners.keys()) this.#attach(source, name);
    source.addEventListener('gap', () => {
      this.#deps.link.gap();
    });
  }

  // An event stream does not say why it broke: a call does.
  async #broken(): Promise<void> {
    try {
      await this.#deps.probe();
    } catch {
      this.#lose();
      if (this.#deps.link.state === 'signed_out') return;
    }
    this.#retryLater();
  }

  // Numbers of a node that went away mean nothing to the one that comes back.
  #lose(): void {
    this.#missed = true;
    this.#last = '';
  }

  #retryLater(): void {
    if (this.#paused || this.#source !== null || this.#cancelRetry !== null) return;
    const pause = Math.min(MaxRetryMs, 250 * 2 ** this.#tries);
    this.#tries += 1;
    this.#cancelRetry = this.#deps.later(() => {
      this.#cancelRetry = null;
      if (!this.#paused) this.#connect();
    }, pause);
  }

  #attach(source: Source, name: string): void {
    source.addEventListener(name, (event) => {
      if (event.lastEventId !== '') this.#last = event.lastEventId;
      const payload: unknown = JSON.parse(event.data);
      for (const listener of this.#listeners.get(name) ?? []) listener(payload);
    });
  }

  #drop(): void {
    this.#source?.close();
    this.#source = null;
  }
}
