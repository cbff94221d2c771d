// The commands of the chat's screen and of the room that is open in it.
import { m } from '../../i18n/index.svelte';
import type { Command } from '../../state/commands.svelte';
import { mayEdit, type RoomSession } from '../../state/chatsession.svelte';
import { chatting } from '../../state/chatstate.svelte';
import { refreshCommand } from '../refresh';
import { copyText, edit, mayAnswer, mayDelete, reply } from './actions';
import { lockChat, openNotes } from './menu';
import { chatScreen } from './screen.svelte';
import { roomName } from './words';

/** Reads reactive state: call it inside an effect. */
export function screenCommands(): Command[] {
  const t = m().chat;
  const group = m().commands.groups.anchat;
  return [
    refreshCommand(() => {
      chatting.renew();
    }),
    { id: 'anchat.new', title: t.newRoom, group, keys: 'n', run: () => void (chatScreen.dialog = 'new') },
    {
      id: 'anchat.search',
      title: t.search,
      group,
      keys: 'Ctrl+Shift+F',
      inFields: true,
      run: () => {
        chatScreen.details = false;
        chatScreen.searching = true;
      },
    },
    { id: 'anchat.self', title: t.self, group, run: openNotes },
    { id: 'anchat.lock', title: t.lock, group, run: lockChat },
  ];
}

/** What is done with the chosen message, and in the room. Reads reactive state, too. */
export function roomCommands(session: RoomSession): Command[] {
  const t = m().chat;
  const group = m().commands.groups.anchat;
  const chosen = () => session.lines.find((line) => line.key === session.active)?.message;
  const on = (may: (message: NonNullable<ReturnType<typeof chosen>>) => boolean, why: string) => () => {
    const message = chosen();
    return message === undefined ? t.noMessage : may(message) ? '' : why;
  };
  const withChosen = (does: (message: NonNullable<ReturnType<typeof chosen>>) => void) => () => {
    const message = chosen();
    if (message !== undefined) does(message);
  };
  const answers = on((one) => mayAnswer(session, one), t.noMessage);
  return [
    {
      id: 'anchat.write',
      title: t.write(roomName(session.room)),
      group,
      keys: 'i',
      run: () => {
        session.write();
      },
    },
    { id: 'anchat.date', title: t.jump, group, keys: 'g', run: () => void (session.dialog = { kind: 'date' }) },
    {
      id: 'anchat.details',
      title: t.details,
      group,
      run: () => {
        chatScreen.searching = false;
        chatScreen.details = !chatScreen.details;
      },
    },
    {
      id: 'anchat.reply',
      title: t.reply,
      group,
      keys: 'r',
      blocked: answers,
      run: withChosen((one) => {
        reply(session, one);
      }),
    },
    {
      id: 'anchat.react',
      title: t.react,
      group,
      keys: 'a',
      blocked: answers,
      run: withChosen((message) => (session.dialog = { kind: 'react', message })),
    },
    {
      id: 'anchat.edit',
      title: t.edit,
      group,
      keys: 'e',
      blocked: on((one) => mayEdit(one), t.notOwn),
      run: withChosen((one) => {
        edit(session, one);
      }),
    },
    {
      id: 'anchat.copy',
      title: t.copyText,
      group,
      keys: 'c',
      blocked: on((one) => one.text !== '', t.noMessage),
      run: withChosen((one) => void copyText(session, one)),
    },
    {
      id: 'anchat.ladder',
      title: t.ladder,
      group,
      keys: 'l',
      blocked: on((one) => one.mine && one.step !== '', t.noMessage),
      run: withChosen((message) => (session.dialog = { kind: 'ladder', message })),
    },
    {
      id: 'anchat.delete',
      title: t.remove,
      group,
      keys: 'Delete',
      blocked: on((one) => mayDelete(session, one), t.noMessage),
      run: withChosen((message) => (session.dialog = { kind: 'delete', message })),
    },
  ];
}
