import { describe, expect, test } from 'vitest';
import { BackendError } from '../api/call';
import type { Change, Changes, Entry, Found, History } from '../api/kv';
import { encode } from '../lib/bytes';
import { KeyCounts, LazyCount } from './keycounts.svelte';
import { FakeStore, provenance } from './keys.fake';
import { NoFilter, readFilter, writeFilter } from './keyfilter';
import { faultsOf, KeySearch, requestOf } from './keysearch.svelte';
import { KeyHistory } from './keyhistory.svelte';
import { KeySelection } from './keyselect.svelte';
import { KeySizes, MaxChildren } from './keysizes.svelte';
import { KeyTree, type Row } from './keys.svelte';
import { KeyWatch } from './keywatch.svelte';

const entry = (key: string): Entry => ({ key, size: 1, version: '1', updated_at: '', expires_at: '' });
const change = (operation: string, key: string): Change => ({ operation, ...entry(key) });
const key = (name: string, depth = 0): Row => ({ kind: 'key', depth, label: name, entry: entry(name) });
const branch = (prefix: string): Row => ({ kind: 'branch', depth: 0, label: prefix, prefix, open: false });
const names = (tree: KeyTree) => tree.rows.map((r) => (r.kind === 'key' ? r.entry.key : 'prefix' in r ? r.prefix : ''));

// A tree that shows what is gone, or hides what is new, lies while it says "live".
describe('live changes in the tree', () => {
  const opened = async (keys: string[]) => {
    const tree = new KeyTree(new FakeStore(keys));
    await tree.show({ namespace: 'a', prefix: '', separator: ':' });
    return tree;
  };

  test('new keys and branches stand at their place, changed ones stay, deleted ones go', async () => {
    const tree = await opened(['b', 'd:1']);
    tree.apply(change('put', 'a'));
    tree.apply(change('put', 'c:x'));
    tree.apply({ ...change('put', 'b'), version: '9' });
    tree.apply(change('put', 'd:2'));
    expect(names(tree)).toEqual(['a', 'b', 'c:', 'd:']);
    expect(tree.rows[1]).toMatchObject({ entry: { version: '9' } });
    tree.apply(change('delete', 'b'));
    tree.apply(change('expire', 'a'));
    expect(names(tree)).toEqual(['c:', 'd:']);
  });

  test('an open branch takes the change; a closed one is named, and leaves when it is empty', async () => {
    const tree = await opened(['d:1', 'e:1']);
    await tree.toggle('d:');
    expect(tree.apply(change('put', 'd:2'))).toBe('');
    expect(names(tree)).toEqual(['d:', 'd:1', 'd:2', 'e:']);
    expect(tree.apply(change('delete', 'e:1'))).toBe('e:');
    tree.dropBranch('e:');
    expect(names(tree)).toEqual(['d:', 'd:1', 'd:2']);
  });

  test('what lies behind the loaded pages comes with its page', async () => {
    const tree = await opened(Array.from({ length: 300 }, (_, i) => `k${String(i).padStart(3, '0')}`));
    const before = tree.rows.length;
    tree.apply(change('put', 'zzz'));
    expect(tree.rows).toHaveLength(before);
  });
});

/** A node whose answers a test gives one by one. */
class FakeNode {
  asked: string[] = [];
  stopped = 0;
  #answer: ((c: Changes | BackendError) => void) | undefined;
  watchKeys = (_: string, _ns: string, _p: string, since: string): Promise<Changes> => {
    this.asked.push(since);
    return new Promise((resolve, reject) => {
      this.#answer = (c) => {
        if (c instanceof BackendError) reject(c);
        else resolve(c);
      };
    });
  };
  stopWatch = (): Promise<void> => {
    this.stopped += 1;
    return Promise.resolve();
  };
  async say(c: Changes | BackendError): Promise<void> {
    this.#answer?.(c);
    await new Promise<void>((resolve) => {
      queueMicrotask(() => {
        queueMicrotask(resolve);
      });
    });
    await Promise.resolve();
  }
}

