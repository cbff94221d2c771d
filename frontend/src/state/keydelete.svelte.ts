// Deleting keys so that it can be undone: what goes is read first and put back
// on request, but never over a key that somebody has made since.
import * as kvApi from '../api/kv';
import type { Item, Provenance } from '../api/kv';
import type { Task } from '../api/tasks';
import { toError } from '../api/call';
import { ttlLeft } from './item.svelte';

/** A branch up to this size can be undone; above, its name must be typed. */
export const MaxUndoKeys = 1000;
/** Values held for an undo. */
export const MaxUndoBytes = 8 << 20;
/** Calls at once while values are read or put back. */
const width = 8;

type Api = Pick<typeof kvApi, 'getItem' | 'putItem' | 'deleteKey' | 'deletePrefix' | 'listKeys' | 'countKeys'>;

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

/** What a branch holds, looked at before anything is deleted. */
export interface Survey {
  prefix: string;
  count: number;
  /** There are more than `count`. */
  more: boolean;
  bytes: number;
  /** Some of its keys, to be shown. */
  sample: string[];
  keys: string[];
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
    return { count: written.deleted ? 1 : 0, provenance: written.provenance, undo: () => this.#putBack([item]) };
  }

  /** Counts a branch and lists it as far as an undo reaches. */
  async survey(prefix: string): Promise<Survey> {
    const survey: Survey = { prefix, count: 0, more: false, bytes: 0, sample: [], keys: [] };
    const page = await this.#api.listKeys({
      namespace: this.namespace,
      prefix,
      separator: '',
      cursor: '',
      level: 'linearizable',
      limit: MaxUndoKeys,
    });
    survey.keys = page.items.map((item) => item.key);
    survey.sample = survey.keys.slice(0, 5);
    survey.bytes = page.items.reduce((sum, item) => sum + item.size, 0);
    survey.count = survey.keys.length;
    if (page.next !== '') {
      const counted = await this.#api.countKeys(this.namespace, prefix, 1_000_000);
      survey.count = counted.count;
      survey.more = counted.more;
    }
    return survey;
  }

  /** Whether a branch can be put back after it was deleted. */
  static undoable(survey: Survey): boolean {
    return !survey.more && survey.count <= MaxUndoKeys && survey.bytes <= MaxUndoBytes;
  }

  /** Starts the deletion of a branch as a task; waits for its end through `ended`. */
  async branch(survey: Survey, ended: (id: string) => Promise<Task>): Promise<{ task: Task; deleted: Deleted }> {
    const items = KeyDeleter.undoable(survey) ? await this.#remember(survey.keys) : null;
    const id = await this.#api.deletePrefix(this.namespace, survey.prefix);
    const task = await ended(id);
    const undo = items === null ? null : () => this.#putBack(items);
    return { task, deleted: { count: task.done, provenance: null, undo } };
  }

  async #remember(keys: string[]): Promise<Item[]> {
    const found = await inTurns(keys, async (key) => {
      try {
        return await this.#api.getItem(this.namespace, key, 'weak');
      } catch (raw) {
        if (toError(raw).code === 'not_found') return null;
        throw raw;
      }
    });
    return found.filter((item) => item !== null);
  }

  async #putBack(items: Item[]): Promise<PutBack> {
    const now = Date.now();
    const alive = items.filter((item) => item.expires_at === '' || Date.parse(item.expires_at) > now);
    const outcomes = await inTurns(alive, async (item) => {
      try {
        await this.#api.putItem({
          namespace: this.namespace,
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
}

/** Runs work over a list, a few at a time, answers in order. */
async function inTurns<T, R>(list: T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const out: R[] = [];
  for (let at = 0; at < list.length; at += width) {
    out.push(...(await Promise.all(list.slice(at, at + width).map(work))));
  }
  return out;
}
