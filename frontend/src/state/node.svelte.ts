// What the node says about itself, kept up to date by events.
import { untrack } from 'svelte';
import { listen } from '../api/events';
import * as nodeApi from '../api/node';
import type { Group, NodeStatus } from '../api/node';
import type { Provenance } from '../api/kv';
import { decimalDifference } from '../lib/text';
import { Loader } from './loader.svelte';

/** How old the data of a namespace may be, for the status bar. */
export interface Freshness {
  tone: 'calm' | 'noted' | 'loud' | 'asleep' | 'unknown';
  index: string;
  /** Entries between the leader and this node. */
  behind: bigint;
  /** Age in milliseconds; null when it is not known. */
  ageMs: number | null;
}

/** Age up to which freshness is calm, and up to which it is merely noted. */
export const CalmMs = 1000;
export const NotedMs = 10_000;

/** Judges a group of this node; seen is the provenance of the last answer from it, if any. */
export function freshness(group: Group | undefined, seen: Provenance | undefined): Freshness {
  if (group === undefined) return { tone: 'unknown', index: '', behind: 0n, ageMs: null };
  if (!group.awake) return { tone: 'asleep', index: group.index, behind: 0n, ageMs: null };
  const behind = decimalDifference(group.commit_index, group.index) ?? 0n;
  const ageMs = group.state === 'leader' ? 0 : seen !== undefined && seen.age_ms >= 0 ? seen.age_ms : null;
  if (group.leader === '' || (ageMs ?? 0) > NotedMs) return { tone: 'loud', index: group.index, behind, ageMs };
  const calm = ageMs !== null && ageMs <= CalmMs && behind <= 0n;
  return { tone: calm ? 'calm' : 'noted', index: group.index, behind: behind < 0n ? 0n : behind, ageMs };
}

/** The node's status, and the provenance last seen of each group. */
export class NodeState {
  status = new Loader<NodeStatus>();
  #seen = $state.raw<Readonly<Record<string, Provenance>>>({});
  #api: typeof nodeApi;

  constructor(api = nodeApi) {
    this.#api = api;
  }

  /** Follows the node; the answer ends it. */
  start(): () => void {
    const stop = listen<NodeStatus>(
      'node',
      (status) => {
        this.status.set(status);
      },
      () => void this.refresh(),
    );
    void this.refresh();
    return stop;
  }

  refresh(): Promise<void> {
    return this.status.load(this.#api.getStatus);
  }

  /** Ends the node, and the page with it. */
  stop(): Promise<void> {
    return this.#api.stopNode();
  }

  /** Remembers where an answer came from. */
  saw(provenance: Provenance): void {
    // Effects report what they saw; they must not run again because of it.
    if (provenance.group !== '') this.#seen = { ...untrack(() => this.#seen), [provenance.group]: provenance };
  }

  /** Freshness of a namespace's data on this node. */
  freshness(namespace: string): Freshness {
    const name = `ns::${namespace}`;
    const seen = this.#seen[name];
    const group = this.status.data?.groups.find((g) => g.name === name);
    const fresh = freshness(group, seen);
    // An answer may be newer than the last status.
    if (seen !== undefined && (decimalDifference(seen.index, fresh.index) ?? 0n) > 0n)
      return { ...fresh, index: seen.index };
    return fresh;
  }
}

/** The app's node. */
export const node = new NodeState();
