import { describe, expect, it, vi } from 'vitest';
import type * as walletApi from '../api/wallet';
import type { WalletInfo, WalletState } from '../api/wallet';
import { AskedWords, cliName, passphraseStrength, somePlaces, Wallets } from './wallet.svelte';
import { BrowserLogin } from './walletbrowser.svelte';

const info = (over: Partial<WalletInfo> = {}): WalletInfo => ({
  id: 'w1',
  label: 'home',
  kind: 'words',
  accounts: [],
  forms: [],
  locked: true,
  words_checked: false,
  remind: true,
  keychain: false,
  created_at: '',
  problem: '',
  ...over,
});

const nobody = { address: '', chain: '', wallet_id: '', session_id: '', signed_in_at: '', namespaces: [] };
const state = (over: Partial<WalletState> = {}): WalletState => ({
  open: [],
  account: nobody,
  requests: [],
  revision: '1',
  ...over,
});

function wallets(list: WalletInfo[]) {
  const api = {
    list: vi.fn(() => Promise.resolve(list)),
    state: () => Promise.resolve(state()),
    answer: vi.fn(() => Promise.resolve()),
  };
  return { api, made: new Wallets(api as unknown as typeof walletApi) };
}

describe('the wallets', () => {
  it('are listed anew only when something changed', async () => {
    const { api, made } = wallets([info()]);
    made.take(state());
    await vi.waitFor(() => {
      expect(made.list.data).toHaveLength(1);
    });
    made.take(state({ open: ['w1'] }));
    expect(api.list).toHaveBeenCalledTimes(1);
    expect(made.isOpen('w1')).toBe(true);
    made.take(state({ revision: '2' }));
    expect(api.list).toHaveBeenCalledTimes(2);
  });

  it('say in one word how they are', async () => {
    const { made } = wallets([]);
    expect(made.chip).toBe('unknown');
    await made.refresh();
    expect(made.chip).toBe('none');
    const other = wallets([info()]).made;
    await other.refresh();
    expect(other.chip).toBe('locked');
    other.take(state({ open: ['w1'] }));
    expect(other.chip).toBe('open');
    other.take(state({ account: { ...nobody, address: '0x1', session_id: 's' } }));
    expect(other.chip).toBe('signed_in');
  });

  it('keep the roles of an account that is still the same', () => {
    const { made } = wallets([]);
    made.account = {
      ...nobody,
      address: '0x1',
      session_id: 's',
      namespaces: [{ name: 'shop', role: 'owner', created_at: '' }],
    };
    made.take(state({ account: { ...nobody, address: '0x1', session_id: 's' } }));
    expect(made.account.namespaces).toHaveLength(1);
    made.take(state());
    expect(made.signedIn).toBe(false);
  });

  it('show an answered text no longer', async () => {
    const { api, made } = wallets([]);
    const request = { id: 'r1' } as WalletState['requests'][number];
    made.take(state({ requests: [request] }));
    await made.answer('r1', false);
    expect(made.requests).toEqual([]);
    expect(api.answer).toHaveBeenCalledWith('r1', false);
  });
});

describe('words asked back', () => {
  it('are at different places of the phrase, in order', () => {
    for (let round = 0; round < 50; round += 1) {
      const places = somePlaces(12, AskedWords);
      expect(new Set(places).size).toBe(AskedWords);
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(Math.min(...places)).toBeGreaterThan(0);
      expect(Math.max(...places)).toBeLessThan(13);
    }
    expect(somePlaces(12, 3, () => 0)).toEqual([1, 2, 3]);
    expect(somePlaces(12, 3, () => 0.999)).toEqual([10, 11, 12]);
  });
});

describe('a passphrase', () => {
  it.each([
    ['äö1', 'short'],
    ['aaaaaaaaaaaa', 'weak'],
    ['password', 'weak'],
    ['Passw0rd', 'fair'],
    ['four easy words here', 'good'],
  ])('%s is %s', (text, want) => {
    expect(passphraseStrength(text)).toBe(want);
  });
});

it('a label that looks like a flag is not given to the command line', () => {
  expect(cliName(info({ label: '-rf' }))).toBe('w1');
  expect(cliName(info())).toBe('home');
});

describe('a sign-in by the browser', () => {
  it('that is given up while its page opens closes that page', async () => {
    let opened: (page: { id: string; url: string; code: string; opened: boolean }) => void = () => undefined;
    const api = {
      browserBegin: () => new Promise((resolve) => (opened = resolve)),
      browserWait: vi.fn(),
      browserCancel: vi.fn(() => Promise.resolve()),
    };
    const login = new BrowserLogin(api as unknown as typeof walletApi);
    const running = login.run();
    await login.cancel();
    opened({ id: 'b1', url: '', code: '', opened: false });
    expect(await running).toBeNull();
    expect(api.browserCancel).toHaveBeenCalledWith('b1');
    expect(api.browserWait).not.toHaveBeenCalled();
  });
});
