// What can be done with a message.
import Copy from '@lucide/svelte/icons/copy';
import CornerUpLeft from '@lucide/svelte/icons/corner-up-left';
import History from '@lucide/svelte/icons/history';
import ListChecks from '@lucide/svelte/icons/list-checks';
import Pencil from '@lucide/svelte/icons/pencil';
import RotateCw from '@lucide/svelte/icons/rotate-cw';
import SmilePlus from '@lucide/svelte/icons/smile-plus';
import Trash from '@lucide/svelte/icons/trash-2';
import Undo from '@lucide/svelte/icons/undo-2';
import type { Message } from '../../api/chat';
import { m } from '../../i18n/index.svelte';
import { withNames } from '../../lib/mention';
import { deleting, discarding, reacting, resending } from '../../state/chatacts';
import { Unstored } from '../../state/chatroom.svelte';
import { mayEdit, type RoomSession } from '../../state/chatsession.svelte';
import { copy } from '../../state/clipboard';
import { notices } from '../../state/notices.svelte';

/** One line of the menu. */
interface Item {
  label: string;
  icon: typeof Copy;
  danger?: boolean;
  group?: string;
  run: () => void;
}

/** The signs that are offered. */
export const signs = ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '👀'];

const readable = (message: Message): boolean => message.kind === 'text' && !message.deleted && message.waiting === '';

/** Whether a message can be answered and reacted to: it has a name that all devices know. */
export const mayAnswer = (session: RoomSession, message: Message): boolean =>
  readable(message) && message.position < Unstored && session.room?.may_write === true;

/** Whether the reader may take a message out of the room. */
export const mayDelete = (session: RoomSession, message: Message): boolean =>
  readable(message) && message.position < Unstored && (message.mine || session.room?.may_manage === true);

const mayDiscard = (message: Message): boolean =>
  message.mine && (message.step === 'failed' || message.step === 'queued');

/** Begins an answer; the composer takes the focus. */
export function reply(session: RoomSession, message: Message): void {
  session.composer.reply(message);
  session.write();
}

/** Begins to change a message. */
export function edit(session: RoomSession, message: Message): void {
  session.composer.edit(message);
  session.write();
}

export const react = (session: RoomSession, message: Message, sign: string, on: boolean): Promise<void> =>
  notices.attempt(() => reacting(session.id, message.id, sign, on));

export const resend = (session: RoomSession, message: Message): Promise<void> =>
  notices.attempt(() => resending(session.id, message.id));

export const remove = (session: RoomSession, message: Message): Promise<void> =>
  notices.attempt(() => deleting(session.id, message.id));

/** Takes a message back that is not sent; its text can be had again. */
export async function discard(session: RoomSession, message: Message): Promise<void> {
  await notices.attempt(async () => {
    await discarding(session.id, message.id);
    notices.tell({
      text: m().chat.discarded,
      undo: () => {
        session.composer.restore(message.text);
        session.write();
        return Promise.resolve(m().chat.restored);
      },
    });
  });
}

/** Copies what a message says, with names in it. */
export const copyText = (session: RoomSession, message: Message): Promise<boolean> =>
  copy(withNames(message.text, session.name));

/** All of it as a menu. */
export function messageMenu(session: RoomSession, message: Message): Item[] {
  const t = m().chat;
  const all: [boolean, Item][] = [
    [
      mayAnswer(session, message),
      {
        label: t.reply,
        icon: CornerUpLeft,
        run: () => {
          reply(session, message);
        },
      },
    ],
    [
      mayAnswer(session, message),
      { label: t.react, icon: SmilePlus, run: () => (session.dialog = { kind: 'react', message }) },
    ],
    [
      mayEdit(message) && session.room?.may_write === true,
      {
        label: t.edit,
        icon: Pencil,
        run: () => {
          edit(session, message);
        },
      },
    ],
    [
      readable(message) && message.text !== '',
      { label: t.copyText, icon: Copy, run: () => void copyText(session, message) },
    ],
    [
      message.mine && message.step !== '',
      { label: t.ladder, icon: ListChecks, run: () => (session.dialog = { kind: 'ladder', message }) },
    ],
    [
      message.edited && readable(message),
      { label: t.earlier, icon: History, run: () => (session.dialog = { kind: 'earlier', message }) },
    ],
    [message.step === 'failed', { label: t.resend, icon: RotateCw, run: () => void resend(session, message) }],
    [mayDiscard(message), { label: t.discard, icon: Undo, run: () => void discard(session, message) }],
    [
      mayDelete(session, message),
      {
        label: t.remove,
        icon: Trash,
        danger: true,
        group: '',
        run: () => (session.dialog = { kind: 'delete', message }),
      },
    ],
  ];
  return all.flatMap(([there, item]) => (there ? [item] : []));
}
