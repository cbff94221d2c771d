// Other nodes: the table, its order and filter, connect and disconnect.
import { listen } from '../api/events';
import * as peersApi from '../api/peers';
import type { Peer } from '../api/peers';
import { Loader } from './loader.svelte';

/** Columns that the table sorts by. */
export type PeerColumn = 'state' | 'path' | 'transport' | 'latency' | 'agent' | 'direction' | 'since' | 'id';

const value: Record<PeerColumn, (peer: Peer) => string | number> = {
  // Connected first.
  state: (p) => (p.connected ? 0 : 1),
  path: (p) => p.path,
  transport: (p) => p.transport,
  // Unknown latency is not a fast one.
  latency: (p) => (p.connected && p.latency_ms > 0 ? p.latency_ms : Number.MAX_VALUE),
  agent: (p) => p.agent,
  direction: (p) => p.direction,
  since: (p) => Date.parse(p.connected ? p.since : p.last_seen) || 0,
  id: (p) => p.id,
};

/** Peers that contain the text anywhere, in the wanted order; equal ones stay by id. */
export function arrange(peers: Peer[], filter: string, by: PeerColumn, down: boolean): Peer[] {
  const wanted = filter.trim().toLowerCase();
  const hay = (p: Peer) => [p.id, p.agent, p.path, p.transport, p.direction, ...p.addresses].join(' ').toLowerCase();
  const of = value[by];
  const compare = (a: Peer, b: Peer) => {
    const [x, y] = [of(a), of(b)];
    const order = x < y ? -1 : x > y ? 1 : 0;
    return (down ? -order : order) || (a.id < b.id ? -1 : 1);
  };
  return peers.filter((p) => wanted === '' || hay(p).includes(wanted)).sort(compare);
}

/** The peers of this node, kept up to date by events. */
export class Peers {
  list = new Loader<Peer[]>();
  #api: typeof peersApi;

  constructor(api = peersApi) {
    this.#api = api;
  }

  /** Follows the peers while their screen is open; the answer ends it. */
  start(): () => void {
    const stop = listen<Peer[]>(
      'peers',
      (peers) => {
        this.list.set(peers);
      },
      () => void this.refresh(),
    );
    void this.refresh();
    return stop;
  }

  refresh(): Promise<void> {
    return this.list.load(this.#api.listPeers);
  }

  /** Dials; throws the node's reason when it does not work. */
  async connect(address: string): Promise<void> {
    await this.#api.connectPeer(address.trim());
    await this.refresh();
  }

  /** Hangs up. */
  async disconnect(id: string): Promise<void> {
    await this.#api.disconnectPeer(id);
    await this.refresh();
  }
}
