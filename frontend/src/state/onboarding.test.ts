import { describe, expect, it } from 'vitest';
import { BackendError } from '../api/call';
import type * as networkApi from '../api/network';
import type * as walletApi from '../api/wallet';
import type { WalletInfo } from '../api/wallet';
import { Onboarding } from './onboarding.svelte';
import { FirstSteps } from './onboardingdue.svelte';
import { WalletForm } from './onboardingwallet.svelte';

const wallet: WalletInfo = {
  id: 'w1',
  label: 'Mine',
  kind: 'words',
  accounts: [
    { chain: 'SOL', address: '9xQ' },
    { chain: 'ETH', address: '0xAb' },
  ],
  forms: [],
  locked: true,
  words_checked: false,
  remind: true,
  keychain: false,
  created_at: '',
  problem: '',
};

/** Wallets in memory. */
function store(over: Partial<typeof walletApi> = {}) {
  const made: string[][] = [];
  const api: Partial<typeof walletApi> = {
    list: () => Promise.resolve(made.length > 0 ? [wallet] : []),
    create: (label, passphrase) => {
      made.push([label, passphrase]);
      return Promise.resolve(wallet);
    },
    importSecret: ({ label, form }, ...secrets) => {
      made.push([label, form, ...secrets]);
      return Promise.resolve(wallet);
    },
    guessForm: (secret) => Promise.resolve(secret.startsWith('{') ? 'keystore' : 'words'),
    checkPhrase: (words) => Promise.resolve(words.split(' ').length === 12 ? '' : 'A phrase has 12 words.'),
    ...over,
  };
  return { api: api as typeof walletApi, made };
}

describe('whether the first steps are due', () => {
  it('a node that cannot say yet shows none, and is asked again', async () => {
    const answers = [Promise.reject(new BackendError('unavailable', 'starting')), Promise.resolve(true)];
    const steps = new FirstSteps(() => answers.shift() ?? Promise.resolve(false));
    await steps.look();
    expect(steps.due).toBe(false);
    await steps.look();
    expect(steps.due).toBe(true);
  });
  it('what is done in them does not end them', async () => {
    const answers = [true, false];
    const steps = new FirstSteps(() => Promise.resolve(answers.shift() ?? false));
    await steps.look();
    await steps.look();
    expect(steps.due).toBe(true);
  });
});

describe('making a wallet', () => {
  it('needs a name and the same passphrase of eight characters twice, and asks the node for nothing before', async () => {
    const { api, made } = store();
    const form = new WalletForm(' ', api);
    form.passphrase = 'short';
    form.again = 'other';
    expect(await form.make()).toBeNull();
    const faults = (['name', 'passphrase', 'again'] as const).map((field) => form.faultOf(field, false));
    expect([faults, made]).toEqual([['needName', 'tooShort', 'differ'], []]);
  });
  it('forgets the passphrase once it is made', async () => {
    const { api, made } = store();
    const form = new WalletForm('Mine', api);
    form.passphrase = form.again = 'tulip river moon';
    expect(await form.make()).toEqual(wallet);
    expect([form.passphrase, form.again, made]).toEqual(['', '', [['Mine', 'tulip river moon']]]);
  });
  it('stays when the keychain does not want it, and says why', async () => {
    const { api } = store({ keychain: () => Promise.reject(new BackendError('unavailable', 'No keychain here.')) });
    const form = new WalletForm('Mine', api);
    form.passphrase = form.again = 'tulip river moon';
    form.keychain = true;
    expect(await form.make()).toEqual(wallet);
    expect([form.fault, form.keychainFault]).toEqual(['', 'No keychain here.']);
  });
});

describe('taking a wallet over', () => {
  it('guesses the form, tells what is wrong with words, and keeps the form typed after a refusal', async () => {
    const { api } = store({ importSecret: () => Promise.reject(new BackendError('invalid', 'The key is none.')) });
    const form = new WalletForm('Mine', api);
    await form.take('one two three');
    expect([form.form, form.phraseFault]).toEqual(['words', 'A phrase has 12 words.']);
    form.passphrase = form.again = 'tulip river moon';
    expect(await form.takeOver()).toBeNull();
    expect([form.fault, form.secret, form.busy]).toEqual(['The key is none.', 'one two three', false]);
  });
  it('asks for the passphrase of a keystore file once: it is not chosen anew', async () => {
    const { api, made } = store();
    const form = new WalletForm('Mine', api);
    await form.take('{"version": 3}');
    form.passphrase = 'of the file';
    expect(await form.takeOver()).toEqual(wallet);
    expect(made).toEqual([['Mine', 'keystore', '{"version": 3}', 'of the file']]);
  });
});

describe('the way', () => {
  it('offers a wallet that is there, and shows its Ethereum address first', async () => {
    const { api, made } = store();
    made.push(['before']);
    const way = new Onboarding(api, {} as typeof networkApi);
    await way.lookForWallets();
    expect(way.walletWay).toBe('have');
    await way.own(wallet);
    expect([way.address, way.label]).toEqual(['0xAb', 'Mine']);
  });
  it('goes forth and back within its three steps', () => {
    const way = new Onboarding(store().api, {} as typeof networkApi);
    way.back();
    for (const want of [2, 3, 3]) {
      way.next();
      expect(way.step).toBe(want);
    }
    way.back();
    expect(way.step).toBe(2);
  });
});
