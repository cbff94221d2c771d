import { describe, expect, it } from 'vitest';
import { strengthOf } from './strength';

describe('strength of a passphrase', () => {
  it.each([
    ['short', ''],
    ['short', 'a1b2c3d'],
    ['weak', 'password123'],
    ['weak', 'aaaaaaaaaaaaaaaaaaaa'],
    ['weak', 'qwertz123456'],
    ['weak', 'elephant'],
    ['strong', 'correct horse battery staple'],
    ['strong', 'x7!Kq92_vLp4#tR'],
  ])('%s: %s', (want, passphrase) => {
    expect(strengthOf(passphrase)).toBe(want);
  });
  it('never falls when something new is added', () => {
    const order = ['short', 'weak', 'fair', 'good', 'strong'];
    let last = 0;
    for (const text of [
      'tulip k',
      'tulip kx',
      'tulip kx7',
      'tulip kx7 river',
      'tulip kx7 river Moon',
      'tulip kx7 river Moon 4!',
    ]) {
      const now = order.indexOf(strengthOf(text));
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });
});
