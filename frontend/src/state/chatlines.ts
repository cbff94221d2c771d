// How the messages of a room stand on screen: under which day, after the line
// "new", and whether the sender is named once more.
import type { Message } from '../api/chat';

/** Messages of one person within this time stand together. */
export const TogetherMs = 5 * 60_000;

/** One row of a room. */
export interface Line {
  key: string;
  message: Message;
  /** The day that begins here, as 2026-01-31; '' when it has begun above. */
  day: string;
  /** The first one that the reader has not read. */
  unread: boolean;
  /** Names the sender and the time. */
  head: boolean;
}

/** When a message counts as written: the store's clock before the sender's. */
export const timeOf = (message: Message): string => (message.stored_at === '' ? message.sent_at : message.stored_at);

/** The day of a time where the reader is. */
export function dayOf(time: string): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return '';
  const two = (n: number) => String(n).padStart(2, '0');
  return `${String(at.getFullYear())}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Lays messages out. firstUnread is a position, 0 when there is none. */
export function linesOf(messages: readonly Message[], firstUnread = 0): Line[] {
  const used = new Set<string>();
  let before: Message | undefined;
  let day = '';
  let marked = firstUnread === 0;
  return messages.map((message) => {
    const today = dayOf(timeOf(message));
    const begins = today !== '' && today !== day;
    if (begins) day = today;
    const unread = !marked && message.position >= firstUnread;
    if (unread) marked = true;
    const together = before !== undefined && !begins && !unread && goesWith(before, message);
    before = message;
    let key = message.id === '' ? `at ${String(message.position)}` : message.id;
    while (used.has(key)) key += '+'; // a store that gives one id twice must not end the page
    used.add(key);
    return { key, message, day: begins ? today : '', unread, head: !together };
  });
}

function goesWith(before: Message, message: Message): boolean {
  if (before.kind !== 'text' || message.kind !== 'text' || before.from !== message.from) return false;
  if (message.reply_to != null) return false;
  const apart = new Date(timeOf(message)).getTime() - new Date(timeOf(before)).getTime();
  return Math.abs(apart) < TogetherMs;
}
