// Who is in a room, and the addresses and links by which others come in.
import { toError } from '../api/call';
import * as chatApi from '../api/chatsetup';
import type { ChatAddress, ChatLink, ChatPerson, ChatRoom } from '../api/chatsetup';
import { listen } from '../api/events';
import { Loader } from './loader.svelte';

/** At most so many are asked into a room at once. */
export const MaxAsked = 50;

/** Hears of every change of the chat, and of events that were lost. The answer ends it. */
export function followChat(changed: () => void): () => void {
  return listen<{ kind: string }>(
    'chat',
    ({ kind }) => {
      if (kind !== 'activity' && kind !== 'notify' && kind !== 'open' && kind !== 'code') changed();
    },
    changed,
  );
}

/** Addresses that are typed or pasted, one after another, each judged at once. */
export class Addressees {
  text = $state('');
  list = $state.raw<ChatAddress[]>([]);
  fault = $state('');
  #api: Pick<typeof chatApi, 'readAddress'>;

  constructor(api: Pick<typeof chatApi, 'readAddress'> = chatApi) {
    this.#api = api;
  }

  get addresses(): string[] {
    return this.list.map((one) => one.address);
  }

  /** Some of them have no capital letters that would show a slip. */
  get unchecked(): boolean {
    return this.list.some((one) => one.unchecked);
  }

  /** Takes what was typed; true when nothing of it was wrong. A wrong one stays in the field. */
  async add(): Promise<boolean> {
    this.fault = '';
    for (const word of this.text.split(/[\s,;]+/).filter((part) => part !== '')) {
      if (this.list.length >= MaxAsked) return false;
      const read = await this.#judge(word);
      if (read.problem !== '') {
        this.fault = read.problem;
        return false;
      }
      if (!this.addresses.includes(read.address)) this.list = [...this.list, read];
      this.text = this.text.replace(word, '').replace(/^[\s,;]+/, '');
    }
    this.text = '';
    return true;
  }

  async #judge(word: string): Promise<ChatAddress> {
    try {
      return await this.#api.readAddress(word);
    } catch (raw) {
      return { chain: '', address: word, problem: toError(raw).message, unchecked: false };
    }
  }

  drop(address: string): void {
    this.list = this.list.filter((one) => one.address !== address);
  }
}

/** A link that was pasted, opened or read from a picture: what it is for, and the knock. */
export class JoinByLink {
  url = $state('');
  link = $state.raw<ChatLink | null>(null);
  busy = $state(false);
  fault = $state('');
  #api: Pick<typeof chatApi, 'readLink' | 'joinByLink'>;
  #turn = 0;

  constructor(api: Pick<typeof chatApi, 'readLink' | 'joinByLink'> = chatApi) {
    this.#api = api;
  }

  /** Takes a link and says what it is for; a fault is told once it looks whole. */
  async take(url: string): Promise<void> {
    const turn = ++this.#turn;
    this.url = url;
    this.link = null;
    this.fault = '';
    const wanted = url.trim();
    if (wanted === '') return;
    try {
      const link = await this.#api.readLink(wanted);
      if (turn === this.#turn) this.link = link;
    } catch (raw) {
      if (turn === this.#turn && wanted.startsWith('debros:')) this.fault = toError(raw).message;
    }
  }

  /** Knocks; null when it was refused. */
  async join(): Promise<ChatRoom | null> {
    if (this.busy) return null;
    this.busy = true;
    this.fault = '';
    try {
      return await this.#api.joinByLink(this.url.trim());
    } catch (raw) {
      this.fault = toError(raw).message;
      return null;
    } finally {
      this.busy = false;
    }
  }
}

/** What a panel beside a room shows: its people and its links. */
export class RoomPeople {
  people = new Loader<ChatPerson[]>();
  links = new Loader<ChatLink[]>();
  #api: Pick<typeof chatApi, 'roomPeople' | 'roomLinks'>;

  constructor(
    readonly room: string,
    api: Pick<typeof chatApi, 'roomPeople' | 'roomLinks'> = chatApi,
  ) {
    this.#api = api;
  }

  /** Follows the room; the answer ends it. */
  start(): () => void {
    void this.refresh();
    return followChat(() => void this.refresh());
  }

  async refresh(): Promise<void> {
    await Promise.all([
      this.people.load(() => this.#api.roomPeople(this.room)),
      this.links.load(() => this.#api.roomLinks(this.room)),
    ]);
  }

  /** Members first, owners before them; then who was asked; the banned last. */
  get ordered(): ChatPerson[] {
    const place = (one: ChatPerson) =>
      one.banned ? 9 : one.invited ? 5 : one.role === 'owner' ? 0 : one.role === 'admin' ? 1 : 2;
    return [...(this.people.data ?? [])].sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name));
  }

  person(address: string): ChatPerson | undefined {
    return this.people.data?.find((one) => one.address === address);
  }
}
