// The gateway's last requests, live while they are on screen.
import * as nodeApi from '../api/node';
import type { GatewayRequest } from '../api/node';
import { toError } from '../api/call';
import { Loader } from './loader.svelte';

/** Requests that the page holds; the node keeps as many. */
export const MaxRequests = 500;
const LookMs = 1000;

/** Which requests to show. */
export interface RequestFilter {
  failed: boolean;
  search: string;
}

/** Whether a request passes a filter. */
export function passes(request: GatewayRequest, filter: RequestFilter): boolean {
  if (filter.failed && request.status < 400) return false;
  const wanted = filter.search.trim().toLowerCase();
  const { method, route, status, account, code, request_id } = request;
  return `${method} ${route} ${String(status)} ${account} ${code} ${request_id}`.toLowerCase().includes(wanted);
}

/** The list, newest first. */
export class Requests {
  list = new Loader<GatewayRequest[]>();
  paused = $state(false);
  #api: Pick<typeof nodeApi, 'getRequests'>;
  #last = '';

  constructor(api: Pick<typeof nodeApi, 'getRequests'> = nodeApi) {
    this.#api = api;
  }

  /** Follows the gateway while its screen is open; the answer ends it. */
  start(): () => void {
    void this.refresh();
    const timer = setInterval(() => {
      if (!document.hidden && !this.paused) void this.refresh();
    }, LookMs);
    return () => {
      clearInterval(timer);
    };
  }

  /** Asks for what is new. A node that was started anew counts from the beginning again. */
  async refresh(): Promise<void> {
    try {
      const news = await this.#api.getRequests(this.#last);
      this.#last = news.at(-1)?.seq ?? this.#last;
      if (news.length > 0 || this.list.data === null)
        this.list.set([...news.reverse(), ...(this.list.data ?? [])].slice(0, MaxRequests));
    } catch (raw) {
      if (this.list.data === null) this.list.error = toError(raw);
    }
  }
}
