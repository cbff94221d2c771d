// Deleting keys so that it can be undone: what goes is read first and put back
// on request, but never over a key that somebody has made since.
import * as kvApi from '../api/kv';
import type { Item, Provenance } from '../api/kv';
import { toError } from '../api/call';
import { ttlLeft } from './item.svelte';

/** A deletion up to this many keys can be undone; above, a name must be typed. */
export const MaxUndoKeys = 1000;
/** Values held for an undo. */
export const MaxUndoBytes = 8 << 20;
/** Calls at once while values are read or put back. */
const width = 8;

type Api = Pick<typeof kvApi, 'getItem' | 'putItem' | 'deleteKey'>;

/** What an undo did. */
export interface PutBack {
  restored: number;
  /** Keys that somebody had made anew meanwhile; they were left alone. */
  taken: number;
}

/** A deletion that happened and its way back. */
export interface Deleted {
  count: number;
  provenance: Provenance | null;
  undo: (() => Promise<PutBack>) | null;
}

/** Deletes keys of one namespace. */
export class KeyDeleter {
  #api: Api;

  constructor(
    readonly namespace: string,
    api: Api = kvApi,
  ) {
    this.#api = api;
  }

  /** Deletes one key and remembers it. */
  async one(key: string): Promise<Deleted> {
    const item = await this.#api.getItem(this.namespace, key, 'linearizable');
    const written = await this.#api.deleteKey(this.namespace, key);
    return {
      count: written.deleted ? 1 : 0,
      provenance: written.provenance,
      undo: () => putBack(this.#api, this.namespace, [item]),
    };
  }
}

/** Puts deleted keys back, but never over one that was made anew. */
export async function putBack(api: Pick<typeof kvApi, 'putItem'>, namespace: string, items: Item[]): Promise<PutBack> {
  const now = Date.now();
  const alive = items.filter((item) => item.expires_at === '' || Date.parse(item.expires_at) > now);
  const outcomes = await inTurns(alive, async (item) => {
    try {
      await api.putItem({
        namespace,
        key: item.key,
        value: item.value,
        ttlSeconds: ttlLeft(item.expires_at, now),
        ifVersion: '',
        ifAbsent: true,
      });
      return true;
    } catch (raw) {
      const { code } = toError(raw);
      if (code === 'precondition_failed' || code === 'conflict') return false;
      throw raw;
    }
  });
  const restored = outcomes.filter(Boolean).length;
  return { restored, taken: outcomes.length - restored };
}

/** Runs work over a list, a few at a time, answers in order. */
export async function inTurns<T, R>(list: T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const out: R[] = [];
  for (let at = 0; at < list.length; at += width) {
    out.push(...(await Promise.all(list.slice(at, at + width).map(work))));
  }
  return out;
}
