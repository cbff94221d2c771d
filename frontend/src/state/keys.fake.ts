// A store of keys that behaves, in memory, for the tests.
import { BackendError } from '../api/call';
import type {
  BulkRequest,
  Item,
  ListRequest,
  Page,
  Part,
  Provenance,
  PutRequest,
  ReadRequest,
  Written,
} from '../api/kv';
import { encode } from '../lib/bytes';

/** How much of a value one part holds. */
export const FakePart = 16;

/** Where every answer comes from. */
export const provenance: Provenance = {
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
export class FakeStore {
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
    const row = this.rows.get(key);
    if (row === undefined) throw new Error(`the test asks for ${key}, which is not there`);
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

  deleteVersion = (_: string, key: string, version: string): Promise<Written> =>
    String(this.rows.get(key)?.version) === version
      ? this.deleteKey(_, key)
      : Promise.reject(new BackendError('precondition_failed', 'changed'));

  countKeys = (_: string, prefix: string, limit: number) => {
    const count = [...this.rows.keys()].filter((k) => k.startsWith(prefix)).length;
    return Promise.resolve({ count: Math.min(count, limit), more: count > limit });
  };

  readPart = (r: ReadRequest): Promise<Part> => {
    const row = this.rows.get(r.key);
    if (row === undefined) return Promise.reject(new BackendError('not_found', 'no such key'));
    if (r.version !== '' && r.version !== String(row.version))
      return Promise.reject(new BackendError('conflict', 'changed'));
    const bytes = row.value.slice(r.offset, r.offset + FakePart);
    const { length } = row.value;
    const rest = { offset: r.offset, total: length, packing: '', opened: false, problem: '', provenance };
    return Promise.resolve({ ...this.#entry(r.key), ...rest, bytes });
  };

  changeKeys = ({ chosen }: BulkRequest): Promise<string> => {
    for (const key of [...this.rows.keys()])
      if (chosen.keys.includes(key) || chosen.prefixes.some((p) => key.startsWith(p))) this.rows.delete(key);
    return Promise.resolve('task');
  };
}
