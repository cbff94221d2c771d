// The chat around its timeline: the lock, rooms and their people, devices, backup.
import * as Anchat from '../wailsjs/go/api/Anchat';
import * as ChatDevices from '../wailsjs/go/api/ChatDevices';
import * as ChatPeople from '../wailsjs/go/api/ChatPeople';
import * as ChatRooms from '../wailsjs/go/api/ChatRooms';
import type { api } from '../wailsjs/go/models';
import { call, type Plain } from './call';
import type { PageFile } from './files';

export type ChatState = Plain<api.ChatState>;
export type ChatRoom = Plain<api.ChatRoom>;
export type ChatPerson = Plain<api.ChatPerson>;
export type ChatDevice = Plain<api.ChatDevice>;
export type ChatSafety = Plain<api.ChatSafety>;
export type ChatLink = Plain<api.ChatLink>;
export type ChatAddress = Plain<api.ChatAddress>;
export type ChatCode = Plain<api.ChatCode>;
export type ChatRefusal = Plain<api.ChatRefusal>;
export type ChatBackup = Plain<api.ChatBackup>;
export type BackupMade = Plain<api.ChatBackupMade>;
export type Enrolment = Plain<api.ChatEnrolment>;
export type EnrolOptions = Plain<api.ChatEnrolOptions>;
export type EnrolPage = Plain<api.BrowserSignIn>;
export type NewRoom = Plain<api.ChatNewRoom>;
export type RoomChange = Plain<api.ChatRoomChange>;
export type RoomSettings = Plain<api.ChatRoomSettings>;
export type Role = 'owner' | 'admin' | 'member';

/** A passphrase takes a second to try, and the keychain may ask the person something. */
const MaxKeyMs = 90_000;
/** A text waits two minutes for its answer. */
const MaxSignMs = 150_000;
/** A page in the browser lives for five minutes. */
const MaxBrowserMs = 370_000;
/** What the network has to take may have to wait for its members. */
const MaxChangeMs = 65_000;

export const chatState = (): Promise<ChatState> => call(Anchat.State());
export const enrolWallet = (
  wallet: string,
  chain: string,
  options: EnrolOptions,
  passphrase: string,
): Promise<ChatState> => call(Anchat.EnrolWallet(wallet, chain, options, passphrase), MaxSignMs);
export const enrolBrowser = (options: EnrolOptions, passphrase: string): Promise<EnrolPage> =>
  call(Anchat.EnrolBrowser(options, passphrase));
export const enrolWait = (id: string): Promise<ChatState> => call(Anchat.EnrolWait(id), MaxBrowserMs);
export const enrolCancel = (id: string): Promise<void> => call(Anchat.EnrolCancel(id));
export const enrolText = (address: string): Promise<Enrolment> => call(Anchat.EnrolText(address));
export const enrolSigned = (
  id: string,
  signature: string,
  options: EnrolOptions,
  passphrase: string,
): Promise<ChatState> => call(Anchat.EnrolSigned(id, signature, options, passphrase), MaxKeyMs);
export const unlockChat = (address: string, passphrase: string): Promise<ChatState> =>
  call(Anchat.Unlock(address, passphrase), MaxKeyMs);
export const lockChat = (): Promise<void> => call(Anchat.Lock(), MaxChangeMs);
export const forgetChat = (address: string): Promise<void> => call(Anchat.Forget(address), MaxChangeMs);
export const readAddress = (text: string): Promise<ChatAddress> => call(Anchat.ReadAddress(text));

