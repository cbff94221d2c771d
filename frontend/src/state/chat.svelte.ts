// The rooms of the chat as a list.
import * as chatApi from '../api/chat';
import type { Room } from '../api/chat';
import { m } from '../i18n/index.svelte';
import { chatting, type ChatState } from './chatstate.svelte';
import { Loader } from './loader.svelte';

/** Nobody gave the note to self a name. */
const named = (room: Room): Room =>
  room.kind === 'self' && room.name === '' ? { ...room, name: m().chat.self } : room;

/** The rooms, kept up to date while somebody looks. */
export class ChatRooms {
  list = new Loader<Room[]>();
  #api: Pick<typeof chatApi, 'listRooms'>;
  #chat: ChatState;
  #asking = false;
  #again = false;

  constructor(api: Pick<typeof chatApi, 'listRooms'> = chatApi, chat = chatting) {
    this.#api = api;
    this.#chat = chat;
  }

  /** Follows the rooms; the answer ends it. */
  start(): () => void {
    void this.refresh();
    return this.#chat.hear((event) => {
      if (event.kind !== 'activity' && event.kind !== 'open') void this.refresh();
    });
  }

  /** The rooms to talk in, the newest message first. */
  get open(): Room[] {
    return (this.list.data ?? []).filter((room) => room.state !== 'invited');
  }

  /** A room by its id. */
  room(id: string): Room | undefined {
    return this.list.data?.find((room) => room.id === id);
  }

  /** Asks anew; events that come while a question is open are answered by one more. */
  async refresh(): Promise<void> {
    this.#again = true;
    if (this.#asking) return;
    this.#asking = true;
    while (this.#again) {
      this.#again = false;
      await this.list.load(async () => (await this.#api.listRooms()).map(named));
    }
    this.#asking = false;
  }
}

/** The app's rooms. */
export const chatRooms = new ChatRooms();

/** Finds or makes the note to self; returns the room's id. */
export async function noteToSelf(): Promise<string> {
  const room = await chatApi.directRoom(chatting.state.data?.address ?? '');
  await chatRooms.refresh();
  return room.id;
}

/** Seals the chat's keys until the passphrase is given again. */
export async function lock(): Promise<void> {
  await chatApi.lockChat();
  await chatting.refresh();
}
