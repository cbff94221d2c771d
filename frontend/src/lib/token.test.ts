import { describe, expect, it } from 'vitest';
import { decodeToken, MaxTokenText } from './token';

const coded = (value: unknown): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const token = (claims: unknown): string => `${coded({ alg: 'EdDSA' })}.${coded(claims)}.c2ln`;

describe('a token', () => {
  it('is read with its moments, whatever letters it holds', () => {
    const read = decodeToken(` Bearer ${token({ sub: '0xÄ?>', exp: 1000, scope: ['read'] })} `);
    expect(read?.header).toEqual([{ name: 'alg', value: 'EdDSA', at: null }]);
    expect(read?.claims).toEqual([
      { name: 'sub', value: '0xÄ?>', at: null },
      { name: 'exp', value: '1000', at: 1_000_000 },
      { name: 'scope', value: '["read"]', at: null },
    ]);
  });
  it.each(['', 'a.b.c', 'one.two', `${coded([1])}.${coded({})}.x`, `${token({})}.more`, 'x'.repeat(MaxTokenText + 1)])(
    'is nothing else: %s',
    (text) => {
      expect(decodeToken(text)).toBeNull();
    },
  );
});
