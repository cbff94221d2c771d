import { describe, expect, it, vi } from 'vitest';
import type * as identityApi from '../api/identity';
import type { Grant, Key } from '../api/identity';
import { Identity, keyState } from './identity.svelte';

const key = (expires: string): Key => ({
  id: 'k',
  name: '',
  creator: '',
  scopes: [],
  created_at: '',
  expires_at: expires,
  last_used_at: '',
});

describe('a key', () => {
  it('says what it is worth', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(keyState(key(''), now)).toBe('good');
    expect(keyState(key('2026-03-01T00:00:00Z'), now)).toBe('good');
    expect(keyState(key('2026-01-03T00:00:00Z'), now)).toBe('soon');
    expect(keyState(key('2026-01-01T00:00:00Z'), now)).toBe('expired');
  });
});

function grants(start: Grant[]) {
  let list = start;
  const api = {
    grants: () => Promise.resolve(list),
    grant: vi.fn((_as: string, _ns: string, subject: string, role: string) => {
      list = list.filter((one) => one.subject !== subject);
      if (role !== '') list = [...list, { subject, role, granted_by: 'operator', created_at: '' }];
      return Promise.resolve();
    }),
  };
  return { api, made: new Identity(api as unknown as typeof identityApi, () => Promise.reject(new Error('a guest'))) };
}

describe('a grant', () => {
  it.each([
    ['given', [], 'reader', []],
    ['changed', [{ subject: '0x1', role: 'writer', granted_by: 'a', created_at: '' }], 'reader', ['writer']],
    ['taken away', [{ subject: '0x1', role: 'owner', granted_by: 'a', created_at: '' }], '', ['owner']],
  ])('that is %s can be put back', async (_, start: Grant[], role, want) => {
    const { made } = grants(start);
    await made.loadGrants('shop');
    const undo = await made.grant('shop', '0x1', role);
    expect(made.grants.data?.map((one) => one.role)).toEqual(role === '' ? [] : [role]);
    await undo();
    expect(made.grants.data?.map((one) => one.role)).toEqual(want);
  });
});

it('what one saw is not shown to the other', async () => {
  const { api, made } = grants([{ subject: '0x1', role: 'owner', granted_by: 'a', created_at: '' }]);
  await made.loadGrants('shop');
  made.become('account');
  expect(made.grants.data).toBeNull();
  await made.grant('shop', '0x2', 'reader');
  expect(api.grant).toHaveBeenCalledWith('account', 'shop', '0x2', 'reader');
});
