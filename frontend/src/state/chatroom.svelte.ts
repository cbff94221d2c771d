// The messages of the room on screen: a window of them that moves with the reader.
import * as chatApi from '../api/chat';
import type { Message, Page, Query } from '../api/chat';
import { type BackendError, toError } from '../api/call';
import type { Event } from '../api/chatstate';
import { forward } from './chatladder';

/** Messages of one question. */
export const PageSize = 60;
/** Messages that are kept; those farthest from the reader go first. */
export const MaxKept = 300;
/** What is not stored yet stands behind everything that is. */
export const Unstored = 2 ** 52;

type Api = Pick<typeof chatApi, 'listMessages' | 'markRead'>;

/** One room's messages, oldest first. */
export class RoomWindow {
  messages = $state.raw<Message[]>([]);
  older = $state(false);
  newer = $state(false);
  total = $state(0);
  loading = $state(true);
  error = $state.raw<BackendError | null>(null);
  /** Whether the reader is at the end: then what is oldest goes first, else what is newest. */
  atEnd = true;
  #api: Api;
  #room: string;
  #busy = false;
  #stale = false;
  #read = 0;
  #turn = 0;

  constructor(room: string, api: Api = chatApi) {
    this.#room = room;
    this.#api = api;
  }

  /** Opens at a position, or at 0 at the newest message. */
  async open(around: number): Promise<void> {
    const turn = ++this.#turn;
    this.loading = true;
    this.error = null;
    try {
      const page = await this.#ask(around > 0 ? { around } : {});
      if (turn !== this.#turn) return;
      this.#take(page);
    } catch (raw) {
      if (turn === this.#turn) this.error = toError(raw);
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }

  /** Brings what was before; nothing when it is on its way already. */
  loadOlder(): Promise<void> {
    const first = this.messages[0];
    if (!this.older || first === undefined) return Promise.resolve();
    return this.#alone(async () => {
      const page = await this.#ask({ before: first.position });
      const kept = [...page.messages, ...this.messages];
      this.older = page.older;
      if (kept.length > MaxKept) this.newer = true;
      this.messages = kept.slice(0, MaxKept);
    });
  }

  /** Brings what came after. */
  loadNewer(): Promise<void> {
    const last = this.messages.at(-1);
    if (!this.newer || last === undefined) return Promise.resolve();
    return this.#alone(async () => {
      const page = await this.#ask({ after: last.position });
      const kept = [...this.messages, ...page.messages];
      this.newer = page.newer;
      if (kept.length > MaxKept) this.older = true;
      this.messages = kept.slice(-MaxKept);
    });
  }

  /** What an event means for this room. */
  hear(event: Event): void {
    if (event.kind !== 'lost' && (event.kind !== 'messages' || (event.room !== '' && event.room !== this.#room)))
      return;
    void this.refresh();
  }

  /** Reads anew what is here, and what came after it when the reader is at the end. */
  async refresh(): Promise<void> {
    this.#stale = true;
    await this.#alone(() => Promise.resolve());
  }

  /** Tells up to where the reader has seen, when that is farther than before. */
  async seen(position: number): Promise<void> {
    if (position >= Unstored || position <= this.#read) return;
    this.#read = position;
    try {
      await this.#api.markRead(this.#room, position);
    } catch {
      this.#read = 0; // it stays unread, and the next look tells it again
    }
  }

  /** One question at a time; news that came meanwhile are asked for after it. */
  async #alone(does: () => Promise<void>): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const turn = this.#turn;
    try {
      await does();
      while (this.#stale && turn === this.#turn) {
        this.#stale = false;
        await this.#again();
      }
      this.error = null;
    } catch (raw) {
      if (turn === this.#turn) this.error = toError(raw);
    } finally {
      this.#busy = false;
    }
  }

  async #again(): Promise<void> {
    const middle = this.messages[this.messages.length >> 1];
    const limit = Math.min(500, Math.max(PageSize, this.messages.length + PageSize));
    const turn = this.#turn;
    const page = await this.#ask(this.newer && middle !== undefined ? { around: middle.position, limit } : { limit });
    if (turn === this.#turn) this.#merge(page);
  }

  /** Puts a new answer over what was there; what it does not reach stays. */
  #merge(page: Page): void {
    const [first, last] = [page.messages[0], page.messages.at(-1)];
    const old = this.messages.filter((m) => m.position < Unstored);
    const from = this.messages[0]?.position ?? 0;
    if (first === undefined || last === undefined || first.position > (old.at(-1)?.position ?? 0)) {
      this.#take(page); // so much came that nothing of the old is next to it
      return;
    }
    const before = old.filter((m) => m.position < first.position);
    const after = page.newer ? old.filter((m) => m.position > last.position) : [];
    const inside = page.messages.filter((m) => m.position >= from);
    const known = new Map(this.messages.map((m) => [m.id, m]));
    this.messages = [...before, ...inside.map((m) => forward(known.get(m.id), m)), ...after];
    if (before.length === 0 && inside.length === page.messages.length) this.older = page.older;
    else if (inside.length < page.messages.length) this.older = true;
    if (after.length === 0) this.newer = page.newer;
    this.total = page.total;
    if (this.messages.length <= MaxKept) return;
    if (this.atEnd) this.older = true;
    else this.newer = true;
    this.messages = this.atEnd ? this.messages.slice(-MaxKept) : this.messages.slice(0, MaxKept);
  }

  #take(page: Page): void {
    const known = new Map(this.messages.map((m) => [m.id, m]));
    this.messages = page.messages.map((m) => forward(known.get(m.id), m));
    this.older = page.older;
    this.newer = page.newer;
    this.total = page.total;
  }

  #ask(part: Partial<Query>): Promise<Page> {
    return this.#api.listMessages({ room: this.#room, before: 0, after: 0, around: 0, limit: PageSize, ...part });
  }
}
