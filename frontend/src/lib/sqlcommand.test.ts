import { expect, test } from 'vitest';
import { sqlWords } from './sqlcommand';

const base = { namespace: 'shop', level: 'weak', freshnessMs: 0, params: [] };
const read = (text: string) => [{ text, kind: 'read' }];

// A command that is pasted must do what the screen does.
test.each([
  ['a read', { ...base, statements: read('SELECT 1') }, 'sql query --namespace shop --level weak -- SELECT 1'],
  [
    'a bounded age',
    { ...base, level: 'none', freshnessMs: 1000, statements: read('SELECT 1') },
    'sql query --namespace shop --level none --freshness 1000ms -- SELECT 1',
  ],
  [
    'a write',
    { ...base, statements: [{ text: 'DELETE FROM t', kind: 'write' }] },
    'sql exec --namespace shop -- DELETE FROM t',
  ],
  [
    'several statements',
    { ...base, statements: [...read('SELECT 1'), ...read('SELECT 2')] },
    'sql batch --keep-going --namespace shop SELECT 1;\nSELECT 2',
  ],
  [
    'values by name keep their kind',
    {
      ...base,
      statements: read('SELECT :a, :b'),
      params: [
        { name: ':a', kind: 't', value: '12' },
        { name: ':b', kind: 'r', value: '2' },
      ],
    },
    'sql query --namespace shop --level weak -p a="12" -p b=2.0 -- SELECT :a, :b',
  ],
  [
    'values by place',
    { ...base, statements: read('SELECT ?'), params: [{ name: '?1', kind: 'n', value: '' }] },
    'sql query --namespace shop --level weak -- SELECT ? null',
  ],
])('%s', (_, command, want) => {
  expect(sqlWords(command)?.join(' ')).toBe(want);
});

test('a blob has no place on the command line', () => {
  expect(
    sqlWords({ ...base, statements: read('SELECT ?'), params: [{ name: '?1', kind: 'b', value: '00' }] }),
  ).toBeNull();
});
