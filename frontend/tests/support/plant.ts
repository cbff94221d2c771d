// Answers of a node that is somewhere in the world: no test machine has peers on
// public addresses, so what the node would say of them is put in its place. The
// page, its policy and everything else stay those of the real node.
import type { Page } from 'playwright-core';

const day = '2026-11-27T';

/** The id of a planted peer. */
export const idOf = (name: string): string => `12D3KooW${name.padEnd(44, 'x')}`;

const peer = (name: string, over: object = {}): object => ({
  id: idOf(name),
  name,
  addresses: ['/ip4/203.0.113.7/tcp/4001'],
  address: '/ip4/203.0.113.7/tcp/4001',
  connected: true,
  direction: 'outbound',
  path: 'direct-quic',
  relay: '',
  transport: 'quic',
  agent: 'debros/0.9.1',
  version: '0.9.1',
  protocols: ['/debros/rpc/1', '/ipfs/id/1.0.0', '/meshsub/1.1.0'],
  role: 'node',
  member: false,
  latency_ms: 40,
  latencies: [38, 44, 40, 39, 60, 41, 40],
  bytes_in: '1234567',
  bytes_out: '7654321',
  rate_in: 1200,
  rate_out: 640,
  since: `${day}10:00:00Z`,
  last_seen: `${day}12:00:00Z`,
  blocked: false,
  keep: false,
  place: { kind: 'unknown', country: '', region: '', lat: 0, lon: 0 },
  ...over,
});

const at = (country: string, region: string, lat: number, lon: number) => ({
  place: { kind: 'public', country, region, lat, lon },
});
const off = { connected: false, path: 'offline', transport: '', latency_ms: 0, latencies: [], direction: '' };
const only = (kind: string) => ({ place: { kind, country: '', region: '', lat: 0, lon: 0 } });

/** Peers all over the world, and of every kind that is on no map. */
const worldwide = [
  peer('berlin-1', { ...at('DE', 'Berlin', 52.5, 13.4), member: true, latency_ms: 14 }),
  peer('berlin-2', { ...at('DE', 'Berlin', 52.5, 13.4), path: 'direct-tcp', transport: 'tcp', latency_ms: 16 }),
  peer('paris', { ...at('FR', 'Île-de-France', 48.7, 2.5), latency_ms: 24, keep: true }),
  peer('london', { ...at('GB', 'England', 52.5, -1.3), path: 'hole-punched', latency_ms: 31 }),
  peer('oregon', { ...at('US', 'Oregon', 43.9, -120.6), latency_ms: 160 }),
  peer('saopaulo', { ...at('BR', 'São Paulo', -22.2, -48.8), latency_ms: 210 }),
  peer('tokyo', { ...at('JP', 'Tokyo', 35.7, 139.6), latency_ms: 240, direction: 'inbound' }),
  peer('sydney', { ...at('AU', 'New South Wales', -32.2, 147), latency_ms: 290 }),
  peer('mumbai', { ...at('IN', 'Maharashtra', 19.5, 76), ...off }),
  peer('laptop', {
    ...only('relay'),
    path: 'relayed',
    relay: idOf('paris'),
    transport: 'tcp',
    role: 'client',
    latency_ms: 88,
  }),
  peer('nas', { ...only('local'), path: 'lan', transport: 'tcp', latency_ms: 0.6, member: true }),
  peer('worker', { ...only('computer'), path: 'local', transport: 'tcp', latency_ms: 0.2 }),
  peer('phone', { ...only('carrier'), latency_ms: 55 }),
  peer('', {
    ...only('unknown'),
    id: '12D3KooWH3uVF6wv47WnArKHk5p6cvgCJEb74UTmxztmQDc298L3',
    agent: '',
    protocols: [],
  }),
  peer('gone', { ...off, blocked: true }),
];

const self = {
  id: 'me',
  name: 'home',
  addresses: [],
  best: '',
  public_address: '198.51.100.4',
  ...at('DE', 'Bavaria', 48.9, 11.4),
  qr: [],
};

const members = ['home', 'berlin-1', 'paris', 'tokyo'];
const cell = (from: string, to: string, ms: number, path = 'direct-quic', age_ms = 4000) => ({
  from: idOf(from),
  to: idOf(to),
  ms,
  path,
  age_ms,
});
const matrix = {
  sharing: true,
  nodes: members.map((name) => ({
    id: idOf(name),
    name,
    self: name === 'home',
    known: true,
    shared: name !== 'tokyo',
    age_ms: 1000,
  })),
  cells: [
    cell('home', 'berlin-1', 14),
    cell('berlin-1', 'home', 17),
    cell('home', 'paris', 24),
    cell('paris', 'home', 26, 'direct-quic', 300_000),
    cell('home', 'tokyo', 240),
    cell('paris', 'berlin-1', 95, 'relayed'),
  ],
};
const changes = [
  {
    at: new Date(Date.now() - 7_200_000).toISOString(),
    peer: idOf('paris'),
    name: 'paris',
    from: 'relayed',
    to: 'direct-quic',
  },
  {
    at: new Date(Date.now() - 600_000).toISOString(),
    peer: idOf('mumbai'),
    name: 'mumbai',
    from: 'direct-tcp',
    to: 'offline',
  },
];
const finding = (id: string, title: string, result: string, evidence: string, remedy = '') => ({
  id,
  title,
  result,
  evidence,
  remedy,
});
const findings = [
  finding('listening', 'Listening', 'ok', 'TCP 4001 and UDP 4001.'),
  finding(
    'tcp',
    'Reachable by TCP',
    'bad',
    'Others could not dial 198.51.100.4:4001.',
    'Open TCP port 4001 in the router.',
  ),
  finding('ipv6', 'IPv6', 'off', 'This computer has no public IPv6 address.'),
  finding(
    'port-mapping',
    'Port mapping',
    'warn',
    'The router answers neither UPnP nor NAT-PMP.',
    'Switch UPnP on in the router.',
  ),
];

/** What shows that a view has its planted data. */
export const planted: Record<string, string> = {
  '': '[data-peer]',
  map: '[data-mark="me"]',
  graph: '[data-node]',
  paths: '[data-cell]',
  doctor: '[data-finding="tcp"]',
  gossip: 'dl.card',
};

/** Runs in the page: the node's own news of peers would take the place of what is planted. */
function deafToPeers(): void {
  const stream = EventSource.prototype as { addEventListener: (name: string, ...rest: unknown[]) => void };
  const listen = stream.addEventListener;
  stream.addEventListener = function (name, ...rest) {
    if (name !== 'peers') listen.call(this, name, ...rest);
  };
}

/** Puts answers in the place of the node's own. The Peers screen is to be opened after it. */
export async function plant(page: Page): Promise<void> {
  const all: Record<string, unknown> = {
    'Peers.List': worldwide,
    'Peers.Me': self,
    'Peers.Matrix': matrix,
    'Peers.Timeline': changes,
    'Peers.Doctor': findings,
  };
  await page.addInitScript(deafToPeers);
  await page.evaluate(deafToPeers);
  await page.route('**/api/call', async (route) => {
    const { method } = route.request().postDataJSON() as { method: string };
    if (method in all) await route.fulfill({ json: { result: all[method] } });
    else await route.continue();
  });
}
