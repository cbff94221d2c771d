// What the page promises without a browser; the whole way is in tests/signin.e2e.ts.
import { expect, test } from 'vitest';
import { de } from './de';
import { en } from './en';
import { handover, ownComputer } from './host';
import { Problem } from './problem';
import { ask, shortName } from './wallet';
import { pickLanguage } from './words';

function shape(of: object, path = ''): string[] {
  return Object.entries(of).flatMap(([name, value]) => {
    const at = `${path}.${name}`;
    if (typeof value === 'function') return [`${at}()`];
    return typeof value === 'string' ? [`${at}${value === '' ? ' is empty' : ''}`] : shape(value as object, at);
  });
}

// A word that is missing in one language leaves a hole where a person must decide.
test('German has the words that English has, none empty', () => {
  expect(shape(de)).toEqual(shape(en));
  expect(shape(de).filter((at) => at.endsWith(' is empty'))).toEqual([]);
});

test.each([
  [['de-AT', 'en'], 'de'],
  [['fr', 'de'], 'de'],
  [['constructor'], 'en'],
  [[], 'en'],
])('%o speaks %s', (wishes, want) => {
  expect(pickLanguage(wishes)).toBe(want);
});

// A key in a query would stand in logs and histories.
test('a key is handed over in the fragment only, with the state of the callback', () => {
  const next = new URL(handover(new URL('http://127.0.0.1:4000/?state=a%2Bb&x=1'), 'ak_1 &=#', 'shop'));
  expect(next.search).toBe('?state=a%2Bb&x=1');
  const fragment = new URLSearchParams(next.hash.slice(1));
  expect(Object.fromEntries(fragment)).toEqual({ api_key: 'ak_1 &=#', namespace: 'shop', state: 'a+b' });
});

// The page looks a second time: a key for a stranger opens a namespace.
test.each([
  ['http://127.0.0.1:4000/', true],
  ['http://[::1]:4000/', true],
  ['http://localhost:4000/x?y', true],
  ['https://127.0.0.1:4000/', false],
  ['http://127.0.0.1.evil.example:4000/', false],
  ['http://user@127.0.0.1:4000/', false],
  ['http://127.0.0.1:4000@evil.example/', false],
  ['http://127.0.0.1:4000/#x', false],
  ['javascript:alert(1)', false],
  ['', false],
])('%s is on this computer: %s', (address, own) => {
  expect(ownComputer(address) !== undefined).toBe(own);
});

// What wallets throw differs; a person reads one of a few clear reasons.
test.each([
  [{ code: 4001, message: 'no' }, 'refused'],
  [new Error('User rejected the request.'), 'refused'],
  [{ code: -32002 }, 'pending'],
  [{ code: 4100 }, 'account'],
  [new Error('broken'), 'wallet'],
  [undefined, 'wallet'],
  [new Problem('text'), 'text'],
])('%o of a wallet is told as %s', async (thrown, fault) => {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- wallets do reject with anything
  await expect(ask(Promise.reject(thrown))).rejects.toMatchObject({ fault });
});

// An extension names itself; it must neither fill the page nor turn its text around.
test('names are cut and cleaned', () => {
  expect(shortName('a\u202Eb\n\u0000c')).toBe('a b c');
  expect(shortName('x'.repeat(100))).toHaveLength(61);
  expect(shortName(7)).toBe('');
});
