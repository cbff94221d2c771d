// Many keys changed at once: looked at first, then a task of the node, with a way
// back where there is one.
import * as kvApi from '../api/kv';
import type { BulkRequest, Chosen, Item } from '../api/kv';
export type { Chosen } from '../api/kv';
import type { Task } from '../api/tasks';
import { toError } from '../api/call';
import { inTurns, MaxUndoBytes, MaxUndoKeys, type PutBack, putBack } from './keydelete.svelte';

type Api = Pick<typeof kvApi, 'changeKeys' | 'countKeys' | 'listKeys' | 'getItem' | 'putItem'>;
type Ended = (id: string) => Promise<Task>;

/** What a selection holds. */
export interface Overview {
  keys: number;
  /** There are more than `keys`. */
  more: boolean;
  /** Every key by its name, when an undo reaches that far; else null. */
  names: string[] | null;
  sample: string[];
}

/** A change of many keys. */
export class BulkChange {
  #api: Api;

  constructor(
    readonly chosen: Chosen,
    api: Api = kvApi,
  ) {
    this.#api = api;
  }

  /** Counts what is chosen and lists it as far as an undo reaches. */
  async look(): Promise<Overview> {
    const { namespace, keys, prefixes } = this.chosen;
    const names = [...keys];
    let bytes = 0;
    let whole = true;
    let [count, more] = [keys.length, false];
    for (const prefix of prefixes) {
      const page = await this.#api.listKeys({
        namespace,
        prefix,
        separator: '',
        cursor: '',
        level: 'linearizable',
        limit: MaxUndoKeys,
      });
      names.push(...page.items.map((item) => item.key));
      bytes += page.items.reduce((sum, item) => sum + item.size, 0);
      whole &&= page.next === '';
      const counted =
        page.next === ''
          ? { count: page.items.length, more: false }
          : await this.#api.countKeys(namespace, prefix, 1_000_000);
      count += counted.count;
      more ||= counted.more;
    }
    const reachable = whole && names.length <= MaxUndoKeys && bytes <= MaxUndoBytes;
    return { keys: count, more, names: reachable ? names : null, sample: names.slice(0, 5) };
  }

  /** Deletes; the way back is null when it is too much to be remembered. */
  async remove(overview: Overview, ended: Ended): Promise<{ task: Task; undo: (() => Promise<PutBack>) | null }> {
    const items = overview.names === null ? null : await this.#remember(overview.names);
    const task = await this.#run({ do: 'delete' }, ended);
    const { namespace } = this.chosen;
    return { task, undo: items === null ? null : () => putBack(this.#api, namespace, items) };
  }

  /** Sets the time to live of all; 0 keeps them for ever. */
  ttl(seconds: number, ended: Ended): Promise<Task> {
    return this.#run({ do: 'ttl', ttl_seconds: seconds }, ended);
  }

  /** Copies or renames: `to` takes the place of `from` at the beginning of each name. */
  move(how: 'copy' | 'rename', from: string, to: string, existing: string, ended: Ended): Promise<Task> {
    return this.#run({ do: how, from, to, existing }, ended);
  }

  /** The change that takes a rename back: the keys under their new names. Null when they are too many. */
  static back(overview: Overview, namespace: string, from: string, to: string, api: Api = kvApi): BulkChange | null {
    if (overview.names === null) return null;
    const keys = overview.names.map((name) => to + name.slice(from.length));
    return new BulkChange({ namespace, keys, prefixes: [] }, api);
  }

  async #run(what: Partial<BulkRequest>, ended: Ended): Promise<Task> {
    const nothing = { do: '', ttl_seconds: 0, from: '', to: '', existing: 'skip' };
    return ended(await this.#api.changeKeys({ ...nothing, ...what, chosen: this.chosen }));
  }

  async #remember(names: string[]): Promise<Item[] | null> {
    let bytes = 0;
    const found = await inTurns(names, async (key) => {
      if (bytes > MaxUndoBytes) return null;
      try {
        const item = await this.#api.getItem(this.chosen.namespace, key, 'weak');
        bytes += item.size;
        return item;
      } catch (raw) {
        if (toError(raw).code === 'not_found') return null;
        throw raw;
      }
    });
    return bytes > MaxUndoBytes ? null : found.filter((item) => item !== null);
  }
}

/** The beginning that all names share, cut behind the last separator. */
export function sharedPrefix(names: string[], separator: string): string {
  let shared = names[0] ?? '';
  for (const name of names) while (!name.startsWith(shared)) shared = shared.slice(0, -1);
  const cut = separator === '' ? -1 : shared.lastIndexOf(separator);
  return shared.slice(0, cut === -1 ? 0 : cut + separator.length);
}