describe('watch', () => {
  const begin = () => {
    const node = new FakeNode();
    const later: (() => void)[] = [];
    const watch = new KeyWatch(
      node,
      (fn) => {
        later.push(fn);
        return () => undefined;
      },
      'page',
    );
    const heard: string[] = [];
    const start = () => {
      watch.start('a', '', { onchange: (c) => void heard.push(c.key), ongap: () => void heard.push('gap') });
    };
    start();
    return { node, watch, heard, later, start };
  };
  const told = (next: string, keys: string[], gap = false): Changes => ({
    next,
    gap,
    changes: keys.map((k) => change('put', k)),
  });

  test('it begins at now and goes on where it was', async () => {
    const { node, watch, heard } = begin();
    await node.say(told('5', []));
    await node.say(told('7', ['x', 'y']));
    expect(node.asked).toEqual(['', '5', '7']);
    expect(heard).toEqual(['x', 'y']);
    expect([...watch.marks]).toEqual(['x', 'y']);
  });

  test('a pause counts on and shows all of it afterwards', async () => {
    const { node, watch, heard } = begin();
    await node.say(told('1', []));
    watch.pause();
    await node.say(told('3', ['x', 'y']));
    expect([watch.held, heard]).toEqual([2, []]);
    watch.resume();
    expect([watch.held, heard]).toEqual([0, ['x', 'y']]);
  });

  test('a gap, also one during a pause, asks for everything anew', async () => {
    const { node, watch, heard } = begin();
    await node.say(told('1', []));
    await node.say(told('90', ['late'], true));
    watch.pause();
    await node.say(told('99', ['x'], true));
    watch.resume();
    expect(heard).toEqual(['gap', 'gap']);
  });

  test('a hidden page asks nothing and catches up where it was', async () => {
    const { node, watch, heard, start } = begin();
    await node.say(told('4', []));
    watch.stop();
    await node.say(told('5', ['unheard']));
    expect([node.stopped, heard, node.asked.length]).toEqual([1, [], 2]);
    start();
    expect(node.asked.at(-1)).toBe('4');
  });

  test('a node that does not answer is asked again, later', async () => {
    const { node, watch, later } = begin();
    await node.say(new BackendError('unavailable', 'no leader'));
    expect(watch.state).toBe('waiting');
    later.at(-1)?.();
    await node.say(told('2', []));
    expect(watch.state).toBe('live');
  });
});

// A wrong tick deletes what nobody meant.
describe('selection', () => {
  test('a branch takes with it what lies in it; a line unticked in it breaks it up', () => {
    const s = new KeySelection();
    s.toggle(key('a:1', 1), 1);
    s.toggle(branch('a:'), 0);
    expect(s.chosen('n')).toEqual({ namespace: 'n', keys: [], prefixes: ['a:'] });
    expect(s.has(key('a:2', 1))).toBe(true);
    s.toggle(key('a:2', 1), 2);
    expect(s.count).toBe(0);
  });

  test('Shift ticks from the last one to this one, in either direction', () => {
    const rows = ['a', 'b', 'c', 'd'].map((n) => key(n));
    const s = new KeySelection();
    s.toggle(rows[2], 2);
    s.extend(rows, 0);
    expect([...s.keys].sort()).toEqual(['a', 'b', 'c']);
  });

  test('it has an end, and says so', () => {
    const rows = Array.from({ length: 1200 }, (_, i) => key(`k${String(i)}`));
    const s = new KeySelection();
    s.all(rows);
    expect([s.keys.size, s.full]).toEqual([1000, true]);
  });
});

describe('filter', () => {
  test('it goes into an address and comes back', () => {
    const filter = { ...NoFilter, pattern: 'a:*', min: '10', within: '2h' };
    const params = writeFilter(filter);
    expect(readFilter((name) => params[name] ?? '')).toEqual(filter);
  });

  test('what cannot be understood is named', () => {
    expect(faultsOf({ ...NoFilter, within: 'soon', min: '5', max: '4' })).toEqual(['within', 'max']);
    expect(faultsOf({ ...NoFilter, min: '1k' })).toEqual(['min']);
  });

  test('times count from now, back for changes and on for ends', () => {
    const r = requestOf('a', 'p', { ...NoFilter, within: '1h', ends: '1d' }, Date.parse('2026-01-02T00:00:00Z'));
    expect([r.changed_after, r.changed_before, r.expires_before]).toEqual([
      '2026-01-01T23:00:00.000Z',
      '',
      '2026-01-03T00:00:00.000Z',
    ]);
  });

  test('it goes on step by step, tells how far it is, and an old answer is dropped', async () => {
    const steps: Found[] = [
      { items: [], looked: 20_000, next: 'x', provenance },
      { items: [entry('hit')], looked: 5, next: '', provenance },
    ];
    const cursors: string[] = [];
    const search = new KeySearch({
      scanKeys: (r) => {
        cursors.push(r.cursor);
        return Promise.resolve(steps[cursors.length - 1]!);
      },
    });
    await search.start(requestOf('a', '', NoFilter, 0));
    expect(cursors).toEqual(['', 'x']);
    expect([search.found.map((e) => e.key), search.looked, search.more, search.running]).toEqual([
      ['hit'],
      20_005,
      false,
      false,
    ]);
  });

  test('stopped, it keeps what it found and can go on', async () => {
    let asked = 0;
    const search: KeySearch = new KeySearch({
      scanKeys: () => {
        if (++asked === 2) search.stop();
        return Promise.resolve({ items: [entry(String(asked))], looked: 1, next: 'more', provenance });
      },
    });
    await search.start(requestOf('a', '', NoFilter, 0));
    expect([search.found.length, search.more, search.running]).toEqual([1, true, false]);
  });
});

