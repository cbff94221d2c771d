import { describe, expect, test } from 'vitest';
import type { Ladder, Message, Page, Person, Query } from '../api/chat';
import { Composer } from './chatcompose.svelte';
import { forward } from './chatladder';
import { climb } from './chatladder.svelte';
import { linesOf } from './chatlines';
import { MaxKept, PageSize, RoomWindow, Unstored } from './chatroom.svelte';

const message = (position: number, over: Partial<Message> = {}): Message => ({
  id: `m${String(position)}`,
  position,
  room: 'r',
  kind: 'text',
  from: 'ann',
  from_name: 'Ann',
  device: '',
  mine: false,
  text: String(position),
  notice: '',
  targets: [],
  missing: 0,
  waiting: '',
  edited: false,
  earlier: [],
  deleted: false,
  deleted_by: '',
  reactions: [],
  mentions: [],
  to_me: false,
  files: [],
  sent_at: '2026-03-01T12:00:00Z',
  stored_at: '2026-03-01T12:00:00Z',
  expires_at: '',
  step: '',
  place: 0,
  failure: '',
  stored_on: 0,
  stored_of: 0,
  seen_by: 0,
  flags: [],
  ...over,
});

/** A room of the node: its messages by position, read in pages as the node does. */
class FakeRoom {
  all: Message[];
  asked: Partial<Query>[] = [];
  read: number[] = [];

  constructor(count: number) {
    this.all = Array.from({ length: count }, (_, i) => message(i + 1));
  }

  listMessages = (q: Query): Promise<Page> => {
    this.asked.push(q);
    const [all, { limit }] = [this.all, q];
    const index = (fits: (m: Message) => boolean) => {
      const at = all.findIndex(fits);
      return at === -1 ? all.length : at;
    };
    const end = q.before > 0 ? index((m) => m.position >= q.before) : all.length;
    let from = Math.max(0, end - limit);
    if (q.after > 0) from = index((m) => m.position > q.after);
    if (q.around > 0) from = Math.max(0, index((m) => m.position >= q.around) - (limit >> 1));
    const to = Math.min(end, from + limit);
    const messages = all.slice(from, to);
    return Promise.resolve({ messages, older: from > 0, newer: to < all.length, version: 1, total: all.length });
  };

  markRead = (_: string, position: number) => Promise.resolve(void this.read.push(position));
}

async function open(count: number, around = 0): Promise<{ room: FakeRoom; view: RoomWindow; shown: () => number[] }> {
  const room = new FakeRoom(count);
  const view = new RoomWindow('r', room);
  await view.open(around);
  return { room, view, shown: () => view.messages.map((m) => m.position) };
}

const row = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

// A reader must meet every message once, in order, however they come to it.
describe('the window on a room', () => {
  test('walks from the end to the beginning and back without a hole, and keeps only a part', async () => {
    const { view, shown } = await open(1000);
    expect(shown()).toEqual(row(1000 - PageSize + 1, 1000));
    while (view.older) {
      await view.loadOlder();
      expect(shown()).toEqual(row(shown()[0]!, shown().at(-1)!));
      expect(shown().length).toBeLessThanOrEqual(MaxKept);
    }
    expect(shown()[0]).toBe(1);
    while (view.newer) await view.loadNewer();
    expect(shown()).toEqual(row(1000 - MaxKept + 1, 1000));
  });

  test('shows what comes at the end, and in the middle only says that there is more', async () => {
    const { room, view, shown } = await open(1000);
    room.all.push(message(1001));
    await view.refresh();
    expect(shown().at(-1)).toBe(1001);
    await view.open(20);
    room.all.push(message(1002));
    room.all[19] = message(20, { text: 'changed' });
    await view.refresh();
    expect([view.newer, shown().at(-1)! < 1001]).toEqual([true, true]);
    expect(view.messages.find((m) => m.position === 20)?.text).toBe('changed');
  });

  test('lets a message that is stored take its place, and so much that is new replace the old', async () => {
    const { room, view, shown } = await open(10);
    const waits = message(Unstored + 1, { id: 'out:1' });
    room.all.push(waits);
    await view.refresh();
    expect(shown().at(-1)).toBe(Unstored + 1);
    room.all = [...room.all.slice(0, 10), message(11), message(12, { id: 'sealed' })];
    await view.refresh();
    expect(shown()).toEqual(row(1, 12));
    room.all.push(...row(13, 900).map((p) => message(p)));
    await view.refresh();
    expect(shown()).toEqual(row(shown()[0]!, 900));
    expect(view.older).toBe(true);
  });

  test('a reader in the middle keeps what they read while a room runs on', async () => {
    const { room, view, shown } = await open(400);
    while (shown().length < MaxKept) await view.loadOlder();
    view.atEnd = false;
    const first = shown()[0];
    room.all.push(...row(401, 450).map((p) => message(p)));
    await view.refresh();
    expect([shown()[0], shown().length, view.newer]).toEqual([first, MaxKept, true]);
  });

  test('what was read is told once, only forwards, and never of what is not stored', async () => {
    const { room, view } = await open(10);
    for (const position of [3, 2, 3, Unstored + 1, 7]) await view.seen(position);
    expect(room.read).toEqual([3, 7]);
  });
});