export const listRooms = (): Promise<ChatRoom[]> => call(ChatRooms.List());
export const readRoom = (room: string): Promise<ChatRoom> => call(ChatRooms.Room(room), MaxChangeMs);
export const createRoom = (room: NewRoom): Promise<ChatRoom> => call(ChatRooms.Create(room), MaxChangeMs);
export const directRoom = (address: string): Promise<ChatRoom> => call(ChatRooms.Direct(address), MaxChangeMs);
export const acceptRoom = (room: string): Promise<void> => call(ChatRooms.Accept(room), MaxChangeMs);
export const refuseRoom = (room: string): Promise<void> => call(ChatRooms.Refuse(room), MaxChangeMs);
export const changeRoom = (change: RoomChange): Promise<void> => call(ChatRooms.Change(change), MaxChangeMs);
export const setRoom = (settings: RoomSettings): Promise<void> => call(ChatRooms.Set(settings), MaxChangeMs);
export const roomPeople = (room: string): Promise<ChatPerson[]> => call(ChatRooms.People(room));
export const invitePeople = (room: string, addresses: string[]): Promise<void> =>
  call(ChatRooms.Invite(room, addresses), MaxChangeMs);
export const removePerson = (room: string, address: string, ban: boolean): Promise<void> =>
  call(ChatRooms.Remove(room, address, ban), MaxChangeMs);
export const unbanPerson = (room: string, address: string): Promise<void> =>
  call(ChatRooms.Unban(room, address), MaxChangeMs);
export const setRole = (room: string, address: string, role: Role): Promise<void> =>
  call(ChatRooms.SetRole(room, address, role), MaxChangeMs);
export const leaveRoom = (room: string): Promise<void> => call(ChatRooms.Leave(room), MaxChangeMs);
export const roomLinks = (room: string): Promise<ChatLink[]> => call(ChatRooms.Links(room));
export const makeLink = (room: string, seconds: number, uses: number): Promise<ChatLink> =>
  call(ChatRooms.MakeLink({ room, expires_in: seconds, uses }), MaxChangeMs);
export const revokeLink = (room: string, id: string): Promise<void> =>
  call(ChatRooms.RevokeLink(room, id), MaxChangeMs);
export const readLink = (url: string): Promise<ChatLink> => call(ChatRooms.ReadLink(url));
export const joinByLink = (url: string): Promise<ChatRoom> => call(ChatRooms.Join(url), MaxChangeMs);

export const readPerson = (address: string): Promise<ChatPerson> => call(ChatPeople.Person(address));
export const contacts = (): Promise<ChatPerson[]> => call(ChatPeople.Contacts());
export const nicknameOf = (address: string, name: string): Promise<void> => call(ChatPeople.Nickname(address, name));
export const blockPerson = (address: string, on: boolean): Promise<void> => call(ChatPeople.Block(address, on));
export const safetyOf = (address: string): Promise<ChatSafety> => call(ChatPeople.Safety(address));
export const verifyPerson = (address: string, on: boolean): Promise<void> => call(ChatPeople.Verify(address, on));
export const checkSafety = (address: string, code: string): Promise<void> =>
  call(ChatPeople.CheckSafety(address, code));

export const listDevices = (): Promise<ChatDevice[]> => call(ChatDevices.List());
export const nameDevice = (fingerprint: string, name: string): Promise<void> =>
  call(ChatDevices.Name(fingerprint, name));
export const revokeDevice = (fingerprint: string): Promise<void> => call(ChatDevices.Revoke(fingerprint), MaxChangeMs);
export const deviceCode = (): Promise<ChatCode> => call(ChatDevices.Code());
export const approveDevice = (code: string): Promise<ChatDevice> => call(ChatDevices.Approve(code), MaxChangeMs);
export const makeBackup = (passphrase: string): Promise<BackupMade> =>
  call(ChatDevices.MakeBackup(passphrase), MaxChangeMs);
export const postponeBackup = (): Promise<void> => call(ChatDevices.PostponeBackup());
export const restoreBackup = (secret: string): Promise<string> => call(ChatDevices.Restore(secret));
export const exportChat = (room: string, format: string, file: PageFile, passphrase: string): Promise<string> =>
  call(ChatDevices.Export({ room, format, file } as Parameters<typeof ChatDevices.Export>[0], passphrase));
export const refusals = (): Promise<ChatRefusal[]> => call(ChatDevices.Refusals());
