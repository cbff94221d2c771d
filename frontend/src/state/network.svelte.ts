// The network, looked at while its screen is open.
import * as networkApi from '../api/network';
import type { Member, NetworkInfo, Overview, Ticket } from '../api/network';
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

/** What people call a network. */
export const networkName = (network: NetworkInfo): string => (network.name === '' ? network.id : network.name);

/** The network's own group: who votes in it decides for the network. */
const SystemGroup = 'system';

/** Whether a member has a vote about the network itself. */
export const votes = (view: Overview, id: string): boolean =>
  view.groups.some(
    (group) =>
      group.namespace === SystemGroup &&
      group.replicas.some((replica) => replica.node === id && replica.role === 'voter'),
  );

/** The namespaces that a member keeps a replica of. */
export const hostedBy = (view: Overview, id: string): string[] =>
  view.groups
    .filter((group) => group.replicas.some((replica) => replica.node === id))
    .map((group) => group.namespace)
    .sort();

/** What leaving means, before it is done. */
export interface LeaveSurvey {
  /** Groups with a replica here, and those that are led from here. */
  groups: number;
  leads: number;
  /** Namespaces that nobody else has now: they are copied first. */
  only: string[];
  /** Other members that can take over now, and those that are away. */
  takers: number;
  away: number;
}

/** Looks at what this node would hand over. */
export function surveyLeave(view: Overview): LeaveSurvey {
  const me = view.members.find((one) => one.self)?.id ?? '';
  const others = view.members.filter((one) => !one.self && one.state === 'active');
  const mine = view.groups.filter((group) => group.replicas.some((replica) => replica.node === me));
  return {
    groups: mine.length,
    leads: mine.filter((group) => group.leader === me).length,
    only: mine.filter((group) => group.replicas.length === 1).map((group) => group.namespace),
    takers: others.filter((one) => one.connected).length,
    away: others.filter((one) => !one.connected).length,
  };
}

/** How a member is, as a mark and a word's key. */
export function memberState(one: Member): { mark: 'ok' | 'degraded' | 'down'; word: string } {
  if (one.state === 'gone') return { mark: 'down', word: 'gone' };
  if (one.state !== 'active') return { mark: 'degraded', word: one.state };
  return one.connected || one.self ? { mark: 'ok', word: 'connected' } : { mark: 'degraded', word: 'away' };
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
