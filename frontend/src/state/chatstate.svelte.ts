// How the chat is, and who hears what changed in it. The rail shows its counts on
// every screen, so this comes with the first page; rooms and messages do not.
import { chatState, type Event, type State } from '../api/chatstate';
import { listen } from '../api/events';
import { Loader } from './loader.svelte';
import { router } from './route.svelte';

/** Who wants to know of changes: the room on screen, for one. */
export type Hearer = (event: Event) => void;

/** Stands for events that were lost: anything may have changed. */
const lost: Event = { kind: 'lost', room: '', version: 0 };

/** A chat that is not there yet, as while the node starts, is asked for again after this. */
const RetryMs = 2000;

/** The chat's state, kept up to date by events. */
export class ChatState {
  state = new Loader<State>();
  #read: () => Promise<State>;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #hearers = new Set<Hearer>();
  #asking = false;
  #again = false;

  constructor(read = chatState) {
    this.#read = read;
  }

  get ready(): boolean {
    return this.state.data?.state === 'ready';
  }

  /** Follows the node's chat; the answer ends it. */
  start(): () => void {
    const stop = listen<Event>(
      'chat',
      (event) => {
        this.take(event);
      },
      () => {
        this.renew();
      },
    );
    void this.refresh();
    return () => {
      stop();
      clearTimeout(this.#retry);
    };
  }

  /** Has everybody read anew what they show. */
  renew(): void {
    this.take(lost);
  }

  /** Hears of changes; the answer ends it. */
  hear(hearer: Hearer): () => void {
    this.#hearers.add(hearer);
    return () => this.#hearers.delete(hearer);
  }

  /** Takes one event. */
  take(event: Event): void {
    if (event.kind === 'open')
      router.go('anchat', event.room); // the person clicked a notification
    else if (event.kind !== 'activity') void this.refresh();
    for (const hearer of this.#hearers) hearer(event);
  }

  /** Asks anew; events that come while a question is open are answered by one more. */
  async refresh(): Promise<void> {
    this.#again = true;
    if (this.#asking) return;
    this.#asking = true;
    while (this.#again) {
      this.#again = false;
      await this.state.load(this.#read);
    }
    this.#asking = false;
    clearTimeout(this.#retry);
    if (this.state.error?.code === 'unavailable') this.#retry = setTimeout(() => void this.refresh(), RetryMs);
  }
}

/** The app's chat. */
export const chatting = new ChatState();
