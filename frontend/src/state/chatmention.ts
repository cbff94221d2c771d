// Mentions: a message holds the address behind an @, the person types a name.
import type { Person } from '../api/chat';
import { withNames } from '../lib/mention';

/** People whose name begins with what stands behind the @ at the cursor. */
export function candidates(people: readonly Person[], text: string, cursor: number): { from: number; list: Person[] } {
  const typed = /(?:^|[\s(])@([^\s@]{0,40})$/.exec(text.slice(0, cursor));
  if (typed === null) return { from: -1, list: [] };
  const word = (typed[1] ?? '').toLowerCase();
  const fits = (p: Person) =>
    p.name
      .toLowerCase()
      .split(/\s+/)
      .some((part) => part.startsWith(word)) || p.address.toLowerCase().startsWith(word);
  const list = people.filter((p) => !p.me && !p.invited && !p.banned && fits(p)).slice(0, 8);
  return { from: cursor - word.length - 1, list };
}

/** What is sent: names that were chosen become addresses. Longer names are taken first. */
export function toAddresses(text: string, chosen: ReadonlyMap<string, string>): { text: string; mentions: string[] } {
  const names = [...chosen.keys()].sort((a, b) => b.length - a.length);
  if (names.length === 0) return { text, mentions: [] };
  const escaped = names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const mentions = new Set<string>();
  const out = text.replaceAll(new RegExp(`@(${escaped.join('|')})(?![\\p{L}\\p{N}])`, 'gu'), (_, name: string) => {
    const address = chosen.get(name) ?? name;
    mentions.add(address);
    return `@${address}`;
  });
  return { text: out, mentions: [...mentions] };
}

/** What is typed on: addresses become names, which are then as if chosen. */
export function toNames(text: string, people: readonly Person[]): { text: string; chosen: Map<string, string> } {
  const chosen = new Map<string, string>();
  const typed = withNames(text, (address) => {
    const person = people.find((p) => p.address === address);
    // Two people of one name could not be told apart: the address stays.
    if (person === undefined || people.some((p) => p !== person && p.name === person.name)) return address;
    chosen.set(person.name, address);
    return person.name;
  });
  return { text: typed, chosen };
}