// A tick that is taken back, or promises too much, makes all of them worthless.
describe('the ladder', () => {
  const mine = (over: Partial<Message>) => message(1, { mine: true, ...over });

  test.each([
    ['an answer that was late takes nothing back', { step: 'stored', stored_on: 2 }, { step: 'sent' }, 'stored', 2],
    ['a step forward is shown', { step: 'sent' }, { step: 'stored', stored_on: 1 }, 'stored', 1],
    ['a failure is shown whatever came before', { step: 'sent' }, { step: 'failed' }, 'failed', 0],
    ['sending again begins anew', { step: 'failed' }, { step: 'queued' }, 'queued', 0],
    ['fewer nodes do not unsay', { step: 'stored', stored_on: 3 }, { step: 'stored', stored_on: 1 }, 'stored', 3],
  ])('%s', (_, before, now, step, on) => {
    const shown = forward(mine(before), mine(now));
    expect([shown.step, shown.stored_on]).toEqual([step, on]);
  });

  test('steps, nodes and people that were known stay known', () => {
    const ladder = (step: string, over: Partial<Ladder> = {}): Ladder => ({
      id: 'm',
      step,
      steps: [{ step, at: 't', evidence: '' }],
      place: 0,
      failure: '',
      stored_by: [],
      replicas: ['a', 'b'],
      people: [],
      seen: 0,
      received: 0,
      members: 2,
      checked_at: '',
      ...over,
    });
    const kept = climb(ladder('stored', { stored_by: ['a'], seen: 1 }), ladder('sent', { stored_by: ['b'] }));
    expect([kept.step, kept.steps.map((s) => s.step), kept.stored_by, kept.seen]).toEqual([
      'stored',
      ['sent', 'stored'],
      ['a', 'b'],
      1,
    ]);
  });
});

test('days, the line "new" and the sender stand where they begin, and keys are unique', () => {
  const lines = linesOf(
    [
      message(1),
      message(2),
      message(3, { from: 'bob' }),
      message(4, { from: 'bob', stored_at: '2026-03-01T12:20:00Z' }),
      message(5, { from: 'bob', stored_at: '2026-03-05T12:00:00Z' }),
      message(6, { from: 'bob', stored_at: '2026-03-05T12:00:01Z' }),
      message(7, { from: 'bob', stored_at: '2026-03-05T12:00:02Z', kind: 'notice', id: '' }),
      message(7, { from: 'bob', stored_at: '2026-03-05T12:00:03Z', kind: 'hole', id: '' }),
    ],
    6,
  );
  expect(lines.map((l) => l.head)).toEqual([true, false, true, true, true, true, true, true]);
  expect(lines.map((l) => l.day !== '')).toEqual([true, false, false, false, true, false, false, false]);
  expect(lines.map((l) => l.unread)).toEqual([false, false, false, false, false, true, false, false]);
  expect(new Set(lines.map((l) => l.key)).size).toBe(lines.length);
});

