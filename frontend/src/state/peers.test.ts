import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Finding, Me, PathMatrix, Peer } from '../api/peers';
import { byWeight, report } from './doctor.svelte';
import { cellsOf, toneOfMs, worstPairs } from './paths.svelte';
import { graphOf, MaxNodes } from './peergraph';
import { placesOf } from './peerplaces';
import { allLocal, arrange, fullAddress, Peers, type PeerColumn, pick, tableText, type View } from './peers.svelte';

const peer = (id: string, over: Partial<Peer> = {}): Peer => ({
  id,
  name: '',
  addresses: [],
  address: '',
  connected: true,
  direction: 'inbound',
  path: 'direct-tcp',
  relay: '',
  transport: 'tcp',
  agent: 'debros',
  version: '',
  protocols: [],
  role: 'node',
  member: false,
  latency_ms: 10,
  latencies: [],
  bytes_in: '0',
  bytes_out: '0',
  rate_in: 0,
  rate_out: 0,
  since: '2026-01-01T00:00:00Z',
  last_seen: '',
  blocked: false,
  keep: false,
  place: { kind: 'unknown', country: '', region: '', lat: 0, lon: 0 },
  ...over,
});

const place = (country: string, region: string, lat: number, lon: number): Peer['place'] => ({
  kind: 'public',
  country,
  region,
  lat,
  lon,
});
const kind = (name: string): Peer['place'] => ({ kind: name, country: '', region: '', lat: 0, lon: 0 });
const bavaria = place('DE', 'Bavaria', 48.9, 11.4);
const me = (over: Partial<Me> = {}): Me => ({
  id: 'me',
  name: 'home',
  addresses: [],
  best: '',
  public_address: '',
  place: bavaria,
  qr: [],
  ...over,
});
const ids = (peers: readonly Peer[]): string[] => peers.map((p) => p.id);

// Who looks for a peer must find it, and find it where it was.
describe('the table', () => {
  const all = [
    peer('c', { connected: false, latency_ms: 0, last_seen: '2026-01-02T00:00:00Z', blocked: true }),
    peer('b', { latency_ms: 0, member: true, rate_in: 500, place: bavaria }),
    peer('a', { latency_ms: 50, agent: 'Kubo', name: 'Ann' }),
  ];
  const view = (over: Partial<View>): View => ({
    kind: 'all',
    filter: '',
    by: 'state',
    down: false,
    language: 'en',
    hidePlaces: false,
    ...over,
  });

  test.each<[string, Partial<View>, string[]]>([
    ['connected ones come first', {}, ['a', 'b', 'c']],
    ['an unknown latency is not the fastest', { by: 'latency' }, ['a', 'b', 'c']],
    ['the busiest comes first', { by: 'traffic' }, ['b', 'a', 'c']],
    ['the other way round', { by: 'id', down: true }, ['c', 'b', 'a']],
    ['the filter looks everywhere, in any case', { filter: 'kubo' }, ['a']],
    ['also in names', { filter: 'ann' }, ['a']],
    ['also in places', { filter: 'germany' }, ['b']],
    ['but not in places that are hidden', { filter: 'germany', hidePlaces: true }, []],
    ['offline ones only', { kind: 'offline' }, ['c']],
    ['members only', { kind: 'members' }, ['b']],
    ['blocked ones only', { kind: 'blocked' }, ['c']],
  ])('%s', (_, over, want) => {
    expect(ids(arrange(all, view(over)))).toEqual(want);
  });

  test('an address of the page that names no column or kind is as none', () => {
    expect(pick<PeerColumn>(['state', 'id'], 'constructor', 'state')).toBe('state');
  });

  test('is copied with one line per peer, whatever a program calls itself', () => {
    const evil = peer('x', { agent: 'a\tb\nc', place: bavaria });
    const [head, line, ...rest] = tableText([evil], Array<string>(13).fill('h'), 'en', true).split('\n');
    expect(rest).toEqual([]);
    expect(head?.split('\t')).toHaveLength(12);
    expect(line?.split('\t')).toHaveLength(12);
    expect(line).toContain('a b c');
    expect(line).not.toContain('Bavaria');
  });
});