test('sizes are added up over all answers, the largest first, and stay bounded', async () => {
  const many = Array.from({ length: MaxChildren }, (_, i) => ({
    prefix: `${String(i)}:`,
    other: false,
    keys: 1,
    bytes: 1,
  }));
  const steps = [
    { children: [{ prefix: 'a:', other: false, keys: 1, bytes: 10 }, ...many], looked: 9, next: 'x' },
    { children: [{ prefix: 'a:', other: false, keys: 2, bytes: 5 }], looked: 2, next: '' },
  ];
  const sizes = new KeySizes({ sizesOf: () => Promise.resolve(steps.shift()!) });
  await sizes.start('n', '', ':');
  expect(sizes.children[0]).toEqual({ prefix: 'a:', other: false, keys: 3, bytes: 15 });
  expect(sizes.children).toHaveLength(MaxChildren + 1);
  expect(sizes.total).toEqual({ keys: MaxChildren + 3, bytes: MaxChildren + 15 });
  expect([sizes.looked, sizes.partial, sizes.running]).toEqual([11, false, false]);
});

test('branches on screen are counted to a thousand, and an empty one is reported', async () => {
  const store = new FakeStore(Array.from({ length: LazyCount + 1 }, (_, i) => `a:${String(i)}`));
  const counts = new KeyCounts(store);
  const empty: string[] = [];
  counts.onempty = (prefix) => empty.push(prefix);
  await counts.want('n', ['a:', 'gone:']);
  expect(counts.of('a:')).toEqual({ count: LazyCount, more: true });
  expect(empty).toEqual(['gone:']);
  await counts.all('n', 'a:');
  expect(counts.of('a:')).toEqual({ count: LazyCount + 1, more: false });
});

// A restore that tramples on somebody's newer value loses it.
describe('history', () => {
  const past = (): History => ({
    versions: [change('put', 'k'), { ...change('delete', 'k'), version: '0' }],
    more: false,
    complete_since: '',
    complete_since_time: '',
    provenance,
  });
  const begin = (store: FakeStore) =>
    new KeyHistory('a', 'k', {
      historyOf: () => Promise.resolve(past()),
      valueAt: () => Promise.resolve(encode('old')),
      getItem: store.getItem,
      putItem: store.putItem,
    });

  test('it is compared with the version before, which may be none', async () => {
    const history = begin(new FakeStore(['k']));
    await history.load();
    expect(history.compared.data).toEqual({ before: null, after: encode('old') });
  });

  test('a restore is stored if nobody came between', async () => {
    const store = new FakeStore(['k']);
    const history = begin(store);
    await history.prepare('1');
    expect(await history.restore()).not.toBeNull();
    expect(store.rows.get('k')?.value).toEqual(encode('old'));
  });

  test('if somebody did, what would be lost is shown first', async () => {
    const store = new FakeStore(['k']);
    const history = begin(store);
    await history.prepare('1');
    store.set('k', 'newer');
    expect(await history.restore()).toBeNull();
    expect(history.raced).toBe(true);
    expect(history.restoring?.now?.value).toEqual(encode('newer'));
    expect(store.rows.get('k')?.value).toEqual(encode('newer'));
  });

  test('a deleted key is restored only while it is gone', async () => {
    const store = new FakeStore();
    const history = begin(store);
    await history.prepare('1');
    store.set('k', 'made anew');
    expect(await history.restore()).toBeNull();
    expect(store.rows.get('k')?.value).toEqual(encode('made anew'));
  });
});
