// The room on screen: its messages, what is written in it, who is there, and what
// lies over it.
import * as chatApi from '../api/chat';
import type { Activity, Message, Person, Room } from '../api/chat';
import { Composer } from './chatcompose.svelte';
import { linesOf } from './chatlines';
import { RoomWindow, Unstored } from './chatroom.svelte';
import { chatRooms } from './chat.svelte';
import { chatting } from './chatstate.svelte';
import { Loader } from './loader.svelte';

/** What lies over a room. */
export type RoomDialog =
  | { kind: 'date' }
  | { kind: 'delete' | 'earlier' | 'ladder' | 'react'; message: Message }
  | { kind: 'command'; lines: string[][] };

/** One visit of a room. */
export class RoomSession {
  readonly id: string;
  /** Puts the focus into the field; the composer says how. */
  write: () => void = () => undefined;
  readonly window: RoomWindow;
  readonly composer: Composer;
  people = new Loader<Person[]>();
  activity = $state.raw<Activity>({ room: '', typing: [], present: [] });
  dialog = $state.raw<RoomDialog | null>(null);
  /** The message that has the one tab stop of the list. */
  active = $state('');
  /** Where the reader was when they came; the line "new" stays there for this visit. */
  unreadFrom = $state(0);
  lines = $derived.by(() => linesOf(this.window.messages, this.unreadFrom));
  #names = $derived.by(() => new Map((this.people.data ?? []).map((p) => [p.address, p.name])));

  constructor(id: string) {
    this.id = id;
    this.window = new RoomWindow(id);
    this.composer = new Composer(id, () => this.room?.typing === true);
  }

  get room(): Room | undefined {
    return chatRooms.room(this.id);
  }

  /** The name of an address as it is shown here. */
  name = (address: string): string => this.#names.get(address) ?? chatShort(address);

  /** Opens the room at a position, else at what was not read, else at its end; returns where. */
  async open(position: number): Promise<number> {
    const first = this.room?.first_unread ?? 0;
    if (this.unreadFrom === 0) this.unreadFrom = first >= Unstored ? 0 : first;
    const at = position > 0 ? position : this.unreadFrom;
    await this.window.open(at);
    return at;
  }

  /** Follows the room; the answer ends it. */
  start(): () => void {
    void this.#meet(true);
    void this.#look();
    const stop = chatting.hear((event) => {
      this.window.hear(event);
      if (event.room !== '' && event.room !== this.id) return;
      if (event.kind === 'activity') void this.#look();
      else if (event.kind === 'rooms' || event.kind === 'lost') void this.#meet(false);
    });
    return () => {
      stop();
      void this.composer.keep().catch(() => undefined);
    };
  }

  /** The newest own message that can be changed. */
  get lastOwn(): Message | undefined {
    return this.window.newer ? undefined : this.window.messages.findLast(mayEdit);
  }

  async #meet(first: boolean): Promise<void> {
    await this.people.load(() => chatApi.listPeople(this.id));
    if (first) this.composer.begin(this.room?.draft ?? '', this.people.data ?? []);
    else this.composer.people = this.people.data ?? [];
  }

  async #look(): Promise<void> {
    try {
      this.activity = await chatApi.activityIn(this.id);
    } catch {
      // Who types is a courtesy; without an answer nobody does.
      this.activity = { room: this.id, typing: [], present: [] };
    }
  }
}

/** Whether a message can be changed by its author. */
export const mayEdit = (m: Message): boolean =>
  m.mine && m.kind === 'text' && !m.deleted && m.step !== 'failed' && m.step !== 'queued' && m.waiting === '';

/** An address, shortened to its ends. */
export const chatShort = (address: string): string =>
  address.length > 14 ? `${address.slice(0, 6)}…${address.slice(-4)}` : address;