// A screen that is not seen must not keep node and battery busy.
describe('an open screen', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test.each([
    ['that is seen asks now and then, and says that somebody looks', false, 7, 3],
    ['in a hidden tab asks nothing after the first time', true, 1, 1],
  ])('%s', async (_, hidden, asks, looks) => {
    vi.useFakeTimers();
    vi.stubGlobal('document', { hidden });
    vi.stubGlobal('window', { runtime: { EventsOnMultiple: () => () => undefined } });
    const asked: string[] = [];
    const answer = (name: string, value: unknown) => () => {
      asked.push(name);
      return Promise.resolve(value);
    };
    const api = { listPeers: answer('list', []), getMe: answer('me', me()), look: answer('look', undefined) };
    const stop = new Peers(api as unknown as ConstructorParameters<typeof Peers>[0]).start();
    await vi.advanceTimersByTimeAsync(30_000);
    stop();
    await vi.advanceTimersByTimeAsync(30_000);
    const count = (name: string) => asked.filter((one) => one === name).length;
    expect([count('list'), count('look')]).toEqual([asks, looks]);
  });
});

// A known peer has several addresses; most of them are dead.
describe('dialling a known peer', () => {
  const api = (answers: Record<string, boolean>, dialled: string[]) =>
    ({
      listPeers: () => Promise.resolve([]),
      connectPeer: (address: string) => {
        dialled.push(address);
        return answers[address] === true ? Promise.resolve() : Promise.reject(new Error(`no answer at ${address}`));
      },
    }) as unknown as ConstructorParameters<typeof Peers>[0];
  const known = peer('x', { addresses: ['/ip4/10.0.0.1/tcp/1', '/ip4/10.0.0.2/tcp/1/p2p/x'] });

  test('works when one of its addresses answers', async () => {
    const dialled: string[] = [];
    await new Peers(api({ '/ip4/10.0.0.2/tcp/1/p2p/x': true }, dialled)).reconnect(known);
    expect(dialled).toEqual(['/ip4/10.0.0.1/tcp/1/p2p/x', '/ip4/10.0.0.2/tcp/1/p2p/x']);
  });

  test('fails with a reason of the node, not with a list of reasons', async () => {
    await expect(new Peers(api({}, [])).reconnect(known)).rejects.toThrow('no answer at /ip4/10.0.0.1');
  });

  test('through a relay the address ends in the peer, not in the relay', () => {
    expect(fullAddress('/ip4/1.2.3.4/tcp/1/p2p/relay/p2p-circuit', 'x')).toBe(
      '/ip4/1.2.3.4/tcp/1/p2p/relay/p2p-circuit/p2p/x',
    );
  });
});

// A pin at a place where nobody is, or an address that was looked up though it is private.
describe('the map', () => {
  const paris = place('FR', 'Île-de-France', 48.7, 2.5);
  const tokyo = place('JP', 'Tokyo', 35.7, 139.7);
  const all = [
    peer('t', { place: tokyo, connected: false }),
    peer('p1', { place: paris }),
    peer('p2', { place: paris, path: 'direct-quic' }),
    peer('home', { place: kind('local'), path: 'lan' }),
    peer('vpn', { place: kind('carrier') }),
    peer('behind', { place: kind('relay'), path: 'relayed', relay: 'p1' }),
    peer('dns', { place: kind('unknown') }),
  ];
  const options = { offline: false, language: 'en' };

  test('has pins for public places only, nearest first, and offline ones when asked for', () => {
    expect(placesOf(all, me(), options).pins.map((p) => p.id)).toEqual(['p1', 'p2']);
    const too = placesOf(all, me(), { ...options, offline: true });
    expect(too.pins.map((p) => [p.id, p.tone])).toEqual([
      ['p1', 'far'],
      ['p2', 'near'],
      ['t', 'away'],
    ]);
    expect(too.ways.map((w) => w.id)).toEqual(['p1', 'p2']);
  });

  test('draws the way to a relay dashed, and gives who is behind it no place', () => {
    expect(placesOf(all, me(), options).ways.map((w) => [w.id, w.dashed])).toEqual([
      ['p1', true],
      ['p2', false],
    ]);
  });

  test('tells everybody in words too: places with distance, then those on no map', () => {
    const { groups, lan } = placesOf(all, me(), options);
    expect(
      groups.map((g) => [g.kind, g.name, g.km === null ? null : Math.round(g.km / 100), ids(g.peers).join()]),
    ).toEqual([
      ['public', 'Île-de-France, France', 7, 'p1,p2'],
      ['local', '', null, 'home'],
      ['relay', 'p1', null, 'behind'],
      ['carrier', '', null, 'vpn'],
      ['unknown', '', null, 'dns'],
    ]);
    expect(lan).toBe(1);
  });

  test('starts nothing from a place that is not known', () => {
    const nowhere = placesOf(all, me({ place: kind('unknown') }), options);
    expect(nowhere.me).toBeNull();
    expect(nowhere.groups[0]?.km).toBeNull();
  });

  test('is left to the graph when everybody is near', () => {
    expect(allLocal([peer('a', { place: kind('local') }), peer('b', { place: kind('computer') })])).toBe(true);
    expect(allLocal(all)).toBe(false);
    // Who is offline says nothing of where this node is now.
    expect(allLocal([peer('t', { place: tokyo, connected: false })])).toBe(true);
  });
});

