// The words of the Peers screen in English.
import type { Formats } from '../formats';

export const peers = {
  peers: {
    title: 'Peers',
    connect: 'Connect',
    connectTitle: 'Connect to a peer',
    address: 'Address of the peer',
    addressHint:
      'A multiaddress that ends in /p2p/ and the peer’s ID. The other node shows its own under “My addresses”.',
    faults: {
      empty: 'Enter an address.',
      no_slash: 'A multiaddress begins with “/”, such as /ip4/….',
      no_peer: 'The address lacks its end: /p2p/ and the peer’s ID.',
      bad_peer: 'What follows /p2p/ is not a peer ID. It begins with 12D3Koo.',
      no_transport: 'The address begins with /ip4/, /ip6/ or /dns/.',
      bad_port: 'The port must be a number from 1 to 65535.',
      spaces: 'An address has no blanks.',
    },
    connecting: 'Connecting…',
    connected: (id: string) => `Connected to ${id}`,
    disconnect: 'Disconnect',
    disconnectTitle: 'Disconnect from this peer?',
    disconnectHint: 'Both sides lose this connection. Either may dial again, so it can come back by itself.',
    disconnected: (id: string) => `Disconnected from ${id}`,
    mine: 'My addresses',
    mineHint: 'Give one of these to somebody who should connect to this node.',
    filter: 'Filter by ID, program, address…',
    count: (f: Formats, on: number, known: number) =>
      `${f.number(on)} connected${known > 0 ? ` · ${f.number(known)} known` : ''}`,
    columns: {
      state: 'State',
      id: 'Peer',
      path: 'Path',
      transport: 'Transport',
      latency: 'Latency',
      agent: 'Program',
      direction: 'Direction',
      since: 'Since',
      actions: 'Actions',
    },
    on: 'connected',
    off: 'offline',
    seen: (ago: string) => `seen ${ago}`,
    directions: { inbound: 'they dialled', outbound: 'we dialled' } as Record<string, string>,
    paths: { direct: 'direct', relayed: 'relayed', lan: 'local network', 'this computer': 'this computer' } as Record<
      string,
      string
    >,
    detail: 'Peer',
    addresses: 'Addresses',
    protocols: 'Protocols',
    empty: 'No peer yet',
    emptyHint: 'This node works on its own. Connect it to another to exchange messages and data.',
    noMatch: 'No peer matches the filter.',
    gone: 'This peer is not known any more.',
  },
};
