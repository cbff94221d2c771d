// What the person writes in a room: a new message, an answer or a changed one.
import * as chatApi from '../api/chat';
import type { Attachment, Message, Person } from '../api/chat';
import type { PageFile } from '../api/files';
import { byteLength } from '../lib/marks';
import { candidates, toAddresses, toNames } from './chatmention';

/** Of a message, in UTF-8. */
export const MaxTextBytes = 16_000;
/** Of one message. */
export const MaxFiles = 10;
export const MaxFileBytes = 32 * 1024 * 1024;
/** A draft is kept so long after the last key. */
export const DraftMs = 800;
/** "Types" is said again after this time, as it ends after six seconds. */
export const TypingMs = 4000;

type Api = Pick<
  typeof chatApi,
  'attachFile' | 'editMessage' | 'saveDraft' | 'sendMessage' | 'tellTyping' | 'unattachFile'
>;
type Later = (fn: () => void, ms: number) => () => void;

const clock: Later = (fn, ms) => {
  const id = setTimeout(fn, ms);
  return () => {
    clearTimeout(id);
  };
};

/** The writer's side of one room. */
export class Composer {
  text = $state('');
  replyTo = $state.raw<Message | null>(null);
  editing = $state.raw<Message | null>(null);
  files = $state.raw<Attachment[]>([]);
  /** Files that are on their way to be sealed. */
  taking = $state(0);
  people = $state.raw<Person[]>([]);
  readonly room: string;
  #chosen = $state.raw<ReadonlyMap<string, string>>(new Map());
  /** What would be sent. */
  outgoing = $derived.by(() => toAddresses(this.text, this.#chosen));
  #api: Api;
  #later: Later;
  #drop: (() => void) | null = null;
  #aside = '';
  #last: Promise<unknown> = Promise.resolve();
  #typedAt = -Infinity;
  #tells: () => boolean;

  constructor(room: string, tells: () => boolean = () => false, api: Api = chatApi, later = clock) {
    this.room = room;
    this.#tells = tells;
    this.#api = api;
    this.#later = later;
  }

  /** Bytes of what would be sent. */
  get bytes(): number {
    return byteLength(this.outgoing.text.trim());
  }

  get tooLong(): boolean {
    return this.bytes > MaxTextBytes;
  }

  get empty(): boolean {
    return this.text.trim() === '' && (this.editing !== null || this.files.length === 0);
  }

  get maySend(): boolean {
    return !this.empty && !this.tooLong && this.taking === 0;
  }

  /** Begins with a kept draft. */
  begin(draft: string, people: readonly Person[]): void {
    this.people = [...people];
    if (this.text !== '' || draft === '') return;
    this.#put(draft);
  }

  /** Takes what was typed. */
  type(text: string, now = Date.now()): void {
    this.text = text;
    if (this.editing === null) this.#keepLater();
    if (text.trim() === '' || now - this.#typedAt < TypingMs || !this.#tells()) return;
    this.#typedAt = now;
    this.#api.tellTyping(this.room).catch(() => undefined); // only a courtesy
  }

  /** Who may be meant by what stands behind the @ at the cursor. */
  candidates(cursor: number): { from: number; list: Person[] } {
    return candidates(this.people, this.text, cursor);
  }

  /** Puts a person in place of what was typed; returns where the cursor goes. */
  mention(person: Person, from: number, cursor: number): number {
    const twice = this.people.some((p) => p.address !== person.address && p.name === person.name);
    const name = twice ? person.address : person.name;
    this.#chosen = new Map([...this.#chosen, [name, person.address]]);
    this.type(`${this.text.slice(0, from)}@${name} ${this.text.slice(cursor)}`);
    return from + name.length + 2;
  }

  /** Begins an answer. */
  reply(message: Message): void {
    this.#leaveEdit();
    this.replyTo = message;
  }

  /** Begins to change an own message; what was written stands aside meanwhile. */
  edit(message: Message): void {
    if (this.editing === null) this.#aside = this.outgoing.text;
    this.replyTo = null;
    this.editing = message;
    this.#put(message.text);
  }

  /** Leaves the answer or the change. */
  cancel(): void {
    this.replyTo = null;
    this.#leaveEdit();
  }

  /** Puts back a text that was not sent. */
  restore(text: string): void {
    this.#leaveEdit();
    this.#put(this.text === '' ? text : `${text}\n${this.outgoing.text}`);
    this.#keepLater();
  }

  /**
   * Sends or changes; true when that worked. The field is free at once, as the next
   * message may be typed meanwhile; what failed comes back before it.
   */
  async send(): Promise<boolean> {
    if (!this.maySend) return false;
    const { text, mentions } = this.outgoing;
    const [editing, reply, files] = [this.editing, this.replyTo, this.files];
    this.#clear();
    const does = (): Promise<unknown> =>
      editing === null
        ? this.#api.sendMessage({
            room: this.room,
            text: text.trim(),
            reply_to: reply?.id ?? '',
            mentions,
            files: files.map((file) => file.id),
          })
        : this.#api.editMessage(this.room, editing.id, text.trim(), mentions);
    const turn = this.#last.then(does); // in the order in which they were written
    this.#last = turn.catch(() => undefined);
    try {
      await turn;
    } catch (raw) {
      if (editing !== null) this.edit(editing);
      else [this.replyTo, this.files] = [reply, [...files, ...this.files]];
      this.#put(editing !== null || this.text === '' ? text : `${text}\n${this.outgoing.text}`);
      throw raw;
    }
    if (editing === null) {
      // The draft that is kept must not come back as if it had not been sent.
      this.#drop ??= () => undefined;
      void this.keep().catch(() => undefined);
    }
    return true;
  }

  /** Seals a file for the message; it is dropped again when the message is not wanted. */
  async take(file: PageFile): Promise<void> {
    this.taking += 1;
    try {
      const attachment = await this.#api.attachFile(this.room, file);
      this.files = [...this.files, attachment];
    } finally {
      this.taking -= 1;
    }
  }

  /** Drops a file of the message. */
  async drop(id: string): Promise<void> {
    this.files = this.files.filter((file) => file.id !== id);
    await this.#api.unattachFile(this.room, id);
  }

  /** Keeps the draft at once: the room is left. */
  async keep(): Promise<void> {
    if (this.#drop === null) return;
    this.#drop();
    this.#drop = null;
    await this.#api.saveDraft(this.room, this.editing === null ? this.outgoing.text : this.#aside);
  }

  #clear(): void {
    this.#typedAt = -Infinity;
    if (this.editing !== null) {
      this.#leaveEdit();
      return;
    }
    this.replyTo = null;
    this.files = [];
    this.text = '';
    this.#chosen = new Map();
  }

  #leaveEdit(): void {
    if (this.editing === null) return;
    this.editing = null;
    this.#put(this.#aside);
    this.#aside = '';
  }

  #put(text: string): void {
    const { text: typed, chosen } = toNames(text, this.people);
    this.text = typed;
    this.#chosen = chosen;
  }

  #keepLater(): void {
    this.#drop?.();
    this.#drop = this.#later(() => {
      this.keep().catch(() => undefined); // the text is still on screen, and is kept with the next key
    }, DraftMs);
  }
}