// What was written is the one thing that must not be lost between field and queue.
describe('the composer', () => {
  const ann = `0x${'a'.repeat(40)}`;
  const person = (name: string, address: string): Person =>
    ({ name, address, me: false, invited: false, banned: false }) as Person;

  function compose(tells = false) {
    const log: unknown[][] = [];
    let fails = false;
    const say =
      (what: string) =>
      (...args: unknown[]) =>
        fails ? Promise.reject(new Error('no')) : Promise.resolve(void log.push([what, ...args]));
    const kept: (() => void)[] = [];
    const api = {
      sendMessage: say('send') as never,
      editMessage: say('edit') as never,
      saveDraft: say('draft') as never,
      tellTyping: say('type') as never,
      attachFile: (() => Promise.resolve({ id: 'f', name: 'f' })) as never,
      unattachFile: say('unattach') as never,
    };
    const later = (fn: () => void) => {
      kept.push(fn);
      return () => void kept.splice(kept.indexOf(fn), 1);
    };
    const composer = new Composer('r', () => tells, api, later);
    composer.begin('', [person('Ann', ann), person('Ann Arbor', `0x${'b'.repeat(40)}`)]);
    const rest = () => {
      for (const fn of kept.splice(0)) fn();
    };
    return { composer, log, rest, fail: (on: boolean) => (fails = on) };
  }

  test('a chosen name becomes an address, a name that was only typed does not', async () => {
    const { composer, log } = compose();
    composer.type('hi @an');
    const found = composer.candidates(6);
    expect(found.list.map((p) => p.name)).toEqual(['Ann', 'Ann Arbor']);
    composer.mention(found.list[0]!, found.from, 6);
    composer.type(`${composer.text}and @Bob and @Annika`);
    await composer.send();
    expect(log).toContainEqual([
      'send',
      { room: 'r', text: `hi @${ann} and @Bob and @Annika`, reply_to: '', mentions: [ann], files: [] },
    ]);
  });

  test('what could not be sent stays, and what was sent does not come back as a draft', async () => {
    const { composer, log, rest, fail } = compose();
    composer.reply(message(5));
    composer.type('important');
    fail(true);
    await expect(composer.send()).rejects.toThrow();
    expect([composer.text, composer.replyTo?.position]).toEqual(['important', 5]);
    fail(false);
    await composer.send();
    rest();
    expect(composer.text).toBe('');
    expect(log.filter(([what]) => what === 'draft')).toEqual([['draft', 'r', '']]);
  });

  test('a change puts the draft aside and brings it back', async () => {
    const { composer, log, rest } = compose();
    composer.type('half a thought');
    rest();
    composer.edit(message(7, { mine: true, text: `see @${ann}` }));
    expect(composer.text).toBe('see @Ann');
    composer.type('see @Ann!');
    rest();
    await composer.send();
    expect(log).toEqual([
      ['draft', 'r', 'half a thought'],
      ['edit', 'r', 'm7', `see @${ann}!`, [ann]],
    ]);
    expect([composer.text, composer.editing]).toEqual(['half a thought', null]);
  });

  test('bytes are counted as they are sent, and too many are not', async () => {
    const { composer } = compose();
    composer.type('ä'.repeat(8000));
    expect([composer.bytes, composer.maySend]).toEqual([16_000, true]);
    composer.type('ä'.repeat(8000) + '.');
    expect([composer.tooLong, await composer.send()]).toEqual([true, false]);
  });

  test('typing is told at most each four seconds, and only where the reader wants it', () => {
    const { composer, log } = compose(true);
    for (const at of [0, 1000, 3999, 4000]) composer.type('x'.repeat(at / 1000 + 1), at);
    expect(log.filter(([what]) => what === 'type').length).toBe(2);
    const silent = compose();
    silent.composer.type('x');
    expect(silent.log).toEqual([]);
  });
});
