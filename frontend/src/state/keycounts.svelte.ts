// How many keys a branch holds. Branches on screen are counted up to a thousand,
// one after another; the whole number is asked for by its user.
import { SvelteMap } from 'svelte/reactivity';
import * as kvApi from '../api/kv';
import type { Count } from '../api/kv';

/** Where counting stops that nobody asked for: more is told as "1,000+". */
export const LazyCount = 1000;
/** Where counting stops that somebody asked for. */
export const MaxCount = 1_000_000;
/** Numbers that are kept. */
const MaxKept = 2000;

type Api = Pick<typeof kvApi, 'countKeys'>;

/** The numbers of the branches of one namespace. */
export class KeyCounts {
  #known = new SvelteMap<string, Count>();
  #namespace = '';
  #wanted: string[] = [];
  #busy = false;
  #api: Api;
  /** Called with a branch that turned out to hold nothing. */
  onempty: (prefix: string) => void = () => undefined;

  constructor(api: Api = kvApi) {
    this.#api = api;
  }

  /** The number of a branch, as far as it is known. */
  of(prefix: string): Count | undefined {
    return this.#known.get(prefix);
  }

  /** Counts these branches, which are on screen; those wanted before and not counted yet are not any more. */
  async want(namespace: string, prefixes: string[]): Promise<void> {
    if (namespace !== this.#namespace) this.clear();
    this.#namespace = namespace;
    this.#wanted = prefixes;
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) await this.#count(next, LazyCount);
    this.#busy = false;
  }

  /** Counts a branch to its end. */
  async all(namespace: string, prefix: string): Promise<Count> {
    const count = await this.#api.countKeys(namespace, prefix, MaxCount);
    if (namespace === this.#namespace) this.#keep(prefix, count);
    return count;
  }

  /** Forgets the number of a branch in which something changed. */
  forget(prefix: string): void {
    this.#known.delete(prefix);
  }

  /** Forgets all numbers. */
  clear(): void {
    this.#known.clear();
  }

  #next(): string | undefined {
    return this.#wanted.find((prefix) => !this.#known.has(prefix));
  }

  async #count(prefix: string, limit: number): Promise<void> {
    const namespace = this.#namespace;
    try {
      const count = await this.#api.countKeys(namespace, prefix, limit);
      if (namespace !== this.#namespace) return;
      this.#keep(prefix, count);
      if (count.count === 0) this.onempty(prefix);
    } catch {
      // A number is no reason to disturb; the branch says what is wrong when it is opened.
      this.#wanted = this.#wanted.filter((one) => one !== prefix);
    }
  }

  #keep(prefix: string, count: Count): void {
    if (this.#known.size >= MaxKept) this.#known.clear();
    this.#known.set(prefix, count);
  }
}

/** The app's counts. */
export const keyCounts = new KeyCounts();
