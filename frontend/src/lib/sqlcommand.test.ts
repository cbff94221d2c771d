import { expect, test } from 'vitest';
import { sqlWords } from './sqlcommand';

const base = { namespace: 'shop', level: 'weak', freshnessMs: 0, text: 'SELECT 1', reads: true, params: [] };

// A command that is pasted must do what the screen does.
test.each([
  ['a read', base, 'sql query --namespace shop --level weak -- SELECT 1'],
  [
    'a bounded age',
    { ...base, level: 'none', freshnessMs: 1000 },
    'sql query --namespace shop --level none --freshness 1000ms -- SELECT 1',
  ],
  ['a write', { ...base, text: 'DELETE FROM t', reads: false }, 'sql exec --namespace shop -- DELETE FROM t'],
  [
    'values by name keep their kind',
    {
      ...base,
      text: 'SELECT :a, :b',
      params: [
        { name: ':a', kind: 't', value: '12' },
        { name: ':b', kind: 'r', value: '2' },
      ],
    },
    'sql query --namespace shop --level weak -p a="12" -p b=2.0 -- SELECT :a, :b',
  ],
  [
    'values by place',
    { ...base, text: 'SELECT ?', params: [{ name: '?1', kind: 'n', value: '' }] },
    'sql query --namespace shop --level weak -- SELECT ? null',
  ],
])('%s', (_, command, want) => {
  expect(sqlWords(command)?.join(' ')).toBe(want);
});

test('a blob has no place on the command line', () => {
  expect(sqlWords({ ...base, text: 'SELECT ?', params: [{ name: '?1', kind: 'b', value: '00' }] })).toBeNull();
});
