// Who is connected to whom, as far as this node and those who share with it know.
import type { PathMatrix, Peer } from '../api/peers';
import { nameOf } from './peers.svelte';
import { toneOf } from './peerplaces';

/** A node of the graph, and those it is linked with. */
export interface GraphPeer {
  id: string;
  name: string;
  tone: 'me' | 'near' | 'far' | 'away';
  links: { to: string; name: string; path: string; ms: number }[];
}

/** The graph as data. */
export interface GraphModel {
  nodes: GraphPeer[];
  links: { from: string; to: string; path: string; ms: number }[];
  /** How many are left out for want of room. */
  hidden: number;
}

/** A picture with more is not read by anybody; the table has them all. */
export const MaxNodes = 120;

/** Joins what this node sees with what others told. */
export function graphOf(
  me: { id: string; name: string },
  peers: readonly Peer[],
  matrix: PathMatrix | null,
): GraphModel {
  const names = new Map<string, string>((matrix?.nodes ?? []).map((n) => [n.id, nameOf(n)]));
  const tones = new Map<string, GraphPeer['tone']>();
  const found = new Map<string, { from: string; to: string; path: string; ms: number }>();
  // Both ends may have measured a link: the first one stands, with the other's time where it has none.
  const link = (from: string, to: string, path: string, ms: number) => {
    if (from === to || path === 'offline' || path === '') return;
    const key = from < to ? `${from} ${to}` : `${to} ${from}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { from, to, path, ms });
    else if (known.ms <= 0) known.ms = ms;
  };

  names.set(me.id, me.name === '' ? nameOf(me) : me.name);
  tones.set(me.id, 'me');
  for (const p of peers.filter((one) => one.connected)) {
    names.set(p.id, nameOf(p));
    tones.set(p.id, toneOf(p));
    link(me.id, p.id, p.path, p.latency_ms);
  }
  for (const c of matrix?.cells ?? []) link(c.from, c.to, c.path, c.ms);

  const all = [...new Set([...tones.keys(), ...[...found.values()].flatMap((l) => [l.from, l.to])])];
  const kept = new Set(all.slice(0, MaxNodes));
  const links = [...found.values()].filter((l) => kept.has(l.from) && kept.has(l.to));
  const nodes = [...kept].map((id) => ({
    id,
    name: names.get(id) ?? nameOf({ id, name: '' }),
    tone: tones.get(id) ?? ('away' as const),
    links: links
      .filter((l) => l.from === id || l.to === id)
      .map(({ from, to, path, ms }) => {
        const other = from === id ? to : from;
        return { to: other, name: names.get(other) ?? nameOf({ id: other, name: '' }), path, ms };
      }),
  }));
  return { nodes, links, hidden: all.length - kept.size };
}
