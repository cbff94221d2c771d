// One key that is open: its value, an edit with compare-and-set, and the choice
// when somebody else was faster.
import * as kvApi from '../api/kv';
import type { Item, Provenance, Written } from '../api/kv';
import { toError } from '../api/call';
import { Loader } from './loader.svelte';

/** An edit in the making. `base` is the value that it started from. */
export interface Draft {
  base: Item;
  value: Uint8Array;
}

/** Two writers: the draft and what is stored now (null: it was deleted). */
export interface Conflict {
  draft: Draft;
  theirs: Item | null;
}

type Api = Pick<typeof kvApi, 'getItem' | 'putItem'>;

/** Seconds that are left of a time to live, rounded up; 0 when it never ends. */
export function ttlLeft(expiresAt: string, now: number): number {
  if (expiresAt === '') return 0;
  return Math.max(1, Math.ceil((Date.parse(expiresAt) - now) / 1000));
}

/** The open key. */
export class OpenItem {
  item = new Loader<Item>();
  saving = $state(false);
  conflict = $state.raw<Conflict | null>(null);
  #api: Api;

  constructor(
    readonly namespace: string,
    readonly key: string,
    api: Api = kvApi,
  ) {
    this.#api = api;
  }

  /** Reads the newest value. */
  load(): Promise<void> {
    return this.item.load(() => this.#api.getItem(this.namespace, this.key, 'linearizable'));
  }

  /** Stores a draft if nobody changed the key since its base; otherwise opens the conflict and answers null. */
  async save(draft: Draft): Promise<Written | null> {
    this.saving = true;
    try {
      const written = await this.#put(draft.value, draft.base, ttlLeft(draft.base.expires_at, Date.now()));
      this.conflict = null;
      await this.load();
      return written;
    } catch (raw) {
      const error = toError(raw);
      if (error.code !== 'precondition_failed' && error.code !== 'conflict' && error.code !== 'not_found') throw error;
      this.conflict = { draft, theirs: await this.#theirs() };
      return null;
    } finally {
      this.saving = false;
    }
  }

  /** Stores the draft over theirs, unless theirs moved again: then the conflict is shown anew. */
  overwrite(conflict: Conflict): Promise<Written | null> {
    const base = conflict.theirs ?? { ...conflict.draft.base, version: '', expires_at: '' };
    return this.save({ base, value: conflict.draft.value });
  }

  /** Gives the draft up. */
  async keepTheirs(): Promise<void> {
    this.conflict = null;
    await this.load();
  }

  /** Sets the time to live of the present value; 0 removes it. */
  async setTtl(seconds: number): Promise<Written | null> {
    const item = this.item.data;
    if (item === null) return null;
    this.saving = true;
    try {
      const written = await this.#put(item.value, item, seconds);
      await this.load();
      return written;
    } finally {
      this.saving = false;
    }
  }

  get provenance(): Provenance | null {
    return this.item.data?.provenance ?? null;
  }

  #put(value: Uint8Array, base: Item, ttlSeconds: number): Promise<Written> {
    const gone = base.version === '';
    return this.#api.putItem({
      namespace: this.namespace,
      key: this.key,
      value,
      ttlSeconds,
      ifVersion: base.version,
      ifAbsent: gone,
    });
  }

  async #theirs(): Promise<Item | null> {
    try {
      return await this.#api.getItem(this.namespace, this.key, 'linearizable');
    } catch (raw) {
      const error = toError(raw);
      if (error.code === 'not_found') return null;
      throw error;
    }
  }
}
