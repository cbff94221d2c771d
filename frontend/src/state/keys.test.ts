import { describe, expect, test } from 'vitest';
import { BackendError } from '../api/call';
import type { Item, ListRequest, Page, Provenance, PutRequest, Written } from '../api/kv';
import { encode } from '../lib/bytes';
import { OpenItem, ttlLeft } from './item.svelte';
import { KeyDeleter } from './keydelete.svelte';
import { KeyTree, mergePage, PageSize } from './keys.svelte';
import { NewItem } from './newitem.svelte';

const provenance: Provenance = {
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

/** A store that behaves: versions, conditions, folding, cursors. */
class FakeStore {
  rows = new Map<string, { value: Uint8Array; version: number; expires: string }>();
  asked: ListRequest[] = [];
  #version = 0;

  constructor(keys: string[] = []) {
    for (const key of keys) this.set(key, key);
  }

  set(key: string, value: string, expires = ''): void {
    this.rows.set(key, { value: encode(value), version: ++this.#version, expires });
  }

  #entry(key: string) {
    const row = this.rows.get(key)!;
    return { key, size: row.value.length, version: String(row.version), updated_at: '', expires_at: row.expires };
  }

  listKeys = (r: ListRequest): Promise<Page> => {
    this.asked.push(r);
    const items: Page['items'] = [];
    const prefixes: string[] = [];
    let next = '';
    for (const key of [...this.rows.keys()].sort().filter((k) => k.startsWith(r.prefix) && k > r.cursor)) {
      if (items.length + prefixes.length >= r.limit) return Promise.resolve({ items, prefixes, next, provenance });
      const cut = r.separator === '' ? -1 : key.indexOf(r.separator, r.prefix.length);
      const branch = key.slice(0, cut + 1);
      if (cut === -1) items.push(this.#entry(key));
      else if (!prefixes.includes(branch)) prefixes.push(branch);
      next = cut === -1 ? key : `${branch}\uffff`;
    }
    return Promise.resolve({ items, prefixes, next: '', provenance });
  };

  getItem = (_: string, key: string): Promise<Item> => {
    const row = this.rows.get(key);
    if (row === undefined) return Promise.reject(new BackendError('not_found', 'no such key'));
    return Promise.resolve({ ...this.#entry(key), value: row.value, provenance });
  };

  putItem = (r: PutRequest): Promise<Written> => {
    const row = this.rows.get(r.key);
    const holds = (r.ifVersion === '' || String(row?.version) === r.ifVersion) && !(r.ifAbsent && row !== undefined);
    if (!holds) return Promise.reject(new BackendError('precondition_failed', 'changed'));
    this.rows.set(r.key, { value: r.value, version: ++this.#version, expires: '' });
    return Promise.resolve({ version: String(this.#version), deleted: false, provenance });
  };

  deleteKey = (_: string, key: string): Promise<Written> =>
    Promise.resolve({ version: '', deleted: this.rows.delete(key), provenance });

  countKeys = (_: string, prefix: string, limit: number) => {
    const count = [...this.rows.keys()].filter((k) => k.startsWith(prefix)).length;
    return Promise.resolve({ count: Math.min(count, limit), more: count > limit });
  };

  deletePrefix = (_: string, prefix: string): Promise<string> => {
    for (const key of [...this.rows.keys()]) if (key.startsWith(prefix)) this.rows.delete(key);
    return Promise.resolve('task');
  };
}

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
    return { open, base: open.item.data! };
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
    const deleter = new KeyDeleter('a', store);
    const survey = await deleter.survey('t:');
    expect(survey).toMatchObject({ count: 2, more: false, sample: ['t:1', 't:2'] });
    const { deleted } = await deleter.branch(survey, done);
    expect([...store.rows.keys()]).toEqual(['u']);
    expect(await deleted.undo?.()).toEqual({ restored: 2, taken: 0 });
    expect(store.rows.size).toBe(3);
  });

  test('a large branch is counted and offers no undo', async () => {
    const store = new FakeStore(Array.from({ length: 1500 }, (_, i) => `t:${String(i)}`));
    const deleter = new KeyDeleter('a', store);
    const survey = await deleter.survey('t:');
    expect(survey.count).toBe(1500);
    expect(KeyDeleter.undoable(survey)).toBe(false);
    expect((await deleter.branch(survey, done)).deleted.undo).toBeNull();
  });
});
