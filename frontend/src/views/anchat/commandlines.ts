// The equal lines of the command line for reading, writing and finding.
import type { RoomSession } from '../../state/chatsession.svelte';
import type { ChatSearch } from '../../state/chatsearch.svelte';

/** Longer texts are better handed over by stdin. */
const MaxTyped = 200;

/** What is done in an open room. */
export function roomLines(session: RoomSession): string[][] {
  const typed = session.composer.outgoing.text.trim();
  const text = typed === '' || typed.length > MaxTyped ? '-' : typed;
  return [
    ['chat', 'read', session.id],
    ['chat', 'send', session.id, text],
    ['chat', 'search', 'WORDS', '--room', session.id],
  ];
}

/** The search as it stands. */
export function searchLine(search: ChatSearch): string[] {
  const option = (name: string, value: string) => (value === '' ? [] : [name, value]);
  return [
    'chat',
    'search',
    search.words.trim() === '' ? 'WORDS' : search.words.trim(),
    ...option('--room', search.room),
    ...option('--from', search.from),
    ...option('--since', search.since),
    ...option('--until', search.until),
  ];
}
