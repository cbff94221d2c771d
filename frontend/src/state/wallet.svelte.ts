// The wallets of this user: which there are, which are open, who is signed in and
// what waits for a signature. No passphrase and no word is kept here.
import { listen } from '../api/events';
import * as walletApi from '../api/wallet';
import type { Account, SignRequest, WalletInfo, WalletState } from '../api/wallet';
import { Loader } from './loader.svelte';

/** How many words of a phrase are asked back. */
export const AskedWords = 3;

const nobody: Account = {
  address: '',
  chain: '',
  wallet_id: '',
  session_id: '',
  signed_in_at: '',
  namespaces: [],
};

/** What the header says of the wallets. */
export type ChipState = 'unknown' | 'none' | 'locked' | 'open' | 'signed_in';

/** Draws different places of a phrase, in their order; random is below 1. */
export function somePlaces(size: number, count: number, random: () => number = Math.random): number[] {
  const all = Array.from({ length: size }, (_, i) => i + 1);
  const drawn: number[] = [];
  while (drawn.length < count && all.length > 0) drawn.push(...all.splice(Math.floor(random() * all.length), 1));
  return drawn.sort((a, b) => a - b);
}

/** How hard a new passphrase is to guess, roughly: by its length and its kinds of signs. */
export function passphraseStrength(text: string): 'short' | 'weak' | 'fair' | 'good' {
  if (new TextEncoder().encode(text).length < 8) return 'short';
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(text)).length;
  const different = new Set(text).size;
  if (different < 5) return 'weak';
  if (text.length >= 20 || (text.length >= 14 && kinds > 2)) return 'good';
  return text.length >= 12 || kinds > 2 ? 'fair' : 'weak';
}

/** The command line's name of a wallet: its label, unless that looks like a flag. */
export const cliName = (wallet: WalletInfo): string => (wallet.label.startsWith('-') ? wallet.id : wallet.label);

/** All wallets of this user. */
export class Wallets {
  list = new Loader<WalletInfo[]>();
  open = $state.raw<ReadonlySet<string>>(new Set());
  account = $state.raw<Account>(nobody);
  requests = $state.raw<SignRequest[]>([]);
  lockMinutes = $state(0);
  #api: typeof walletApi;
  #revision = '';

  constructor(api = walletApi) {
    this.#api = api;
  }

  /** Follows the wallets; the answer ends it. */
  start(): () => void {
    const stop = listen<WalletState>(
      'wallet',
      (state) => {
        this.take(state);
      },
      () => void this.look(),
    );
    void this.look();
    return stop;
  }

  get signedIn(): boolean {
    return this.account.address !== '';
  }

  /** The wallets whose words should be written down now. */
  get unwritten(): WalletInfo[] {
    return (this.list.data ?? []).filter((wallet) => wallet.remind);
  }

  get chip(): ChipState {
    if (this.signedIn) return 'signed_in';
    if (this.list.data === null) return 'unknown';
    if (this.list.data.length === 0) return 'none';
    return this.open.size > 0 ? 'open' : 'locked';
  }

  /** Takes the newest state, and asks for the list when it is another one. */
  take(state: WalletState): void {
    this.open = new Set(state.open);
    if (state.account.session_id !== this.account.session_id) this.account = state.account;
    this.requests = state.requests;
    if (state.revision === this.#revision && this.list.data !== null) return;
    this.#revision = state.revision;
    void this.refresh();
  }

  /** Asks for the state; without one the chip says nothing. */
  async look(): Promise<void> {
    try {
      this.take(await this.#api.state());
    } catch {
      // The screen's own question shows the failure.
    }
  }

  async refresh(): Promise<void> {
    await this.list.load(this.#api.list);
  }

  isOpen(id: string): boolean {
    return this.open.has(id);
  }

  /** Does something to the wallets and looks at them again; throws the node's reason. */
  async act<T>(does: (api: typeof walletApi) => Promise<T>): Promise<T> {
    const done = await does(this.#api);
    await Promise.all([this.look(), this.refresh()]);
    return done;
  }

  /** Answers a text that waits; it is gone from the screen at once. */
  async answer(id: string, approve: boolean): Promise<void> {
    this.requests = this.requests.filter((request) => request.id !== id);
    await this.#api.answer(id, approve);
  }

  /** Signs in; the text that is signed comes up meanwhile. */
  async signIn(id: string, chain: string): Promise<Account> {
    this.account = await this.#api.signIn(id, chain);
    return this.account;
  }

  /** Asks for the account's roles, which no event brings. */
  async refreshAccount(): Promise<void> {
    this.account = await this.#api.current();
  }

  async loadOptions(): Promise<void> {
    this.lockMinutes = (await this.#api.options()).lock_minutes;
  }

  async setLockMinutes(minutes: number): Promise<void> {
    await this.#api.setOptions({ lock_minutes: minutes });
    this.lockMinutes = minutes;
  }

  guessForm(secret: string): Promise<string> {
    return this.#api.guessForm(secret);
  }

  checkPhrase(words: string): Promise<string> {
    return this.#api.checkPhrase(words);
  }

  words(id: string, passphrase: string): Promise<string> {
    return this.#api.words(id, passphrase);
  }
}

/** The app's wallets. */
export const wallets = new Wallets();
