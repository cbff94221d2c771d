// Words about messages that several parts of the screen say.
import type { Message, Room } from '../../api/chat';
import { f, m } from '../../i18n/index.svelte';

/** How far an own message is, in a few words. */
export function stepWords(message: Message): string {
  const t = m().chat.ofMine;
  switch (message.step) {
    case 'queued':
      return t.queued(f(), message.place);
    case 'sent':
      return t.sent;
    case 'stored':
      return t.stored(f(), message.stored_on, message.stored_of);
    case 'seen':
      return t.seen(f(), message.seen_by);
    default:
      return message.failure === '' ? t.failed : `${t.failed}: ${message.failure}`;
  }
}

/** What a room is called here; the note to self has no name of its own. */
export const roomName = (room: Room | undefined): string =>
  room === undefined ? '' : room.kind === 'self' ? m().chat.self : room.name;
