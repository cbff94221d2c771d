import { describe, expect, test } from 'vitest';
import { de } from './de';
import { en } from './en';
import { formatsOf } from './formats';
import { pickLanguage } from './index.svelte';

/** Every text by its path; functions are told apart by their number of values. */
function shape(of: object, path = ''): string[] {
  return Object.entries(of).flatMap(([name, value]) => {
    const at = `${path}.${name}`;
    if (typeof value === 'function') return [`${at}()`];
    return typeof value === 'string' ? [at] : shape(value as object, at);
  });
}

// A word that is missing in one language leaves a hole on screen.
test('German has the words that English has, none empty', () => {
  // The SQL editor speaks English by itself: only other languages have words for it.
  const words = (of: object) => shape(of).filter((at) => !at.startsWith('.sql.phrases.'));
  expect(words(de)).toEqual(words(en));
  const empty = [...Object.values(de.node), ...Object.values(de.keys), ...Object.values(de.sql)].filter(
    (v) => v === '',
  );
  expect(empty).toEqual([]);
});

test.each([
  [['de-AT', 'en'], 'de'],
  [['fr', 'de'], 'de'],
  [['C'], 'en'],
  [[], 'en'],
])('%o speaks %s', (wishes, want) => {
  expect(pickLanguage(wishes)).toBe(want);
});

describe('formats', () => {
  const f = formatsOf('en');

  test('sizes', () => {
    expect([0, 1023, 1024, 1_500_000, 250 * 1024 ** 2].map((n) => f.bytes(n))).toEqual([
      '0 B',
      '1,023 B',
      '1.0 KiB',
      '1.4 MiB',
      '250 MiB',
    ]);
  });

  test('long whole numbers keep every digit', () => {
    expect(f.digits('18446744073709551615')).toBe('18,446,744,073,709,551,615');
    expect(f.digits('n/a')).toBe('n/a');
  });

  test('times', () => {
    const now = Date.parse('2026-01-01T12:00:00Z');
    expect(f.ago('2026-01-01T11:57:00Z', now)).toBe('3 minutes ago');
    expect(f.ago('2026-01-01T14:00:00Z', now)).toBe('in 2 hours');
    expect(f.ago('2026-01-01T12:00:00Z', now)).toBe('now');
    expect([500, 59_000, 3_700_000, 90_061_000].map((ms) => f.duration(ms))).toEqual([
      '0 s',
      '59 s',
      '1 h 1 min',
      '1 d 1 h',
    ]);
  });

  test('one and many', () => {
    expect(en.sql.rows(f, 1)).toBe('1 row');
    expect(en.sql.rows(f, 1200)).toBe('1,200 rows');
    expect(de.sql.rows(formatsOf('de'), 1200)).toBe('1.200 Zeilen');
  });
});
