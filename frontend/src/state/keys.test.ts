import { describe, expect, test } from 'vitest';
import { BackendError } from '../api/call';
import { encode } from '../lib/bytes';
import { OpenItem, ttlLeft } from './item.svelte';
import { BulkChange, sharedPrefix } from './keybulk.svelte';
import { KeyDeleter, MaxUndoBytes } from './keydelete.svelte';
import { FakePart, FakeStore } from './keys.fake';
import { KeyTree, mergePage, PageSize } from './keys.svelte';
import { NewItem } from './newitem.svelte';

const text = (row: unknown): string => {
  const r = row as { kind: string; depth: number; label?: string; open?: boolean };
  return `${'  '.repeat(r.depth)}${r.kind === 'branch' ? (r.open ? 'v ' : '> ') : r.kind === 'key' ? '' : `(${r.kind})`}${r.label ?? ''}`;
};

// A tree that holds or draws a million keys stops the page.
describe('key tree', () => {
  const keys = ['a', 'user', 'user:1', 'user:2:x', 'zoo'];

  test('branches open and close; names are short inside', async () => {
    const tree = new KeyTree(new FakeStore(keys));
    await tree.show({ namespace: 'a', prefix: '', separator: ':' });
    expect(tree.rows.map(text)).toEqual(['a', 'user', '> user:', 'zoo']);
    await tree.toggle('user:');
    expect(tree.rows.map(text)).toEqual(['a', 'user', 'v user:', '  1', '  > 2:', 'zoo']);
    await tree.toggle('user:2:');
    await tree.toggle('user:');
    expect(tree.isOpen('user:2:')).toBe(false);
    expect(tree.rows).toHaveLength(4);
  });

  test('a flat list has whole names', async () => {
    const tree = new KeyTree(new FakeStore(keys));
    await tree.show({ namespace: 'a', prefix: 'user', separator: '' });
    expect(tree.rows.map(text)).toEqual(['user', 'user:1', 'user:2:x']);
  });

  test('pages come one by one, each key once', async () => {
    const store = new FakeStore(Array.from({ length: 450 }, (_, i) => `k${String(i).padStart(4, '0')}`));
    const tree = new KeyTree(store);
    await tree.show({ namespace: 'a', prefix: '', separator: ':' });
    expect(tree.rows).toHaveLength(PageSize + 1);
    await tree.more('');
    await tree.more('');
    await tree.more('');
    expect(tree.rows).toHaveLength(450);
    expect(new Set(tree.rows.map(text)).size).toBe(450);
    expect(store.asked).toHaveLength(3);
  });

  test('an answer for a view that was left is dropped', async () => {
    const store = new FakeStore(keys);
    const tree = new KeyTree(store);
    const slow = tree.show({ namespace: 'a', prefix: '', separator: ':' });
    await tree.show({ namespace: 'b', prefix: 'zoo', separator: ':' });
    await slow;
    expect(tree.rows.map(text)).toEqual(['zoo']);
  });

  test('nothing and failure look different', async () => {
    const tree = new KeyTree(new FakeStore());
    await tree.show({ namespace: 'a', prefix: '', separator: ':' });
    expect(tree.empty).toBe(true);
    const broken = new KeyTree({ listKeys: () => Promise.reject(new BackendError('unavailable', 'no leader')) });
    await broken.show({ namespace: 'a', prefix: '', separator: ':' });
    expect(broken.empty).toBe(false);
    expect(broken.error?.message).toBe('no leader');
  });

  test('keys and branches stand in one order', () => {
    const entry = (key: string) => ({ key, size: 0, version: '1', updated_at: '', expires_at: '' });
    expect(
      mergePage([entry('b'), entry('d')], ['a:', 'c:']).map((n) => (n.kind === 'key' ? n.entry.key : n.prefix)),
    ).toEqual(['a:', 'b', 'c:', 'd']);
  });
});

