// The network, looked at while its screen is open.
import * as networkApi from '../api/network';
import type { Overview, Ticket } from '../api/network';
import { toError } from '../api/call';
import { Loader } from './loader.svelte';

/** How often the open screen looks. */
const LookMs = 2000;

/** One word for what a ticket is worth. */
export function ticketState(ticket: Ticket, now: number): 'used' | 'revoked' | 'expired' | 'open' {
  if (ticket.used_at !== '') return 'used';
  if (ticket.revoked_at !== '') return 'revoked';
  return Date.parse(ticket.expires_at) <= now ? 'expired' : 'open';
}

/** The node's reason, for a dialog that stays open. */
export const reason = (raw: unknown): string => toError(raw).message;

/** A QR code as one path: rows of '1' and '0' become unit squares. */
export function qrPath(rows: readonly string[]): string {
  let path = '';
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) if (row[x] === '1') path += `M${String(x)} ${String(y)}h1v1h-1z`;
  });
  return path;
}

export class NetworkState {
  view = new Loader<Overview>();
  #api: typeof networkApi;

  constructor(api = networkApi) {
    this.#api = api;
  }

  /** Looks now and then while the screen is open; the answer ends it. */
  start(): () => void {
    void this.refresh();
    const timer = setInterval(() => {
      if (!document.hidden) void this.refresh();
    }, LookMs);
    return () => {
      clearInterval(timer);
    };
  }

  refresh(): Promise<void> {
    return this.view.load(this.#api.overview);
  }

  /** Does something to the network, then looks again; throws the node's reason. */
  async act(does: (api: typeof networkApi) => Promise<unknown>): Promise<void> {
    try {
      await does(this.#api);
    } finally {
      await this.refresh();
    }
  }

  invite(hours: number, nodes: number): Promise<Ticket[]> {
    return this.#api.invite(hours, nodes);
  }
}