const cell = (from: string, to: string, ms: number, path = 'direct-tcp') => ({ from, to, ms, path, age_ms: 1000 });
const node = (id: string) => ({ id, name: id.toUpperCase(), self: id === 'me', known: true, shared: true, age_ms: 0 });
const matrix: PathMatrix = {
  sharing: true,
  nodes: ['me', 'a', 'b', 'c'].map(node),
  cells: [
    cell('me', 'a', 10),
    cell('a', 'me', 14),
    cell('a', 'b', 250, 'relayed'),
    cell('b', 'a', 90),
    cell('b', 'c', 0),
  ],
};

// A matrix that shows one number for both directions hides the bad one.
describe('paths between nodes', () => {
  test('the two directions are kept apart', () => {
    const find = cellsOf(matrix);
    expect(find('a', 'b')?.ms).toBe(250);
    expect(find('b', 'a')?.ms).toBe(90);
    expect(find('c', 'a')).toBeUndefined();
  });

  test('a pair is as bad as its worse direction, and told once', () => {
    expect(worstPairs(matrix, 9).map((p) => [p.fromName, p.toName, p.ms])).toEqual([
      ['A', 'B', 250],
      ['A', 'ME', 14],
    ]);
    expect(worstPairs(matrix, 1)).toHaveLength(1);
  });

  test.each([
    [0, 'none'],
    [60, 'good'],
    [61, 'fair'],
    [201, 'poor'],
  ])('%d ms is %s', (ms, tone) => {
    expect(toneOfMs(ms)).toBe(tone);
  });
});

// A graph without the links of others would be a star around this node, whatever the network is.
describe('the graph', () => {
  const self = { id: 'me', name: 'home' };

  test('joins what this node sees with what others told, each link once', () => {
    const { nodes, links } = graphOf(self, [peer('a'), peer('x', { connected: false })], matrix);
    expect(nodes.map((n) => [n.id, n.tone])).toEqual([
      ['me', 'me'],
      ['a', 'near'],
      ['b', 'away'],
      ['c', 'away'],
    ]);
    expect(links.map((l) => `${l.from} ${l.to}`)).toEqual(['me a', 'a b', 'b c']);
    expect(nodes[1]?.links.map((l) => l.name)).toEqual(['home', 'B']);
  });

  test('a path that is lost is no link', () => {
    const lost = { ...matrix, cells: [cell('a', 'b', 0, 'offline')] };
    expect(graphOf(self, [], lost).links).toEqual([]);
  });

  test('says how many it leaves out', () => {
    const many = Array.from({ length: 200 }, (_, i) => peer(`p${String(i)}`));
    const { nodes, hidden } = graphOf(self, many, null);
    expect(nodes).toHaveLength(MaxNodes);
    expect(hidden).toBe(201 - MaxNodes);
    expect(nodes[0]?.tone).toBe('me');
  });
});

// A report that leaves out the remedy is of no help to whom it is sent.
describe('the doctor', () => {
  const finding = (id: string, result: string, remedy = ''): Finding => ({
    id,
    title: `Title ${id}`,
    result,
    evidence: `evidence ${id}`,
    remedy,
  });
  const all = [
    finding('1', 'ok'),
    finding('2', 'off'),
    finding('3', 'warn', 'do this'),
    finding('4', 'bad'),
    finding('5', 'ok'),
  ];

  test('tells the worst first and keeps the rest in order', () => {
    expect(byWeight(all).map((one) => one.id)).toEqual(['4', '3', '1', '5', '2']);
  });

  test('is copied with evidence and remedy', () => {
    expect(report(all.slice(2, 4))).toBe('[warn] Title 3\n  evidence 3\n  do this\n[bad] Title 4\n  evidence 4');
  });
});
