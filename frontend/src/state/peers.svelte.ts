// Other nodes: the table, its order and filter, and what can be done with one.
import { listen } from '../api/events';
import * as peersApi from '../api/peers';
import type { Me, PathReason, Peer } from '../api/peers';
import { toError } from '../api/call';
import { countryName } from '../lib/pins';
import { shortId } from '../lib/text';
import { Loader } from './loader.svelte';

/** Columns that the table sorts by. */
export const columns = [
  'state',
  'id',
  'path',
  'transport',
  'place',
  'latency',
  'traffic',
  'role',
  'agent',
  'protocols',
  'direction',
  'since',
] as const;
export type PeerColumn = (typeof columns)[number];

/** Which peers are looked at. */
export const kinds = ['all', 'connected', 'offline', 'members', 'blocked'] as const;
export type PeerKind = (typeof kinds)[number];

/** One of the choices, whatever the address of the page says. */
export const pick = <T extends string>(choices: readonly T[], wanted: string, otherwise: T): T =>
  choices.find((choice) => choice === wanted) ?? otherwise;

/** How often the open screen asks for numbers that move all the time. */
const AskMs = 5000;
/** Every so many turns the node is told that somebody still looks; it forgets after half a minute. */
const LookTurns = 3;
/** Addresses of one peer that are dialled at once. */
const MaxDials = 6;

/** A longer name is refused by the node. */
export const MaxNameBytes = 64;

/** The node's reason, for a dialog that stays open. */
export const reason = (raw: unknown): string => toError(raw).message;

/** An address that another node can dial: with the peer's id at its end. */
export const fullAddress = (address: string, id: string): string =>
  address.endsWith(`/p2p/${id}`) ? address : `${address}/p2p/${id}`;

/** What a person calls a peer: its name if it has one. */
export const nameOf = (peer: Pick<Peer, 'id' | 'name'>): string => (peer.name === '' ? shortId(peer.id) : peer.name);

/** A place in words, such as "Bavaria, Germany"; '' when it is not a public one. */
export function placeName(place: Peer['place'], language: string): string {
  if (place.kind !== 'public') return '';
  const country = countryName(place.country, language);
  return place.region === '' || place.region === country ? country : `${place.region}, ${country}`;
}

const value: Record<PeerColumn, (peer: Peer) => string | number> = {
  // Connected first, blocked last.
  state: (p) => (p.blocked ? 2 : p.connected ? 0 : 1),
  id: (p) => nameOf(p).toLowerCase(),
  path: (p) => p.path,
  transport: (p) => p.transport,
  place: (p) => (p.place.kind === 'public' ? `0 ${p.place.country} ${p.place.region}` : `1 ${p.place.kind}`),
  // Unknown latency is not a fast one.
  latency: (p) => (p.connected && p.latency_ms > 0 ? p.latency_ms : Number.MAX_VALUE),
  traffic: (p) => -(p.rate_in + p.rate_out),
  role: (p) => (p.member ? `0 ${p.role}` : `1 ${p.role}`),
  agent: (p) => p.agent,
  protocols: (p) => -p.protocols.length,
  direction: (p) => p.direction,
  since: (p) => Date.parse(p.connected ? p.since : p.last_seen) || 0,
};

const belongs: Record<PeerKind, (peer: Peer) => boolean> = {
  all: () => true,
  connected: (p) => p.connected,
  offline: (p) => !p.connected,
  members: (p) => p.member,
  blocked: (p) => p.blocked,
};

/** What the table shows. */
export interface View {
  kind: PeerKind;
  filter: string;
  by: PeerColumn;
  down: boolean;
  language: string;
  /** Places are not to be found by their name while they are hidden. */
  hidePlaces: boolean;
}

