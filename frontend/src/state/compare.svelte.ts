// Asking every node: the question, the answers side by side, the verdict in words.
import * as truthApi from '../api/truth';
import type { ComparedOne, Comparison, Read } from '../api/truth';
import { overview } from '../api/network';
import { Loader } from './loader.svelte';

/** The network's groups with their replicas. */
export const replicasNow = overview;

/** One comparison and its faces. */
export class Comparing {
  answer = new Loader<Comparison>();
  /** When the present question was asked, 0 while none is open. */
  askedAt = $state(0);
  #turn = 0;

  /** Asks; a second question takes the place of the first. */
  async ask(question: () => Promise<Comparison>): Promise<void> {
    const turn = ++this.#turn;
    this.askedAt = Date.now();
    await this.answer.load(question);
    if (turn === this.#turn) this.askedAt = 0;
  }

  /** Stops waiting: reading changes nothing, so the answer is simply not looked at. */
  cancel(): void {
    this.#turn += 1;
    this.askedAt = 0;
    this.answer.clear();
  }

  rows(read: Read, api: Pick<typeof truthApi, 'compareRows'> = truthApi): Promise<void> {
    return this.ask(() => api.compareRows(read));
  }

  key(namespace: string, key: string, api: Pick<typeof truthApi, 'compareKey'> = truthApi): Promise<void> {
    return this.ask(() => api.compareKey(namespace, key));
  }
}

/** The state of a verdict as the page's marks know it. */
export const verdictState: Record<string, string> = {
  same: 'ok',
  behind: 'degraded',
  moving: 'degraded',
  silent: 'degraded',
  differs: 'down',
};

/** A node as people call it. */
export const nodeName = (one: ComparedOne, me: string, self: string, short: (id: string) => string): string =>
  one.name !== '' ? one.name : one.node === me ? self : short(one.node);

/** One cell of the comparison: what a node has there, and whether another node has something else. */
export interface ComparedCell {
  text: { k: string; v: string } | null;
  differs: boolean;
}

/** A line of the comparison, one row for each node that answered. Where there is no line, nobody has anything. */
export function cellsOf(answer: Comparison, line: number, node: number): ComparedCell[] {
  const there = answer.lines[line];
  const { rows, differs } = there ?? { rows: [], differs: [] };
  const cells = rows[node] ?? [];
  if (cells.length === 0) return answer.columns.map(() => ({ text: null, differs: there !== undefined }));
  // A row that somebody lacks differs as a whole.
  const lacking = rows.some((row, i) => row.length === 0 && answer.nodes[i]?.error === '');
  return cells.map((text, column) => ({ text, differs: lacking || differs.includes(column) }));
}
