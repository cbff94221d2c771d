import { expect, test } from 'vitest';
import { FeedPlace } from './feed.svelte';

const keys = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `m${String(from + i)}`);
const high = (all: string[], height: number) => all.map((key) => [key, height] as const);

/** A feed of a hundred rows of 50 pixels in a view of 500. */
function feed(start = ''): FeedPlace {
  const place = new FeedPlace(start);
  place.setRoom(500);
  place.setKeys(keys(0, 100));
  place.setHeights(high(keys(0, 100), 50));
  return place;
}

interface Change {
  keys?: string[];
  heights?: (readonly [string, number])[];
  room?: number;
}

// A list that jumps while it is read is the oldest sore of chats.
test.each<[string, Change]>([
  ['200 older rows come above', { keys: keys(-200, 100), heights: high(keys(-200, 0), 33) }],
  ['rows above turn out to be higher', { heights: high(keys(10, 20), 400) }],
  ['the row at the upper edge loses its date line', { heights: [['m20', 20]] }],
  ['new rows come at the end', { keys: keys(0, 150) }],
  ['the composer grows', { room: 300 }],
  ['old rows are let go', { keys: keys(15, 100) }],
  ['the row at the upper edge is gone', { keys: keys(0, 100).filter((key) => key !== 'm20') }],
])('what is read moves no pixel when %s', (_, change) => {
  const place = feed();
  place.scrolled(1010);
  const seen = keys(21, 30);
  const heights = new Map<string, number>(change.heights);
  const edges = (all: string[]) => {
    let y = -place.top;
    const at = new Map(all.map((key) => [key, (y += heights.get(key) ?? 50)]));
    return seen.map((key) => at.get(key));
  };
  const before = seen.map((_key, i) => 50 * (22 + i) - 1010);

  if (change.keys !== undefined) place.setKeys(change.keys);
  if (change.heights !== undefined) place.setHeights(change.heights);
  if (change.room !== undefined) place.setRoom(change.room);
  expect(edges(change.keys ?? keys(0, 100))).toEqual(before);
});

test('at the end it stays at the end, whatever comes or grows', () => {
  const place = feed();
  expect(place.top).toBe(4500);
  place.setKeys(keys(0, 101));
  place.setHeights([['m100', 80]]);
  expect(place.top).toBe(4580);
  place.setRoom(400);
  expect(place.top).toBe(4680);
  place.scrolled(4000);
  place.setKeys(keys(0, 120));
  expect([place.top, place.atEnd]).toEqual([4000, false]);
  place.toEnd();
  expect(place.atEnd).toBe(true);
});

test('a row that is jumped to stands in the middle, though the rows around it are measured later', () => {
  const place = new FeedPlace('m50');
  place.setRoom(500);
  place.setKeys(keys(0, 100));
  const drawn = () => keys(place.span.from, place.span.to);
  for (let i = 0; i < 10 && place.setHeights(high(drawn(), 90)); i++);
  expect(place.top).toBe(place.above + 90 * (50 - place.span.from) + 45 - 250);
  place.reveal('m51');
  expect(place.sideOf('m51')).toBe('inside');
  expect(place.sideOf('m0')).toBe('above');
});

test('of twenty thousand rows few are drawn, and the last that is seen whole is known', () => {
  const place = new FeedPlace();
  place.setRoom(570);
  place.setKeys(keys(0, 20_000));
  place.setHeights(high(keys(0, 20_000), 24));
  for (const top of [0, 100_003, 479_000]) {
    place.scrolled(top);
    expect(place.span.to - place.span.from).toBeLessThanOrEqual(40);
    expect(place.above + place.below + 24 * (place.span.to - place.span.from)).toBe(480_000);
  }
  place.scrolled(24);
  expect(place.lastSeen).toBe('m23');
});
