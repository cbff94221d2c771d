import { describe, expect, test, vi } from 'vitest';
import type { Group } from '../api/node';
import { type Command, Commands, type Press, pressed } from './commands.svelte';
import { Loader } from './loader.svelte';
import { append, logCommand, Logs, MaxLines, passes } from './logs.svelte';
import { freshness } from './node.svelte';
import { MaxToasts, Notices } from './notices.svelte';
import { type Address, formatRoute, Home, parseRoute, Router } from './route.svelte';
import { validNamespace } from './session.svelte';

const provenance = {
  level: 'weak',
  served_by: 'me',
  leader: 'me',
  group: 'ns::a',
  index: '7',
  leader_index: '7',
  age_ms: 0,
  how: 'local',
  path: '',
  elapsed_ms: 1,
};

// A slow old answer that overwrites a newer one shows what is no longer so.
describe('loader', () => {
  test('the newest question wins, whenever the answers come', async () => {
    const loader = new Loader<string>();
    let finishOld = (_: string): void => undefined;
    const old = loader.load(() => new Promise<string>((resolve) => (finishOld = resolve)));
    await loader.load(() => Promise.resolve('new'));
    finishOld('old');
    await old;
    expect(loader.data).toBe('new');
    expect(loader.loading).toBe(false);
  });

  test('news outdates a question that is open', async () => {
    const loader = new Loader<string>();
    let finish = (_: string): void => undefined;
    const asked = loader.load(() => new Promise<string>((resolve) => (finish = resolve)));
    loader.set('event');
    finish('snapshot');
    await asked;
    expect(loader.data).toBe('event');
  });

  test('a failure keeps what was there', async () => {
    const loader = new Loader<string>();
    loader.set('there');
    await loader.load(() => Promise.reject(new Error('no')));
    expect(loader.data).toBe('there');
    expect(loader.error?.message).toBe('no');
  });
});

// A link that leads elsewhere, or a Back that does nothing, makes people lose their place.
describe('route', () => {
  test.each(['#/keys?ns=demo&prefix=user%3A&key=a%20b%26c', '#/node/logs?level=warn', '#/sql'])(
    '%s survives',
    (hash) => {
      expect(formatRoute(parseRoute(hash))).toBe(hash.replaceAll('%20', '+'));
    },
  );

  test.each(['', '#', '#/', '#/<script>', '#/a/../b'])('%s is home', (hash) => {
    expect(parseRoute(hash)).toEqual(Home);
  });

  test('filters replace, opened items are steps', () => {
    const calls: string[] = [];
    const address: Address = {
      location: { hash: '#/keys' },
      history: {
        pushState: (_, __, url) => calls.push(`push ${url}`),
        replaceState: (_, __, url) => calls.push(`replace ${url}`),
      },
      addEventListener: vi.fn(),
    };
    const router = new Router();
    router.start(address);
    router.patch({ prefix: 'a' });
    router.patch({ key: 'ab' }, true);
    router.patch({ key: 'ab' }, true);
    router.go('sql');
    expect(calls).toEqual(['replace #/keys?prefix=a', 'push #/keys?prefix=a&key=ab', 'push #/sql']);
  });
});

test.each([
  ['demo', true],
  ['a-b_1', true],
  ['system', false],
  ['Demo', false],
  ['-a', false],
  ['', false],
  ['a'.repeat(64), false],
])('namespace %s: %s', (name, want) => {
  expect(validNamespace(name)).toBe(want);
});

const press = (key: string, with_: Partial<Press> = {}): Press => ({
  key,
  code: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...with_,
});

// A letter that deletes while somebody types is worse than no shortcut.
describe('commands', () => {
  const command = (id: string, keys?: string, inFields = false): Command => ({
    id,
    title: id,
    group: 'g',
    ...(keys === undefined ? {} : { keys }),
    inFields,
    run: vi.fn(),
  });

  test.each([
    ['Ctrl+K', press('k', { ctrlKey: true }), true],
    ['Ctrl+K', press('k', { metaKey: true }), true],
    ['Ctrl+K', press('k'), false],
    ['?', press('?', { shiftKey: true }), true],
    ['/', press('/'), true],
    ['e', press('e', { ctrlKey: true }), false],
    ['F5', press('F5'), true],
    ['Ctrl+Enter', press('Enter', { ctrlKey: true, shiftKey: true }), false],
    ['Ctrl+Shift+Enter', press('Enter', { ctrlKey: true, shiftKey: true }), true],
    ['Alt+Shift+1', press('!', { altKey: true, shiftKey: true, code: 'Digit1' }), true],
  ])('%s', (keys, event, want) => {
    expect(pressed(keys, event)).toBe(want);
  });

  test('single letters sleep while a field has the focus', () => {
    const commands = new Commands();
    commands.add([command('edit', 'e'), command('palette', 'Ctrl+K', true)]);
    expect(commands.find(press('e'), false)?.id).toBe('edit');
    expect(commands.find(press('e'), true)).toBeUndefined();
    expect(commands.find(press('k', { ctrlKey: true }), true)?.id).toBe('palette');
  });

  test('a screen replaces a command of the frame and gives it back', () => {
    const commands = new Commands();
    const frame = command('refresh', 'F5');
    const screen = command('refresh', 'F5');
    commands.add([frame]);
    const leave = commands.add([screen]);
    expect(commands.find(press('F5'), false)).toBe(screen);
    expect(commands.clashes).toEqual([]);
    leave();
    expect(commands.find(press('F5'), false)).toBe(frame);
  });

  test('two commands on one key are found', () => {
    const commands = new Commands();
    commands.add([command('a', 'x'), command('b', 'x')]);
    expect(commands.clashes).toEqual(['x']);
  });

  test('what does not apply does not run', async () => {
    const commands = new Commands();
    const blocked = { ...command('a'), blocked: () => 'no key is open' };
    await commands.run(blocked);
    expect(blocked.run).not.toHaveBeenCalled();
    expect(commands.recent).toEqual([]);
  });
});

