import { describe, expect, test } from 'vitest';
import type { Table } from '../api/sql';
import { changeOf, type Design, faultOf, indexSQL, newColumn, newDesign, tableSQL } from './ddl';
import { readDesign } from './ddlread';

const table = (sql: string, indexes: Table['indexes'] = []): Table => ({
  name: 't',
  kind: 'table',
  sql,
  columns: [],
  indexes,
});

const read = (sql: string, indexes: Table['indexes'] = []): Design => readDesign(table(sql, indexes))!;

const whole = `CREATE TABLE t (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  "full name" VARCHAR(20) NOT NULL DEFAULT 'a, (b)' CHECK (length("full name") > 0), -- a comment, with a comma
  price REAL DEFAULT -1.5 COLLATE NOCASE,
  owner INTEGER UNIQUE REFERENCES person(id) ON DELETE SET NULL ON UPDATE CASCADE,
  half REAL GENERATED ALWAYS AS (price / 2) STORED,
  CONSTRAINT positive CHECK (price > 0 AND owner IN (1, 2)),
  FOREIGN KEY (price) REFERENCES u (a)
) STRICT, WITHOUT ROWID`;

// A designer that loses a constraint on the way destroys somebody's rules.
describe('reading a table', () => {
  test('every part finds its field', () => {
    const d = read(whole);
    expect(d.columns.map((c) => [c.name, c.type])).toEqual([
      ['id', 'INTEGER'],
      ['full name', 'VARCHAR(20)'],
      ['price', 'REAL'],
      ['owner', 'INTEGER'],
      ['half', 'REAL'],
    ]);
    const [id, name, price, owner, half] = d.columns;
    expect(id).toMatchObject({ primaryKey: true, autoincrement: true });
    expect(name).toMatchObject({ notNull: true, defaultValue: "'a, (b)'", check: 'length("full name") > 0' });
    expect(price).toMatchObject({ defaultValue: '-1.5', more: 'COLLATE NOCASE' });
    expect(owner).toMatchObject({ unique: true, references: 'person(id) ON DELETE SET NULL ON UPDATE CASCADE' });
    expect(half?.more).toBe('GENERATED ALWAYS AS (price / 2) STORED');
    expect(d.constraints).toEqual([
      'CONSTRAINT positive CHECK (price > 0 AND owner IN (1, 2))',
      'FOREIGN KEY (price) REFERENCES u (a)',
    ]);
    expect([d.strict, d.withoutRowid]).toEqual([true, true]);
  });

  test('written and read again it is the same', () => {
    const once = read(whole);
    expect(read(tableSQL(once))).toEqual(once);
  });

  test('a partial index keeps its condition', () => {
    const index = {
      name: 'i',
      unique: true,
      columns: [''],
      sql: 'CREATE UNIQUE INDEX i ON t (lower(a), b DESC) WHERE b > (1)',
    };
    const d = read('CREATE TABLE t (a, b)', [index]);
    expect(d.indexes[0]).toMatchObject({ on: 'lower(a), b DESC', where: 'b > (1)' });
    expect(indexSQL(d.indexes[0]!, 't')).toBe(index.sql);
  });

  test('a virtual table is left alone', () => {
    expect(readDesign(table('CREATE VIRTUAL TABLE t USING fts5(a, b)'))).toBeNull();
  });
});

// ALTER where it will do keeps rows where they are; a rebuild where it must be is one batch.
describe('changing a table', () => {
  const base = 'CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, UNIQUE (a))';
  const index = { name: 'i', unique: false, columns: ['b'], sql: 'CREATE INDEX i ON t (b)' };
  const change = (edit: (d: Design) => void, triggers: string[] = []) => {
    const before = read(base, [index]);
    const after = structuredClone(before);
    edit(after);
    return changeOf(before, after, triggers);
  };
  const at = (d: Design, i: number) => d.columns[i]!;

  test.each<[string, (d: Design) => void, string[]]>([
    ['nothing', () => undefined, []],
    ['a new name', (d) => (d.name = 'new name'), ['ALTER TABLE t RENAME TO "new name"']],
    ['a column renamed', (d) => (at(d, 1).name = 'c'), ['ALTER TABLE t RENAME COLUMN a TO c']],
    [
      'a column added',
      (d) => d.columns.push(newColumn(9, { name: 'n', type: 'INTEGER', notNull: true, defaultValue: '0' })),
      ['ALTER TABLE t ADD COLUMN n INTEGER NOT NULL DEFAULT 0'],
    ],
    [
      'a column and its index dropped',
      (d) => {
        d.columns.splice(2, 1);
        d.indexes = [];
      },
      ['DROP INDEX i', 'ALTER TABLE t DROP COLUMN b'],
    ],
    ['an index changed', (d) => (d.indexes[0]!.unique = true), ['DROP INDEX i', 'CREATE UNIQUE INDEX i ON t (b)']],
  ])('%s: ALTER', (_, edit, want) => {
    expect(change(edit)).toEqual({ statements: want, rebuild: false });
  });

  test.each<[string, (d: Design) => void]>([
    ['another type', (d) => (at(d, 2).type = 'INTEGER')],
    ['another order', (d) => d.columns.reverse()],
    ['a column of a constraint dropped', (d) => d.columns.splice(1, 1)],
    [
      'a column that must have a value and none to give',
      (d) => d.columns.push(newColumn(9, { name: 'n', notNull: true })),
    ],
    [
      'a column whose default is a clock',
      (d) => d.columns.push(newColumn(9, { name: 'n', defaultValue: 'CURRENT_TIMESTAMP' })),
    ],
    ['STRICT', (d) => (d.strict = true)],
    ['a rule of the table', (d) => d.constraints.push('CHECK (a <> b)')],
  ])('%s: a new table in its place', (_, edit) => {
    expect(change(edit).rebuild).toBe(true);
  });

  test('a rebuild copies what stays, and makes indexes and triggers again', () => {
    const { statements } = change(
      (d) => {
        at(d, 1).name = 'c';
        at(d, 2).notNull = true;
        d.columns.push(newColumn(9, { name: 'n' }));
      },
      ['CREATE TRIGGER x …'],
    );
    expect(statements[0]).toContain('CREATE TABLE new_t (');
    expect(statements.slice(1)).toEqual([
      'INSERT INTO new_t (id, c, b) SELECT id, a, b FROM t',
      'DROP TABLE t',
      'ALTER TABLE new_t RENAME TO t',
      'CREATE INDEX i ON t (b)',
      'CREATE TRIGGER x …',
    ]);
  });

  test('a new table with a key of two columns', () => {
    const d = newDesign();
    d.name = 'pair';
    d.columns.push(newColumn(2, { name: 'b', primaryKey: true }));
    expect(changeOf(null, d).statements).toEqual([
      'CREATE TABLE pair (\n  id INTEGER,\n  b TEXT,\n  PRIMARY KEY (id, b)\n) STRICT',
    ]);
  });
});

test('what cannot work is said before it runs', () => {
  const d = newDesign();
  expect(faultOf(d)?.what).toBe('name');
  d.name = 't';
  expect(faultOf(d)).toBeNull();
  d.columns.push(newColumn(2, { name: 'ID' }));
  expect(faultOf(d)).toEqual({ what: 'double', of: 'ID' });
  d.columns = [newColumn(3, { name: 'a' })];
  d.withoutRowid = true;
  expect(faultOf(d)?.what).toBe('key');
  d.constraints = ['PRIMARY KEY (a)'];
  expect(faultOf(d)).toBeNull();
});
