import { expect, test } from 'vitest';
import type { ImportRequest, Preview } from '../api/kv';
import type { Task } from '../api/tasks';
import { exportKeys, KeyImport, plainName } from './keyfiles.svelte';

const preview: Preview = {
  format: 'csv',
  separator: ';',
  header: true,
  columns: ['name', 'data'],
  rows: [['a', 'b']],
  key_column: 0,
  value_column: 1,
  encoding_column: -1,
  expires_column: -1,
  problem: '',
};
const file = { id: 'f', name: 'list.csv', size: '10', fetch: true };
const task = { id: 't', state: 'done', result: '1 key stored', error: '', file_id: 'f', file_name: 'x.csv' } as Task;

const desk = (answer: typeof file | null) => {
  const dropped: string[] = [];
  const fetched: string[] = [];
  return {
    dropped,
    fetched,
    choose: () => Promise.resolve(answer),
    target: (_: string, name: string) => Promise.resolve(answer === null ? null : { ...answer, name }),
    fetch: (id: string) => void fetched.push(id),
    drop: (id: string) => Promise.resolve(void dropped.push(id)),
  };
};

// An import that reads the wrong column fills a namespace with rubbish.
test('an import is read as it was looked at, with what was changed', async () => {
  const sent: ImportRequest[] = [];
  const at = new KeyImport(
    'red',
    {
      previewFile: () => Promise.resolve(preview),
      importKeys: (r) => {
        sent.push(r);
        return Promise.resolve('t');
      },
    },
    desk(file),
  );
  await at.choose('which');
  at.change({ existing: 'skip', base64: true });
  expect(at.ready).toBe(true);
  expect(await at.start(() => Promise.resolve(task))).toBe(task);
  expect(sent).toMatchObject([
    { namespace: 'red', file_id: 'f', separator: ';', header: true, key_column: 0, existing: 'skip', base64: true },
  ]);
});

test('without a column for keys nothing starts, and a file that is not needed is dropped', async () => {
  const from = desk(file);
  const at = new KeyImport(
    'red',
    {
      previewFile: () => Promise.resolve({ ...preview, key_column: -1 }),
      importKeys: () => Promise.reject(new Error('started')),
    },
    from,
  );
  await at.choose('which');
  expect(at.ready).toBe(false);
  expect(await at.start(() => Promise.resolve(task))).toBeNull();
  await at.leave();
  expect(from.dropped).toEqual(['f']);
});

test('an export goes to the browser when it is written, and nowhere when the dialog was closed', async () => {
  const chosen = { namespace: 'red', keys: [], prefixes: ['user:'] };
  const names: string[] = [];
  const api = {
    exportKeys: (r: { file: { name: string } }) => {
      names.push(r.file.name);
      return Promise.resolve('t');
    },
  };
  const to = desk(file);
  await exportKeys(chosen, 'csv', 'where', () => Promise.resolve(task), api, to);
  expect([names, to.fetched]).toEqual([['user.csv'], ['f']]);
  expect(await exportKeys(chosen, 'csv', 'where', () => Promise.resolve(task), api, desk(null))).toBeNull();
  expect(plainName('..')).toBe('keys');
});