// Two people who edit one key: neither may lose their text without being asked.
describe('open item', () => {
  const opened = async (store: FakeStore) => {
    const open = new OpenItem('a', 'k', store);
    await open.load();
    return { open, base: await open.whole() };
  };

  test('a save that nobody disturbed', async () => {
    const store = new FakeStore(['k']);
    const { open, base } = await opened(store);
    expect(await open.save({ base, value: encode('mine') })).not.toBeNull();
    expect(store.rows.get('k')?.value).toEqual(encode('mine'));
  });

  test('a conflict shows theirs, overwrites only on request, and only what was shown', async () => {
    const store = new FakeStore(['k']);
    const { open, base } = await opened(store);
    store.set('k', 'theirs');
    expect(await open.save({ base, value: encode('mine') })).toBeNull();
    expect(open.conflict?.theirs?.value).toEqual(encode('theirs'));
    expect(store.rows.get('k')?.value).toEqual(encode('theirs'));
    store.set('k', 'theirs again');
    expect(await open.overwrite(open.conflict!)).toBeNull();
    expect(open.conflict?.theirs?.value).toEqual(encode('theirs again'));
    expect(await open.overwrite(open.conflict!)).not.toBeNull();
    expect(store.rows.get('k')?.value).toEqual(encode('mine'));
    expect(open.conflict).toBeNull();
  });

  test('a key deleted meanwhile is a conflict too, and mine can be put back', async () => {
    const store = new FakeStore(['k']);
    const { open, base } = await opened(store);
    store.rows.delete('k');
    expect(await open.save({ base, value: encode('mine') })).toBeNull();
    expect(open.conflict?.theirs).toBeNull();
    expect(await open.overwrite(open.conflict!)).not.toBeNull();
    expect(store.rows.get('k')?.value).toEqual(encode('mine'));
  });

  test('a save can be taken back, but not over what somebody wrote since', async () => {
    const store = new FakeStore(['k']);
    const { open, base } = await opened(store);
    const written = await open.save({ base, value: encode('mine') });
    expect(await open.undo(base, written?.version ?? '')).toBe(true);
    expect(store.rows.get('k')?.value).toEqual(encode('k'));
    store.set('k', 'newer');
    expect(await open.undo(base, written?.version ?? '')).toBe(false);
    expect(store.rows.get('k')?.value).toEqual(encode('newer'));
  });

  test('a merged value ends a conflict', async () => {
    const store = new FakeStore(['k']);
    const { open, base } = await opened(store);
    store.set('k', 'theirs');
    await open.save({ base, value: encode('mine') });
    expect(await open.overwrite(open.conflict!, encode('both'))).not.toBeNull();
    expect(store.rows.get('k')?.value).toEqual(encode('both'));
  });

  test.each([
    ['it was stored', 'mine', 'stored'],
    ['it was not', null, 'not stored'],
    ['somebody came between', 'other', 'somebody else'],
  ])('a write without an answer is looked up: %s', async (_, then, want) => {
    const store = new FakeStore(['k']);
    const { open, base } = await opened(store);
    store.putItem = () => Promise.reject(new BackendError('outcome_unknown', 'may have happened'));
    expect(await open.save({ base, value: encode('mine') })).toBeNull();
    expect(open.unsure?.value).toEqual(encode('mine'));
    if (then !== null) store.set('k', then);
    expect(await open.check()).toBe(want);
    expect(open.unsure === null).toBe(want !== 'not stored');
  });

  test('a large value comes in parts, and never in parts of two versions', async () => {
    const store = new FakeStore(['k']);
    store.set('k', 'x'.repeat(2 * FakePart + 5));
    const { open } = await opened(store);
    expect(open.item.data?.bytes).toHaveLength(FakePart);
    await open.more();
    expect(open.item.data?.bytes).toHaveLength(2 * FakePart);
    store.set('k', 'y'.repeat(FakePart + 1));
    await open.more();
    expect(open.item.data?.bytes).toEqual(encode('y'.repeat(FakePart)));
    await open.more();
    await open.more();
    expect(open.item.data?.bytes).toHaveLength(FakePart + 1);
  });

  test('a time to live is not set on a value that nobody has seen', async () => {
    const store = new FakeStore(['k']);
    const { open } = await opened(store);
    store.set('k', 'newer');
    expect(await open.setTtl(60)).toBeNull();
    expect(open.item.data?.bytes).toEqual(encode('newer'));
  });

  test('what is left of a time to live is kept, never zero', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(ttlLeft('', now)).toBe(0);
    expect(ttlLeft('2026-01-01T00:01:30Z', now)).toBe(90);
    expect(ttlLeft('2025-12-31T23:59:59Z', now)).toBe(1);
  });
});

