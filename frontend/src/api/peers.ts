// Other nodes as this one knows them.
import * as Peers from '../wailsjs/go/api/Peers';
import { call, type Plain } from './call';

export type Peer = Plain<Awaited<ReturnType<typeof Peers.List>>>[number];

/** Connected peers first, then those only known. */
export const listPeers = (): Promise<Peer[]> => call(Peers.List());

/** Dials a multiaddress that ends in /p2p/<id>. */
export const connectPeer = (address: string): Promise<void> => call(Peers.Connect(address));

/** Ends all connections to a peer. */
export const disconnectPeer = (id: string): Promise<void> => call(Peers.Disconnect(id));
