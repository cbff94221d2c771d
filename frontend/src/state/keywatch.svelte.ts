// Changes of keys as they happen. One question is open while the screen is seen;
// a hidden screen or tab asks nothing and catches up when it comes back.
import { SvelteSet } from 'svelte/reactivity';
import * as kvApi from '../api/kv';
import type { Change } from '../api/kv';
import { toError } from '../api/call';

/** How long a changed line stays marked. */
export const MarkMs = 4000;
/** Lines marked at once. */
export const MaxMarks = 500;
/** Waits between tries while the node does not answer. */
const retryMs = [1000, 2000, 5000, 15_000];

type Api = Pick<typeof kvApi, 'watchKeys' | 'stopWatch'>;
type Later = (fn: () => void, ms: number) => () => void;

/** What a watch tells. */
export interface Heard {
  onchange: (change: Change) => void;
  /** Changes are missing: ask for everything anew. */
  ongap: () => void;
}

const clock: Later = (fn, ms) => {
  const id = setTimeout(fn, ms);
  return () => {
    clearTimeout(id);
  };
};

/** A name for this page's questions; the window's pages are no secure place, so it is made by hand. */
const newID = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, '0')).join('');

/** Follows the keys of one namespace that begin with a prefix. */
export class KeyWatch {
  state = $state<'off' | 'live' | 'paused' | 'waiting'>('off');
  /** Changes since the pause, which are shown when it ends. */
  held = $state(0);
  /** Keys that changed a moment ago. */
  marks = new SvelteSet<string>();
  #api: Api;
  #later: Later;
  #id: string;
  #since = '';
  #where = { namespace: '', prefix: '' };
  #heard: Heard = { onchange: () => undefined, ongap: () => undefined };
  #turn = 0;
  #tries = 0;
  #queue: Change[] = [];
  #gap = false;
  #timers = new Map<string, () => void>();
  #retry: () => void = () => undefined;

  constructor(api: Api = kvApi, later: Later = clock, id = newID()) {
    this.#api = api;
    this.#later = later;
    this.#id = id;
  }

  /** Begins to follow; another place or a first time begins at now. */
  start(namespace: string, prefix: string, heard: Heard): void {
    const same = namespace === this.#where.namespace && prefix === this.#where.prefix;
    if (!same) this.#forget();
    this.#where = { namespace, prefix };
    this.#heard = heard;
    if (this.state === 'off') this.state = 'live';
    void this.#follow(++this.#turn);
  }

  /** Asks no more. What happens meanwhile is told at the next start. */
  stop(): void {
    this.#turn += 1;
    this.#retry();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.marks.clear();
    void this.#api.stopWatch(this.#id).catch(() => undefined);
  }

  /** Holds changes back, and counts them. */
  pause(): void {
    this.state = 'paused';
  }

  /** Shows what was held back and goes on. */
  resume(): void {
    this.state = 'live';
    const held = this.#queue;
    this.#queue = [];
    this.held = 0;
    if (this.#gap) {
      this.#gap = false;
      this.#heard.ongap();
    } else for (const change of held) this.#tell(change);
  }

  async #follow(turn: number): Promise<void> {
    while (turn === this.#turn) {
      try {
        const answer = await this.#api.watchKeys(this.#id, this.#where.namespace, this.#where.prefix, this.#since);
        if (turn !== this.#turn) return;
        this.#since = answer.next;
        this.#tries = 0;
        if (this.state === 'waiting') this.state = 'live';
        this.#take(answer.changes, answer.gap);
      } catch (raw) {
        if (turn !== this.#turn) return;
        // A page that waits for its turn is told so by its state; the screen has the failure of its own calls.
        if (toError(raw).code === 'invalid') this.#since = '';
        if (this.state === 'live') this.state = 'waiting';
        this.#again(turn);
        return;
      }
    }
  }

  #again(turn: number): void {
    const wait = retryMs[Math.min(this.#tries++, retryMs.length - 1)] ?? 1000;
    this.#retry = this.#later(() => {
      if (turn === this.#turn) void this.#follow(turn);
    }, wait);
  }

  #take(changes: Change[], gap: boolean): void {
    if (this.state === 'paused') {
      this.held += changes.length;
      this.#gap ||= gap || this.#queue.length + changes.length > MaxMarks;
      this.#queue = this.#gap ? [] : [...this.#queue, ...changes];
      return;
    }
    if (gap) this.#heard.ongap();
    else for (const change of changes) this.#tell(change);
  }

  #tell(change: Change): void {
    this.#heard.onchange(change);
    if (change.operation === 'put') this.mark(change.key);
  }

  /** Marks a line for a moment. */
  mark(name: string): void {
    if (this.marks.size >= MaxMarks) return;
    this.#timers.get(name)?.();
    this.marks.add(name);
    this.#timers.set(
      name,
      this.#later(() => {
        this.marks.delete(name);
        this.#timers.delete(name);
      }, MarkMs),
    );
  }

  #forget(): void {
    this.#since = '';
    this.#queue = [];
    this.#gap = false;
    this.held = 0;
  }
}

/** The app's watch of keys: one question per page. */
export const keyWatch = new KeyWatch();
