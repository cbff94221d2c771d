// Which peer is where: what the map draws, and the same in words for its list.
import type { Me, Peer } from '../api/peers';
import { type Coordinates, distanceKm } from '../lib/pins';
import { nameOf, placeName } from './peers.svelte';

/** Peers that are told together: one place, or one reason for being on no map. */
export interface PlaceGroup {
  /** The id of the first pin for a place, else the kind (and relay). */
  id: string;
  kind: string;
  /** The place in words; the relay's name for those behind one. */
  name: string;
  /** Kilometres from this node; null when one of both is unknown. */
  km: number | null;
  peers: Peer[];
}

/** The map as data. */
export interface PlaceModel {
  me: Coordinates | null;
  /** Nearest first. */
  pins: { id: string; lat: number; lon: number; tone: 'near' | 'far' | 'away' }[];
  ways: { id: string; lat: number; lon: number; dashed: boolean }[];
  /** Places first, nearest first; then those that are on no map. */
  groups: PlaceGroup[];
  /** Peers around this node: in the local network, and on this computer. */
  lan: number;
  computer: number;
}

/** What is on no map comes in this order. */
const offMap = ['local', 'computer', 'relay', 'carrier', 'unknown'];

/** More are not drawn; there are some 3,700 places in all. */
export const MaxPins = 2000;

const byName = (a: Peer, b: Peer): number => nameOf(a).localeCompare(nameOf(b)) || (a.id < b.id ? -1 : 1);

/** Sorts peers into places. Those that are not connected count only when asked for. */
export function placesOf(
  peers: readonly Peer[],
  self: Me | null,
  options: { offline: boolean; language: string },
): PlaceModel {
  const me = self?.place.kind === 'public' ? { lat: self.place.lat, lon: self.place.lon } : null;
  const seen = peers.filter((p) => p.connected || options.offline);
  const far = (p: Peer): number | null => (me === null ? null : distanceKm(me, p.place));
  const onMap = seen
    .filter((p) => p.place.kind === 'public')
    .sort((a, b) => (far(a) ?? 0) - (far(b) ?? 0) || byName(a, b))
    .slice(0, MaxPins);

  const groups = new Map<string, PlaceGroup>();
  for (const p of onMap) {
    const key = `${String(p.place.lat)} ${String(p.place.lon)}`;
    const group = groups.get(key);
    if (group === undefined) {
      const name = placeName(p.place, options.language);
      groups.set(key, { id: p.id, kind: 'public', name, km: far(p), peers: [p] });
    } else group.peers.push(p);
  }
  for (const kind of offMap) {
    for (const p of seen.filter((one) => one.place.kind === kind).sort(byName)) {
      const key = kind === 'relay' ? `relay ${p.relay}` : kind;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { id: key, kind, name: relayName(peers, p), km: null, peers: [p] });
      else group.peers.push(p);
    }
  }

  const direct = onMap.filter((p) => p.connected);
  const relays = new Set(seen.filter((p) => p.connected && p.place.kind === 'relay').map((p) => p.relay));
  return {
    me,
    // Behind a relay lie peers whose own place nobody knows: it and the way to it are drawn apart.
    pins: onMap.map((p) => {
      const tone = !p.connected ? 'away' : relays.has(p.id) ? 'far' : 'near';
      return { id: p.id, lat: p.place.lat, lon: p.place.lon, tone };
    }),
    ways: direct.map((p) => ({ id: p.id, lat: p.place.lat, lon: p.place.lon, dashed: relays.has(p.id) })),
    groups: [...groups.values()],
    lan: seen.filter((p) => p.place.kind === 'local').length,
    computer: seen.filter((p) => p.place.kind === 'computer').length,
  };
}

function relayName(peers: readonly Peer[], peer: Peer): string {
  if (peer.place.kind !== 'relay') return '';
  const relay = peers.find((p) => p.id === peer.relay);
  return nameOf(relay ?? { id: peer.relay, name: '' });
}

/** How a peer is drawn: reached directly, through a relay, or not at all. */
export const toneOf = (peer: Peer): 'near' | 'far' | 'away' =>
  !peer.connected ? 'away' : peer.path === 'relayed' ? 'far' : 'near';
