// What lies behind a prefix, by branch: keys and bytes, added up as the node
// counts on.
import * as kvApi from '../api/kv';
import type { Sizes } from '../api/kv';
import { type BackendError, toError } from '../api/call';

/** Branches told apart; the others are counted together. */
export const MaxChildren = 1000;

export type Child = Sizes['children'][number];

type Api = Pick<typeof kvApi, 'sizesOf'>;

/** One count of sizes. */
export class KeySizes {
  /** The largest first. */
  children = $state.raw<Child[]>([]);
  looked = $state(0);
  running = $state(false);
  /** Not everything was counted. */
  partial = $state(false);
  error = $state.raw<BackendError | null>(null);
  #turn = 0;
  #api: Api;

  total = $derived(this.children.reduce((sum, c) => ({ keys: sum.keys + c.keys, bytes: sum.bytes + c.bytes }), Empty));

  constructor(api: Api = kvApi) {
    this.#api = api;
  }

  /** Counts from the beginning to the end, unless it is stopped. */
  async start(namespace: string, prefix: string, separator: string): Promise<void> {
    const turn = ++this.#turn;
    this.children = [];
    this.looked = 0;
    this.error = null;
    this.running = true;
    this.partial = true;
    const sums = new Map<string, Child>();
    let cursor = '';
    try {
      do {
        const step = await this.#api.sizesOf(namespace, prefix, separator, cursor);
        if (turn !== this.#turn) return;
        for (const child of step.children) add(sums, child);
        this.children = [...sums.values()].sort((a, b) => b.bytes - a.bytes);
        this.looked += step.looked;
        cursor = step.next;
      } while (cursor !== '');
      this.partial = false;
    } catch (raw) {
      if (turn !== this.#turn) return;
      this.error = toError(raw);
    }
    this.running = false;
  }

  /** Stops; what was counted stays. */
  stop(): void {
    this.#turn += 1;
    this.running = false;
  }
}

const Empty = { keys: 0, bytes: 0 };

function add(sums: Map<string, Child>, child: Child): void {
  let id = child.other ? 'o' : `b${child.prefix}`;
  if (!sums.has(id) && sums.size >= MaxChildren) id = 'o';
  const sum = sums.get(id) ?? { prefix: id === 'o' ? '' : child.prefix, other: id === 'o', keys: 0, bytes: 0 };
  sums.set(id, { ...sum, keys: sum.keys + child.keys, bytes: sum.bytes + child.bytes });
}
