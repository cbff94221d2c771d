// The person's own devices, the backup of their keys, and files of the history.
import * as chatApi from '../api/chatsetup';
import type { ChatBackup, ChatDevice, ChatState } from '../api/chatsetup';
import type { PageFile } from '../api/files';
import type { Task } from '../api/tasks';
import { followChat } from './chatpeople.svelte';
import { files } from './files.svelte';
import { Loader } from './loader.svelte';

type Files = Pick<typeof files, 'target' | 'fetch' | 'drop'>;

/** The state of the chat and the devices of its wallet. */
export class OwnDevices {
  state = new Loader<ChatState>();
  devices = new Loader<ChatDevice[]>();
  #api: Pick<typeof chatApi, 'chatState' | 'listDevices'>;

  constructor(api: Pick<typeof chatApi, 'chatState' | 'listDevices'> = chatApi) {
    this.#api = api;
  }

  /** Follows them; the answer ends it. */
  start(): () => void {
    void this.refresh();
    return followChat(() => void this.refresh());
  }

  async refresh(): Promise<void> {
    await Promise.all([this.state.load(this.#api.chatState), this.devices.load(this.#api.listDevices)]);
  }

  /** Whether another device was there before this one, which could have let it in. */
  second(device: ChatDevice): boolean {
    return (this.devices.data ?? []).some((one) => one.created_at < device.created_at);
  }

  /** This device came beside others and none of them let it in. */
  get unapproved(): boolean {
    const here = this.devices.data?.find((one) => one.this);
    return here !== undefined && !here.approved && this.second(here);
  }

  /** Those that live, this one first; then those that were revoked. */
  get ordered(): ChatDevice[] {
    const place = (one: ChatDevice) => (one.this ? 0 : one.revoked_at === '' ? 1 : 2);
    return [...(this.devices.data ?? [])].sort(
      (a, b) => place(a) - place(b) || b.created_at.localeCompare(a.created_at),
    );
  }
}

/** What the page says of a backup. */
export type BackupFace = 'none' | 'locked' | 'behind' | 'good';

/** How a backup is: none, not open here, keys still to be written, or all in it. */
export const backupFace = (backup: ChatBackup): BackupFace =>
  !backup.exists ? 'none' : !backup.open ? 'locked' : backup.pending > 0 ? 'behind' : 'good';

/** Groups of a recovery code that are asked back. */
export const AskedGroups = 2;

/** The groups of a recovery code, as they are printed. */
export const codeGroups = (code: string): string[] => code.split(/[\s-]+/).filter((group) => group !== '');

/** A backup that is being made: its code is shown once and asked back. */
export class BackupRun {
  step = $state<'passphrase' | 'code' | 'check' | 'done'>('passphrase');
  code = $state('');
  /** Which groups are asked, from 0. */
  asked = $state.raw<number[]>([]);
  typed = $state<string[]>([]);
  #api: Pick<typeof chatApi, 'makeBackup'>;
  #random: () => number;

  constructor(api: Pick<typeof chatApi, 'makeBackup'> = chatApi, random: () => number = Math.random) {
    this.#api = api;
    this.#random = random;
  }

  /** Begins the backup. Throws the node's reason. */
  async make(passphrase: string): Promise<void> {
    const made = await this.#api.makeBackup(passphrase);
    this.code = made.code;
    this.step = 'code';
  }

  /** Draws the groups that are asked back. */
  ask(): void {
    const all = codeGroups(this.code).map((_, i) => i);
    const drawn: number[] = [];
    while (drawn.length < AskedGroups && all.length > 0)
      drawn.push(...all.splice(Math.floor(this.#random() * all.length), 1));
    this.asked = drawn.sort((a, b) => a - b);
    this.typed = this.asked.map(() => '');
    this.step = 'check';
  }

  /** Judges what was typed; true when the person has the code. */
  check(): boolean {
    const groups = codeGroups(this.code);
    const plain = (text: string) => text.trim().toUpperCase();
    if (!this.asked.every((at, i) => plain(this.typed[i] ?? '') === plain(groups[at] ?? ''))) return false;
    this.forget();
    this.step = 'done';
    return true;
  }

  /** Forgets the code. */
  forget(): void {
    this.code = '';
    this.typed = [];
  }
}

/** Opens the backup and reads it; the answer is the task when it is over. */
export async function restore(
  secret: string,
  began: (task: string) => void,
  ended: (id: string) => Promise<Task>,
  api: Pick<typeof chatApi, 'restoreBackup'> = chatApi,
): Promise<Task> {
  const id = await api.restoreBackup(secret);
  began(id);
  return ended(id);
}

/** The formats of an export. */
export const ExportFormats = ['html', 'jsonl', 'age'] as const;
export type ExportFormat = (typeof ExportFormats)[number];

/** Writes a room or everything to a file of the person; null when the dialog was closed. */
export async function exportChat(
  what: { room: string; name: string; format: ExportFormat; passphrase: string; title: string },
  began: (task: string) => void,
  ended: (id: string) => Promise<Task>,
  api: Pick<typeof chatApi, 'exportChat'> = chatApi,
  to: Files = files,
): Promise<Task | null> {
  const file: PageFile | null = await to.target(what.title, `${what.name}.${what.format}`);
  if (file === null) return null;
  const id = await api.exportChat(what.room, what.format, file, what.passphrase);
  began(id);
  const task = await ended(id);
  if (task.file_id !== '') to.fetch(task.file_id, task.file_name);
  return task;
}
