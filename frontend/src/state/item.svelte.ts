// One key that is open: its value in parts, an edit with compare-and-set, and the
// choice when somebody else was faster or the outcome is not known.
import * as kvApi from '../api/kv';
import type { Item, Part, Provenance, Written } from '../api/kv';
export type { Written } from '../api/kv';
import { toError } from '../api/call';
import { sameBytes } from '../lib/bytes';
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

/** What became of a write whose outcome was not known. */
export type Outcome = 'stored' | 'not stored' | 'somebody else';

type Api = Pick<typeof kvApi, 'getItem' | 'putItem' | 'readPart'>;

/** Seconds that are left of a time to live, rounded up; 0 when it never ends. */
export function ttlLeft(expiresAt: string, now: number): number {
  if (expiresAt === '') return 0;
  return Math.max(1, Math.ceil((Date.parse(expiresAt) - now) / 1000));
}

/** The open key. */
export class OpenItem {
  /** The value as far as it is loaded; `bytes` grows part by part up to `total`. */
  item = new Loader<Part>();
  saving = $state(false);
  loadingMore = $state(false);
  conflict = $state.raw<Conflict | null>(null);
  /** A write that may or may not have happened. */
  unsure = $state.raw<Draft | null>(null);
  /** Whether a packed value is shown opened. */
  unpack = $state(true);
  #api: Api;

  constructor(
    readonly namespace: string,
    readonly key: string,
    api: Api = kvApi,
  ) {
    this.#api = api;
  }

  /** Reads the first part of the newest value. */
  load(): Promise<void> {
    return this.item.load(() => this.#read('', 0));
  }

  /** Shows a packed value opened, or as it is stored. */
  async open(unpack: boolean): Promise<void> {
    this.unpack = unpack;
    await this.load();
  }

  /** Loads the next part; a value that changed meanwhile is shown from its beginning. */
  async more(): Promise<void> {
    const shown = this.item.data;
    if (shown === null || this.loadingMore || shown.bytes.length >= shown.total) return;
    this.loadingMore = true;
    try {
      const part = await this.#read(shown.version, shown.bytes.length);
      const bytes = new Uint8Array(shown.bytes.length + part.bytes.length);
      bytes.set(shown.bytes);
      bytes.set(part.bytes, shown.bytes.length);
      if (this.item.data === shown) this.item.set({ ...part, bytes });
    } catch (raw) {
      if (toError(raw).code !== 'conflict') throw raw;
      await this.load();
    } finally {
      this.loadingMore = false;
    }
  }

  /** The whole value as it is stored now. */
  whole(): Promise<Item> {
    return this.#api.getItem(this.namespace, this.key, 'linearizable');
  }

  /** Stores a draft if nobody changed the key since its base; otherwise opens the conflict and answers null. */
  async save(draft: Draft): Promise<Written | null> {
    this.saving = true;
    try {
      const written = await this.#put(draft.value, draft.base, ttlLeft(draft.base.expires_at, Date.now()));
      this.conflict = null;
      this.unsure = null;
      await this.load();
      return written;
    } catch (raw) {
      const error = toError(raw);
      if (error.code === 'outcome_unknown' || error.code === 'timeout') {
        this.unsure = draft;
        return null;
      }
      if (error.code !== 'precondition_failed' && error.code !== 'conflict' && error.code !== 'not_found') throw error;
      this.unsure = null;
      this.conflict = { draft, theirs: await this.#theirs() };
      return null;
    } finally {
      this.saving = false;
    }
  }

  /** Puts back what a save replaced, if nobody has written since; answers whether it did. */
  async undo(before: Item, written: string): Promise<boolean> {
    try {
      const base = { ...before, version: written };
      await this.#put(before.value, base, ttlLeft(before.expires_at, Date.now()));
    } catch (raw) {
      const { code } = toError(raw);
      if (code !== 'precondition_failed' && code !== 'conflict' && code !== 'not_found') throw raw;
      return false;
    } finally {
      await this.load();
    }
    return true;
  }

  /** Looks at the key to learn what became of a write. */
  async check(): Promise<Outcome> {
    const draft = this.unsure;
    const now = await this.#theirs();
    const version = now?.version ?? '';
    if (draft !== null && version === draft.base.version) return 'not stored';
    this.unsure = null;
    await this.load();
    return draft !== null && now !== null && sameBytes(now.value, draft.value) ? 'stored' : 'somebody else';
  }

  /**
   * Ends a conflict with a value, the draft's own or a merged one, unless theirs
   * moved again: then the conflict is shown anew.
   */
  overwrite(conflict: Conflict, value = conflict.draft.value): Promise<Written | null> {
    const base = conflict.theirs ?? { ...conflict.draft.base, version: '', expires_at: '' };
    return this.save({ base, value });
  }

  /** Gives the draft up. */
  async keepTheirs(): Promise<void> {
    this.conflict = null;
    await this.load();
  }

  /** Sets the time to live of the present value; 0 removes it. Null when somebody else changed the key meanwhile. */
  async setTtl(seconds: number): Promise<Written | null> {
    const shown = this.item.data;
    if (shown === null) return null;
    this.saving = true;
    try {
      const item = await this.whole();
      if (item.version !== shown.version) {
        await this.load();
        return null;
      }
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

  #read(version: string, offset: number): Promise<Part> {
    return this.#api.readPart({ namespace: this.namespace, key: this.key, version, offset, unpack: this.unpack });
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
      return await this.whole();
    } catch (raw) {
      const error = toError(raw);
      if (error.code === 'not_found') return null;
      throw error;
    }
  }
}