// An undo that runs twice, or vanishes while being read, destroys what it promised to save.
describe('notices', () => {
  const make = () => {
    const timers: (() => void)[] = [];
    const notices = new Notices((fn) => {
      timers.push(fn);
      return () => timers.splice(timers.indexOf(fn), 1);
    });
    return { notices, timers };
  };

  test('a toast goes, its line in the log stays with its undo', () => {
    const { notices, timers } = make();
    notices.tell({ text: 'Deleted a', undo: () => Promise.resolve('Put back a') });
    timers[0]?.();
    expect(notices.toasts).toHaveLength(0);
    expect(notices.lastUndoable?.text).toBe('Deleted a');
  });

  test('undo happens once', async () => {
    const { notices } = make();
    const undo = vi.fn(() => Promise.resolve('Put back'));
    const id = notices.tell({ text: 'Deleted', undo });
    await Promise.all([notices.undo(id), notices.undo(id)]);
    await notices.undo(id);
    expect(undo).toHaveBeenCalledOnce();
    expect(notices.lastUndoable).toBeUndefined();
  });

  test('an undo that failed can be tried again', async () => {
    const { notices } = make();
    const undo = vi.fn().mockRejectedValueOnce(new Error('offline')).mockResolvedValueOnce('Put back');
    const id = notices.tell({ text: 'Deleted', undo });
    await notices.undo(id);
    expect(notices.log[0]).toMatchObject({ tone: 'bad', text: 'offline' });
    await notices.undo(id);
    expect(undo).toHaveBeenCalledTimes(2);
  });

  test('pointing at a toast stops its clock; there are never too many', () => {
    const { notices, timers } = make();
    const id = notices.tell({ text: 'a' });
    notices.hold(id);
    expect(timers).toHaveLength(0);
    notices.release(id);
    expect(timers).toHaveLength(1);
    for (let i = 0; i < 10; i++) notices.tell({ text: String(i) });
    expect(notices.toasts).toHaveLength(MaxToasts);
  });
});

const line = (seq: number, level = 'info', part = 'p2p', message = 'hello') => ({
  seq: String(seq),
  time: '',
  level,
  part,
  message,
  attrs: { peer: 'abc' },
});

// A log that loses, repeats or hides lines misleads whoever looks for a fault.
describe('logs', () => {
  test('lines come once and the oldest go first', () => {
    const many = append([line(1), line(2)], [line(2), line(3), line(10)]);
    expect(many.map((l) => l.seq)).toEqual(['1', '2', '3', '10']);
    expect(
      append(
        [],
        Array.from({ length: MaxLines + 5 }, (_, i) => line(i)),
      ),
    ).toHaveLength(MaxLines);
  });

  test.each([
    [{ level: 'warn', part: '', search: '' }, 'error', true],
    [{ level: 'warn', part: '', search: '' }, 'info', false],
    [{ level: '', part: 'database', search: '' }, 'info', false],
    [{ level: '', part: '', search: 'ABC' }, 'info', true],
  ])('%o lets %s through: %s', (filter, level, want) => {
    expect(passes(line(1, level), filter)).toBe(want);
  });

  test('the command shows what is on screen', () => {
    expect(logCommand({ level: '', part: '', search: '' })).toEqual(['node', 'logs', '--follow']);
    expect(logCommand({ level: 'warn', part: 'p2p', search: 'a b' }).slice(3)).toEqual([
      '--min-level',
      'warn',
      '--part',
      'p2p',
      '--search',
      'a b',
    ]);
  });

  test('a pause holds lines back and gives them after', () => {
    const logs = new Logs();
    logs.take([line(1)]);
    logs.togglePause();
    logs.take([line(2)]);
    expect(logs.lines.data).toHaveLength(1);
    expect(logs.held).toBe(1);
    logs.togglePause();
    expect(logs.lines.data?.map((l) => l.seq)).toEqual(['1', '2']);
  });
});

const group = (over: Partial<Group> = {}): Group => ({
  name: 'ns::a',
  awake: true,
  state: 'follower',
  leader: 'b',
  index: '10',
  commit_index: '10',
  size: '0',
  ...over,
});

// Data that is old and looks fresh is believed.
describe('freshness', () => {
  test.each([
    ['on the leader it is fresh', group({ state: 'leader' }), undefined, 'calm'],
    ['a follower heard lately is fresh', group(), { ...provenance, age_ms: 300 }, 'calm'],
    ['a follower behind is noted', group({ commit_index: '12' }), { ...provenance, age_ms: 300 }, 'noted'],
    ['some seconds are noted', group(), { ...provenance, age_ms: 5000 }, 'noted'],
    ['long ago is loud', group(), { ...provenance, age_ms: 60_000 }, 'loud'],
    ['no leader is loud', group({ leader: '' }), undefined, 'loud'],
    ['asleep is said', group({ awake: false, state: 'asleep' }), undefined, 'asleep'],
    ['no group is said', undefined, undefined, 'unknown'],
  ])('%s', (_, of, seen, want) => {
    expect(freshness(of, seen).tone).toBe(want);
  });
});
