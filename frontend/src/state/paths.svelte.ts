// The ways between the nodes of a network: who measured whom, the worst pairs,
// and what changed in the last day.
import * as peersApi from '../api/peers';
import type { PathChange, PathMatrix } from '../api/peers';
import { Loader } from './loader.svelte';
import { nameOf } from './peers.svelte';

/** How often the open page looks; members share every 30 seconds. */
const LookMs = 10_000;
/** The node keeps no more. */
const Hours = 24;
/** Up to here a way is good, up to there it is fair. */
export const GoodMs = 60;
export const FairMs = 200;
/** What was told so long ago is marked as old. */
export const StaleMs = 120_000;

type Cell = PathMatrix['cells'][number];

/** How a measured time is judged. */
export const toneOfMs = (ms: number): 'good' | 'fair' | 'poor' | 'none' =>
  ms <= 0 ? 'none' : ms <= GoodMs ? 'good' : ms <= FairMs ? 'fair' : 'poor';

/** Finds what one node measured to another. */
export function cellsOf(matrix: PathMatrix): (from: string, to: string) => Cell | undefined {
  const cells = new Map(matrix.cells.map((c) => [`${c.from} ${c.to}`, c]));
  return (from, to) => cells.get(`${from} ${to}`);
}

/** Two nodes and the slower of what both measured. */
export interface Pair {
  from: string;
  to: string;
  fromName: string;
  toName: string;
  ms: number;
  path: string;
}

/** The pairs that are slowest, each once; a relayed one goes before a direct one of equal time. */
export function worstPairs(matrix: PathMatrix, count: number): Pair[] {
  const names = new Map(matrix.nodes.map((n) => [n.id, nameOf(n)]));
  const pairs = new Map<string, Pair>();
  for (const c of matrix.cells) {
    if (c.ms <= 0 || c.from === c.to) continue;
    const key = c.from < c.to ? `${c.from} ${c.to}` : `${c.to} ${c.from}`;
    const known = pairs.get(key);
    if (known !== undefined && known.ms >= c.ms) continue;
    const name = (id: string) => names.get(id) ?? nameOf({ id, name: '' });
    pairs.set(key, { from: c.from, to: c.to, fromName: name(c.from), toName: name(c.to), ms: c.ms, path: c.path });
  }
  const relayed = (p: Pair) => (p.path === 'relayed' ? 0 : 1);
  return [...pairs.values()]
    .sort((a, b) => b.ms - a.ms || relayed(a) - relayed(b) || (a.from < b.from ? -1 : 1))
    .slice(0, count);
}

/** The matrix and the changes, looked at while their tab is open. */
export class Paths {
  matrix = new Loader<PathMatrix>();
  changes = new Loader<PathChange[]>();
  #api: typeof peersApi;

  constructor(api = peersApi) {
    this.#api = api;
  }

  /** Looks now and then; the answer ends it. */
  start(): () => void {
    void this.refresh();
    const timer = setInterval(() => {
      if (!document.hidden) void this.refresh();
    }, LookMs);
    return () => {
      clearInterval(timer);
    };
  }

  async refresh(): Promise<void> {
    await Promise.all([this.matrix.load(this.#api.getMatrix), this.changes.load(() => this.#api.getTimeline(Hours))]);
  }
}