test('a new key never overwrites one that is there', async () => {
  const store = new FakeStore(['k']);
  const fresh = new NewItem(store);
  const request = { namespace: 'a', key: 'k', value: encode('new'), ttlSeconds: 0, ifVersion: '', ifAbsent: true };
  expect(await fresh.put(request)).toBeNull();
  expect(fresh.exists).toBe(true);
  expect(store.rows.get('k')?.value).toEqual(encode('k'));
});

test('a new key is taken away again, but not what somebody wrote over it', async () => {
  const store = new FakeStore();
  const fresh = new NewItem(store);
  const request = { namespace: 'a', key: 'k', value: encode('new'), ttlSeconds: 0, ifVersion: '', ifAbsent: true };
  const first = await fresh.put(request);
  expect(await fresh.undo('a', 'k', first?.version ?? '')).toBe(true);
  expect(store.rows.size).toBe(0);
  const second = await fresh.put(request);
  store.set('k', 'theirs');
  expect(await fresh.undo('a', 'k', second?.version ?? '')).toBe(false);
  expect(store.rows.get('k')?.value).toEqual(encode('theirs'));
});

// "Undo" that brings back less than was deleted, or tramples on new work, is a broken promise.
describe('delete', () => {
  const done = () => Promise.resolve({ done: 2, error: '' } as never);

  test('one key comes back with its bytes', async () => {
    const store = new FakeStore(['k']);
    const deleted = await new KeyDeleter('a', store).one('k');
    expect(store.rows.size).toBe(0);
    expect(await deleted.undo?.()).toEqual({ restored: 1, taken: 0 });
    expect(store.rows.get('k')?.value).toEqual(encode('k'));
  });

  test('undo leaves alone what somebody made anew', async () => {
    const store = new FakeStore(['k']);
    const deleted = await new KeyDeleter('a', store).one('k');
    store.set('k', 'new');
    expect(await deleted.undo?.()).toEqual({ restored: 0, taken: 1 });
    expect(store.rows.get('k')?.value).toEqual(encode('new'));
  });

  test('a small branch comes back whole', async () => {
    const store = new FakeStore(['t:1', 't:2', 'u']);
    const bulk = new BulkChange({ namespace: 'a', keys: [], prefixes: ['t:'] }, store);
    const overview = await bulk.look();
    expect(overview).toMatchObject({ keys: 2, more: false, sample: ['t:1', 't:2'] });
    const { undo } = await bulk.remove(overview, done);
    expect([...store.rows.keys()]).toEqual(['u']);
    expect(await undo?.()).toEqual({ restored: 2, taken: 0 });
    expect(store.rows.size).toBe(3);
  });

  test('a large branch is counted and offers no undo', async () => {
    const store = new FakeStore(Array.from({ length: 1500 }, (_, i) => `t:${String(i)}`));
    const bulk = new BulkChange({ namespace: 'a', keys: ['x'], prefixes: ['t:'] }, store);
    const overview = await bulk.look();
    expect(overview).toMatchObject({ keys: 1501, names: null });
    expect((await bulk.remove(overview, done)).undo).toBeNull();
  });

  test('values too large to be remembered are deleted without the promise of an undo', async () => {
    const store = new FakeStore(['t:1']);
    store.rows.get('t:1')!.value = new Uint8Array(MaxUndoBytes + 1);
    const bulk = new BulkChange({ namespace: 'a', keys: ['t:1'], prefixes: [] }, store);
    expect((await bulk.remove(await bulk.look(), done)).undo).toBeNull();
    expect(store.rows.size).toBe(0);
  });

  test('the beginning that names share ends at a separator', () => {
    expect(sharedPrefix(['user:1:name', 'user:1:mail'], ':')).toBe('user:1:');
    expect(sharedPrefix(['user:1', 'user:12'], ':')).toBe('user:');
    expect(sharedPrefix(['a', 'b'], ':')).toBe('');
  });
});
