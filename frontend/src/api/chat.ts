// The chat's rooms as lists show them, and the messages in them.
import * as Anchat from '../wailsjs/go/api/Anchat';
import * as ChatMessages from '../wailsjs/go/api/ChatMessages';
import * as ChatRooms from '../wailsjs/go/api/ChatRooms';
import type { api } from '../wailsjs/go/models';
import { call, type Plain } from './call';
import type { PageFile } from './files';

export type Room = Plain<api.ChatRoom>;
export type Message = Plain<api.ChatMessage>;
export type Attachment = Plain<api.ChatAttachment>;
export type Quote = Plain<api.ChatQuote>;
export type Person = Plain<api.ChatPerson>;
export type Page = Plain<api.ChatPage>;
export type Query = Plain<api.ChatQuery>;
export type Draft = Plain<api.ChatDraft>;
export type Search = Plain<api.ChatSearch>;
export type Hit = Plain<api.ChatHit>;
export type Ladder = Plain<api.ChatLadder>;
export type Activity = Plain<api.ChatActivity>;

/** Sealing or fetching a file of 32 MiB takes a while. */
const FileMs = 10 * 60_000;

/** The rooms, those with the newest message first. */
export const listRooms = (): Promise<Room[]> => call(ChatRooms.List());

/** Finds or makes the room with one other wallet; with the own address it is the note to self. */
export const directRoom = (address: string): Promise<Room> => call(ChatRooms.Direct(address));

/** Seals the chat's keys again. */
export const lockChat = (): Promise<void> => call(Anchat.Lock());

/** Who is in a room. */
export const listPeople = (room: string): Promise<Person[]> => call(ChatRooms.People(room));

/** A part of a room. */
export const listMessages = (query: Query): Promise<Page> => call(ChatMessages.List(query));

/** The position of the first message at or after a time. */
export const positionAt = (room: string, at: string): Promise<number> => call(ChatMessages.At(room, at));

/** Puts a message in the queue. */
export const sendMessage = (draft: Draft): Promise<Message> => call(ChatMessages.Send(draft));

/** Changes the text of an own message. */
export const editMessage = (room: string, id: string, text: string, mentions: string[]): Promise<void> =>
  call(ChatMessages.Edit(room, id, text, mentions));

/** Takes a message out of the room. */
export const deleteMessage = (room: string, id: string): Promise<void> => call(ChatMessages.Delete(room, id));

/** Puts a sign on a message, or takes it back. */
export const reactTo = (room: string, id: string, sign: string, on: boolean): Promise<void> =>
  call(ChatMessages.React(room, id, sign, on));

/** Tries a message again that was not delivered. */
export const resendMessage = (room: string, id: string): Promise<void> => call(ChatMessages.Resend(room, id));

/** Drops a message that was not sent. */
export const discardMessage = (room: string, id: string): Promise<void> => call(ChatMessages.Discard(room, id));

/** Says up to where the person has read. */
export const markRead = (room: string, position: number): Promise<void> => call(ChatMessages.MarkRead(room, position));

/** Keeps a text that was not sent. */
export const saveDraft = (room: string, text: string): Promise<void> => call(ChatMessages.SaveDraft(room, text));

/** Finds messages by their words. */
export const searchMessages = (search: Search): Promise<Hit[]> => call(ChatMessages.Search(search));

/** How far an own message is, and what shows it. */
export const ladderOf = (room: string, id: string): Promise<Ladder> => call(ChatMessages.Ladder(room, id));

/** Tells the room that the person types. */
export const tellTyping = (room: string): Promise<void> => call(ChatMessages.Type(room));

/** What others do in a room now. */
export const activityIn = (room: string): Promise<Activity> => call(ChatMessages.Activity(room));

/** Seals a file for the next message. */
export const attachFile = (room: string, file: PageFile): Promise<Attachment> =>
  call(ChatMessages.Attach({ room, file } as Parameters<typeof ChatMessages.Attach>[0]), FileMs);

/** Drops a file that was not sent. */
export const unattachFile = (room: string, id: string): Promise<void> => call(ChatMessages.Unattach(room, id));

/** A picture of a message, in base64. */
export const showFile = (room: string, message: string, file: string): Promise<string> =>
  call(ChatMessages.Show({ room, message, file }), FileMs);

/** Starts a task that brings a file and writes it to a target. */
export const fetchFile = (room: string, message: string, file: string, to: PageFile): Promise<string> =>
  call(ChatMessages.Save({ room, message, file }, to));
