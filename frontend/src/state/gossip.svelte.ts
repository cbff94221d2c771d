// How the node finds others, what it carries for them and how much: looked at
// while its tab is open.
import * as peersApi from '../api/peers';
import type { Gossip, Traffic } from '../api/peers';
import { Loader } from './loader.svelte';

/** How often the open tab looks. */
const LookMs = 5000;

export class GossipView {
  gossip = new Loader<Gossip>();
  traffic = new Loader<Traffic>();
  #api: typeof peersApi;

  constructor(api = peersApi) {
    this.#api = api;
  }

  /** Looks now and then; the answer ends it. */
  start(): () => void {
    void this.refresh();
    const timer = setInterval(() => {
      if (!document.hidden) void this.refresh();
    }, LookMs);
    return () => {
      clearInterval(timer);
    };
  }

  async refresh(): Promise<void> {
    await Promise.all([this.gossip.load(this.#api.getGossip), this.traffic.load(this.#api.getTraffic)]);
  }
}
