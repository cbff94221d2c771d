// Events of the node. Each name counts its own from one subscription on, so a
// hole is seen; whoever listens then asks for everything again.
import { EventsOn } from '../wailsjs/runtime/runtime';
import { link } from './link';

/** The names that the node sends. */
export type EventName = 'app' | 'chat' | 'closing' | 'links' | 'logs' | 'node' | 'peers' | 'tasks' | 'wallet';

interface Numbered {
  seq: number;
  data: unknown;
}

/** Finds holes in one numbered row. */
export class Counter {
  #next = -1;

  /** Tells whether events were lost before number seq. */
  missed(seq: number): boolean {
    const hole = this.#next !== -1 && seq !== this.#next;
    this.#next = seq + 1;
    return hole;
  }

  /** Forgets the count, after a new start of the row. */
  reset(): void {
    this.#next = -1;
  }
}

/** Hears one kind of event. onGap means: ask for the snapshot again. The answer ends both. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- what the node sends under a name is known to the caller only
export function listen<T>(name: EventName, onData: (data: T) => void, onGap: () => void): () => void {
  const counter = new Counter();
  const stop = EventsOn(name, (payload: Numbered) => {
    if (counter.missed(payload.seq)) onGap();
    onData(payload.data as T);
  });
  const stopGap = link.onGap(() => {
    counter.reset();
    onGap();
  });
  return () => {
    stop();
    stopGap();
  };
}
