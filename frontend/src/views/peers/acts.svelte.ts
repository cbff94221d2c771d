// What can be done with a peer. Table, detail and map offer the same.
import type { Peer } from '../../api/peers';
import { f, m } from '../../i18n/index.svelte';
import { Doctor } from '../../state/doctor.svelte';
import { notices } from '../../state/notices.svelte';
import { nameOf, type Peers } from '../../state/peers.svelte';

/** A dialog that is open, and the peer that it is about. */
export type Asked =
  | { kind: 'connect' | 'mine' | 'none' }
  | { kind: 'lines'; lines: string[][] }
  | { kind: 'disconnect' | 'rename' | 'block' | 'forget' | 'command'; peer: Peer };

/** Does things with peers and says how it went. */
export class Acts {
  asked = $state.raw<Asked>({ kind: 'none' });
  /** The peer that something is being done with now. */
  busy = $state('');
  /** Asks again for what only the open view shows. */
  #renew: (() => Promise<void>) | null = null;
  readonly peers: Peers;
  /** Its findings are there when its view is opened again. */
  readonly doctor = new Doctor();

  constructor(peers: Peers) {
    this.peers = peers;
  }

  /** Opens a dialog. */
  ask(asked: Asked): void {
    this.asked = asked;
  }

  /** Asks again for everything on screen. */
  async refresh(): Promise<void> {
    await Promise.all([this.peers.refresh(), this.#renew?.()]);
  }

  /** Names what the open view shows besides peers; the answer ends it. */
  show(renew: () => Promise<void>): () => void {
    this.#renew = renew;
    return () => {
      if (this.#renew === renew) this.#renew = null;
    };
  }

  close(): void {
    this.asked = { kind: 'none' };
  }

  async connect(peer: Peer): Promise<void> {
    const name = nameOf(peer);
    if (peer.addresses.length === 0) {
      notices.tell({ tone: 'bad', text: m().peers.noAddress(name) });
      return;
    }
    await this.#while(peer, async () => {
      await this.peers.reconnect(peer);
      notices.tell({ text: m().peers.connected(name) });
    });
  }

  async ping(peer: Peer): Promise<void> {
    await this.#while(peer, async () => {
      const ms = await this.peers.act((api) => api.pingPeer(peer.id));
      notices.tell({ text: m().peers.pinged(nameOf(peer), m().peers.ms(f(), ms)) });
    });
  }

  /** Keeps it connected or lets it go; undo is the other one. */
  async keep(peer: Peer, on: boolean): Promise<void> {
    const told = () => (on ? m().peers.kept : m().peers.letGo)(nameOf(peer));
    await this.#while(peer, async () => {
      await this.peers.act((api) => api.keepPeer(peer.id, on));
      notices.tell({
        text: told(),
        undo: async () => {
          await this.peers.act((api) => api.keepPeer(peer.id, !on));
          return (on ? m().peers.letGo : m().peers.kept)(nameOf(peer));
        },
      });
    });
  }

  async unblock(peer: Peer): Promise<void> {
    await this.#while(peer, async () => {
      await this.peers.act((api) => api.blockPeer(peer.id, false));
      notices.tell({ text: m().peers.unblocked(nameOf(peer)) });
    });
  }

  async #while(peer: Peer, does: () => Promise<void>): Promise<void> {
    if (this.busy !== '') return;
    this.busy = peer.id;
    await notices.attempt(does);
    this.busy = '';
  }
}
