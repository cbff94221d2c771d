// The node's numbers of the last ten minutes, looked at while they are on screen.
import * as nodeApi from '../api/node';
import type { Sample } from '../api/node';
import { Loader } from './loader.svelte';

/** The node takes a sample this often; looking more often shows nothing new. */
const LookMs = 5000;

/** Numbers that have a curve, in their order on screen. */
export const Series = [
  'requests',
  'latency_ms',
  'entries',
  'messages',
  'lost',
  'in_flight',
  'sockets',
  'behind',
  'goroutines',
  'descriptors',
  'memory_bytes',
  'peers',
] as const satisfies readonly (keyof Sample)[];

/** The samples, and the curve of each number. */
export class HistoryState {
  samples = new Loader<Sample[]>();
  #api: Pick<typeof nodeApi, 'getHistory'>;

  constructor(api: Pick<typeof nodeApi, 'getHistory'> = nodeApi) {
    this.#api = api;
  }

  /** Looks now and then while its section is open; the answer ends it. */
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
    return this.samples.load(this.#api.getHistory);
  }

  /** The values of one number, oldest first. */
  curve(of: (typeof Series)[number]): number[] {
    return (this.samples.data ?? []).map((sample) => sample[of]);
  }
}
