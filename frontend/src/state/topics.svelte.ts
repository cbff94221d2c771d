// A topic that is listened to: its newest messages, who is there, and counters.
import * as topicsApi from '../api/topics';
import type { Member, Message } from '../api/topics';
import { type BackendError, toError } from '../api/call';
import { Loader } from './loader.svelte';

/** Messages that are kept to be looked at; the oldest go first. */
export const MaxMessages = 1000;
/** Bytes of them that are kept. */
export const MaxMessageBytes = 8 << 20;

/** A message with its number in this visit. */
export type Heard = Message & { number: number };

/** One topic at a time. */
export class TopicListener {
  topics = new Loader<string[]>();
  members = new Loader<Member[]>();
  /** The newest first. */
  messages = $state.raw<Heard[]>([]);
  received = $state(0);
  bytes = $state(0);
  /** Messages that came during a pause. */
  held = $state(0);
  paused = $state(false);
  listening = $state(false);
  /** Why it ended by itself. */
  ended = $state('');
  error = $state.raw<BackendError | null>(null);
  #waiting: Heard[] = []; // the newest first, as on screen
  #turn = 0;
  #id = '';
  #api: typeof topicsApi;

  constructor(api = topicsApi) {
    this.#api = api;
  }

  /** Lists the topics of a namespace. */
  look(namespace: string): Promise<void> {
    return this.topics.load(() => this.#api.listTopics(namespace));
  }

  /** Asks who is present. */
  who(namespace: string, topic: string): Promise<void> {
    return this.members.load(() => this.#api.presenceIn(namespace, topic));
  }

  /** Listens until stop() is called. */
  async start(namespace: string, topic: string): Promise<void> {
    const turn = ++this.#turn;
    this.error = null;
    this.ended = '';
    this.members.clear();
    try {
      const id = await this.#api.listenTo(namespace, topic);
      if (turn !== this.#turn) {
        await this.#api.stopListening(id);
        return;
      }
      this.#id = id;
      this.listening = true;
      void this.who(namespace, topic);
      while (turn === this.#turn && this.listening) {
        const answer = await this.#api.nextMessages(id);
        if (turn !== this.#turn) return;
        this.#take(answer.messages);
        if (!answer.ended) continue;
        this.ended = answer.why;
        this.listening = false;
      }
    } catch (raw) {
      if (turn !== this.#turn) return;
      this.error = toError(raw);
      this.listening = false;
    }
  }

  /** Listens no more. What was heard stays. */
  stop(): void {
    this.#turn += 1;
    this.listening = false;
    const id = this.#id;
    this.#id = '';
    if (id !== '') void this.#api.stopListening(id).catch(() => undefined);
  }

  /** Forgets what was heard. */
  clear(): void {
    this.messages = [];
    this.#waiting = [];
    this.held = 0;
    this.received = 0;
    this.bytes = 0;
  }

  /** Stops the list from moving, or lets it go on. */
  pause(paused: boolean): void {
    this.paused = paused;
    if (paused) return;
    this.#show(this.#waiting);
    this.#waiting = [];
    this.held = 0;
  }

  /** Sends a message. */
  publish(namespace: string, topic: string, data: Uint8Array): Promise<void> {
    return this.#api.publish(namespace, topic, data);
  }

  #take(messages: Message[]): void {
    const heard = messages.map((m) => ({ ...m, number: ++this.received })).reverse();
    for (const m of messages) this.bytes += m.size;
    if (!this.paused) {
      this.#show(heard);
      return;
    }
    this.held += heard.length;
    this.#waiting = cut([...heard, ...this.#waiting]);
  }

  #show(heard: Heard[]): void {
    if (heard.length > 0) this.messages = cut([...heard, ...this.messages]);
  }
}

/** Keeps the newest, which come first. */
function cut(messages: Heard[]): Heard[] {
  let bytes = 0;
  const end = messages.findIndex((m, i) => i >= MaxMessages || (bytes += m.size) > MaxMessageBytes);
  return end === -1 ? messages : messages.slice(0, Math.max(1, end));
}
