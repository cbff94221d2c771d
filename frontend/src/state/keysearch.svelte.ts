// Looking for keys by more than their beginning. The node looks at some thousand
// keys per question; what it found is shown as it comes, and it can be stopped.
import * as kvApi from '../api/kv';
import type { Entry, Provenance, ScanRequest } from '../api/kv';
import { type BackendError, toError } from '../api/call';
import { parseSeconds } from '../lib/duration';
import type { KeyFilter } from './keyfilter';

/** Hits after which the search waits to be asked for more. */
export const FoundPage = 200;
/** Hits that are held; beyond, a narrower filter finds more than scrolling. */
export const MaxFound = 10_000;

/** The fields that cannot be understood. */
export function faultsOf(filter: KeyFilter): (keyof KeyFilter)[] {
  const times = (['within', 'before', 'ends'] as const).filter((name) => parseSeconds(filter[name]) === null);
  const sizes = (['min', 'max'] as const).filter((name) => !/^\d{0,9}$/.test(filter[name]));
  if (sizes.length === 0 && filter.max !== '' && Number(filter.max) < Number(filter.min)) return [...times, 'max'];
  return [...times, ...sizes];
}

/** The question to the node. */
export function requestOf(namespace: string, prefix: string, filter: KeyFilter, now: number): ScanRequest {
  const at = (text: string, sign: number) =>
    text === '' ? '' : new Date(now + sign * (parseSeconds(text) ?? 0) * 1000).toISOString();
  return {
    namespace,
    prefix,
    pattern: filter.pattern,
    content: filter.content,
    min_bytes: Number(filter.min),
    max_bytes: Number(filter.max),
    changed_after: at(filter.within, -1),
    changed_before: at(filter.before, -1),
    expiry: filter.expiry,
    expires_before: at(filter.ends, 1),
    cursor: '',
  };
}

type Api = Pick<typeof kvApi, 'scanKeys'>;

/** One search. */
export class KeySearch {
  found = $state.raw<Entry[]>([]);
  looked = $state(0);
  running = $state(false);
  /** There may be more: it was stopped, or waits to be asked. */
  more = $state(false);
  error = $state.raw<BackendError | null>(null);
  provenance = $state.raw<Provenance | null>(null);
  #request: ScanRequest | null = null;
  #turn = 0;
  #api: Api;

  constructor(api: Api = kvApi) {
    this.#api = api;
  }

  /** Begins anew. */
  async start(request: ScanRequest): Promise<void> {
    this.stop();
    this.#request = request;
    this.found = [];
    this.looked = 0;
    this.error = null;
    await this.next();
  }

  /** Goes on until there is a page of hits more, or the end. */
  async next(): Promise<void> {
    if (this.#request === null || this.running) return;
    const turn = ++this.#turn;
    const until = Math.min(MaxFound, this.found.length + FoundPage);
    this.running = true;
    this.error = null;
    try {
      do {
        const step = await this.#api.scanKeys(this.#request);
        if (turn !== this.#turn) return;
        this.found = [...this.found, ...step.items].slice(0, MaxFound);
        this.looked += step.looked;
        this.provenance = step.provenance;
        this.#request = { ...this.#request, cursor: step.next };
        this.more = step.next !== '' && this.found.length < MaxFound;
      } while (this.more && this.found.length < until);
    } catch (raw) {
      if (turn !== this.#turn) return;
      this.error = toError(raw);
    }
    this.running = false;
  }

  /** Stops; what was found stays, and the search can go on. */
  stop(): void {
    this.#turn += 1;
    this.running = false;
  }
}
