// Which network the node is in, by its name for people, and who else is in it.
// Asked anew when the node says that it changed; the Network screen looks closer.
import * as networkApi from '../api/network';
import type { Member, NetworkInfo } from '../api/network';

/** The network of the frame. */
export class Place {
  networks = $state.raw<NetworkInfo[]>([]);
  members = $state.raw<Member[]>([]);
  current = $derived(this.networks.find((n) => n.current));
  #api: Pick<typeof networkApi, 'overview'>;

  constructor(api: Pick<typeof networkApi, 'overview'> = networkApi) {
    this.#api = api;
  }

  /** Its name, else a short form of its id, '' while it is not known. */
  get name(): string {
    const at = this.current;
    if (at === undefined) return '';
    return at.name === '' ? at.id.slice(0, 8) : at.name;
  }

  /**
   * Members that this node is not connected with. Without a leader the list cannot
   * be asked for anew; with no peer at all none of it is connected.
   */
  missing(peers: number): Member[] {
    return this.members.filter((one) => !one.self && (!one.connected || peers === 0));
  }

  /** Asks; what is known stays when there is no answer, the status bar says why. */
  async refresh(): Promise<void> {
    try {
      const { networks, members } = await this.#api.overview();
      this.networks = networks;
      this.members = members;
    } catch {
      // See above.
    }
  }
}

/** The app's network. */
export const place = new Place();
