// The equal lines of the command line, for "Show as command". Each begins after
// the name of the program.
import type { Peer } from '../api/peers';
import { fullAddress } from './peers.svelte';

/** What each view shows, by its place in the address of the page. */
export const viewCommands: Readonly<Record<string, string[][]>> = {
  '': [['peers', 'ls', '--all']],
  map: [
    ['peers', 'ls', '--all'],
    ['peers', 'me'],
  ],
  graph: [
    ['peers', 'ls'],
    ['peers', 'matrix'],
  ],
  paths: [
    ['peers', 'matrix'],
    ['peers', 'timeline'],
  ],
  doctor: [['doctor']],
  gossip: [
    ['peers', 'gossip'],
    ['peers', 'traffic'],
  ],
};

/** What can be done with a peer now. */
export function peerCommands(peer: Peer): string[][] {
  const { id } = peer;
  const address = peer.addresses[0];
  const dial = address === undefined ? [] : [['peers', 'connect', fullAddress(address, id)]];
  return [
    ['peers', 'show', id],
    ...(peer.connected
      ? [
          ['peers', 'ping', id],
          ['peers', 'why', id],
        ]
      : []),
    ['peers', 'name', id, peer.name === '' ? 'NAME' : peer.name],
    ['peers', 'keep', id, ...(peer.keep ? ['--off'] : [])],
    ...(peer.connected ? [['peers', 'disconnect', id]] : peer.blocked ? [] : dial),
    ['peers', peer.blocked ? 'unblock' : 'block', id],
    ...(peer.connected ? [] : [['peers', 'forget', id]]),
  ];
}
