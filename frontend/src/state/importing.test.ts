import { expect, test } from 'vitest';
import * as sqlApi from '../api/sql';
import type { ImportRequest, Table } from '../api/sql';
import { Importing } from './importing.svelte';

const column = (name: string, type: string) => ({ name, type, nullable: true, default: '', primary_key: false });
const tables: Table[] = [
  {
    name: 'people',
    kind: 'table',
    sql: '',
    columns: [column('id', 'INTEGER'), column('full name', 'VARCHAR(9)')],
    indexes: [],
  },
];

const make = (table: string) => {
  const sent: ImportRequest[] = [];
  const work = new Importing(tables, table, {
    ...sqlApi,
    previewImport: (_, format) =>
      Promise.resolve({
        format: { ...format, format: 'csv' },
        columns: [
          { source: 0, name: 'Full_Name', type: 'INTEGER' },
          { source: 1, name: 'ID', type: 'TEXT' },
          { source: 2, name: 'x', type: 'REAL' },
        ],
        rows: [],
      }),
    importRows: (request) => {
      sent.push(request);
      return Promise.resolve('task');
    },
  });
  return { work, sent };
};
const file = { id: 'f', name: 'My people.csv', size: '1', fetch: false };

// A column in the wrong place is found out when it is too late.
test('columns go to those of the same name, read as the table wants them', async () => {
  const { work, sent } = make('people');
  await work.look(file);
  expect(work.targets).toEqual(['full name', 'id', '']);
  work.aim(2, 'id');
  expect(work.targets).toEqual(['full name', '', 'id']);
  await work.start('shop', 'title');
  expect(sent[0]).toMatchObject({
    table: 'people',
    create: false,
    columns: [
      { source: 0, name: 'full name', type: 'TEXT' },
      { source: 2, name: 'id', type: 'REAL' },
    ],
  });
});

test('a new table is named after the file and takes every column', async () => {
  const { work, sent } = make('');
  await work.look(file);
  expect(work.name).toBe('my_people');
  expect(work.ready).toBe(true);
  await work.start('shop', 'title');
  expect(sent[0]).toMatchObject({ table: 'my_people', create: true });
  expect(sent[0]?.columns.map((c) => c.name)).toEqual(['Full_Name', 'ID', 'x']);
  work.name = 'People';
  expect(work.ready).toBe(false);
});