/** Peers of a kind that contain the text anywhere, in the wanted order; equal ones stay by id. */
export function arrange(peers: readonly Peer[], view: View): Peer[] {
  const wanted = view.filter.trim().toLowerCase();
  const place = (p: Peer) => (view.hidePlaces ? '' : placeName(p.place, view.language));
  const hay = (p: Peer) =>
    [p.id, p.name, p.agent, p.path, p.transport, p.direction, p.role, place(p), ...p.addresses, ...p.protocols]
      .join(' ')
      .toLowerCase();
  const of = value[view.by];
  const compare = (a: Peer, b: Peer) => {
    const [x, y] = [of(a), of(b)];
    const order = x < y ? -1 : x > y ? 1 : 0;
    return (view.down ? -order : order) || (a.id < b.id ? -1 : 1);
  };
  return peers.filter((p) => belongs[view.kind](p) && (wanted === '' || hay(p).includes(wanted))).sort(compare);
}

/** The shown peers as lines with tabs between the fields, for a spreadsheet. Heads are the columns' words. */
export function tableText(peers: readonly Peer[], heads: string[], language: string, hidePlaces: boolean): string {
  const plain = (text: string) => text.replaceAll(/\s+/g, ' ');
  const rows = peers.map((p) => [
    p.blocked ? 'blocked' : p.connected ? 'connected' : 'offline',
    p.name === '' ? p.id : `${p.name} (${p.id})`,
    p.path,
    p.transport,
    hidePlaces ? '' : placeName(p.place, language) || p.place.kind,
    p.latency_ms > 0 ? String(p.latency_ms) : '',
    `${p.bytes_in} / ${p.bytes_out}`,
    p.role,
    p.agent,
    p.protocols.join(' '),
    p.direction,
    p.connected ? p.since : p.last_seen,
  ]);
  return [heads.slice(0, columns.length), ...rows].map((row) => row.map(plain).join('\t')).join('\n');
}

/** Whether nobody is far away: then a map has nothing to show, and a graph more. */
export const allLocal = (peers: readonly Peer[]): boolean =>
  peers.every((p) => !p.connected || p.place.kind === 'local' || p.place.kind === 'computer');

/** The peers of this node, kept up to date by events. */
export class Peers {
  list = new Loader<Peer[]>();
  me = new Loader<Me>();
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
    // Events tell who comes and goes; latency and rates move all the time and are asked for.
    let turn = 0;
    const timer = setInterval(() => {
      if (document.hidden) return;
      turn += 1;
      void this.list.load(this.#api.listPeers);
      if (turn % LookTurns === 0) this.#look();
    }, AskMs);
    this.#look();
    void this.refresh();
    return () => {
      clearInterval(timer);
      stop();
    };
  }

  // A node that measures less often is no fault to tell anybody.
  #look(): void {
    this.#api.look().catch(() => undefined);
  }

  /** One of them, by its id. */
  find(id: string): Peer | undefined {
    return this.list.data?.find((p) => p.id === id);
  }

  async refresh(): Promise<void> {
    await Promise.all([this.list.load(this.#api.listPeers), this.me.load(this.#api.getMe)]);
  }

  /** Does something with a peer, then looks again; throws the node's reason when it does not work. */
  async act<T>(does: (api: typeof peersApi) => Promise<T>): Promise<T> {
    try {
      return await does(this.#api);
    } finally {
      await this.list.load(this.#api.listPeers);
    }
  }

  /** Why the way to a peer is what it is. */
  why(id: string): Promise<PathReason> {
    return this.#api.whyPath(id);
  }

  /** Dials an address; throws the node's reason when it does not work. */
  connect(address: string): Promise<void> {
    return this.act((api) => api.connectPeer(address.trim()));
  }

  /** Dials a known peer at its addresses at once; throws the first reason when none answers. */
  async reconnect(peer: Peer): Promise<void> {
    const full = peer.addresses.slice(0, MaxDials).map((a) => fullAddress(a, peer.id));
    await this.act(async (api) => {
      try {
        await Promise.any(full.map((address) => api.connectPeer(address)));
      } catch (raw) {
        throw raw instanceof AggregateError ? raw.errors[0] : raw;
      }
    });
  }
}
