// The forms of the first step: making a wallet, taking one over. What is typed
// here is a secret: it is handed to the node and forgotten.
import { toError } from '../api/call';
import * as walletApi from '../api/wallet';
import type { Account, BrowserSignIn, WalletInfo } from '../api/wallet';
import { strengthOf, type Strength } from '../lib/strength';

/** A key file is far smaller; anything above is another file. */
export const MaxKeyFileBytes = 16 << 10;

/** What is wrong with a form, by field; the page has the words. */
export type Fault = '' | 'needName' | 'needSecret' | 'tooShort' | 'differ';

/** The fields of a wallet that is made or taken over. */
export class WalletForm {
  name = $state('');
  passphrase = $state('');
  again = $state('');
  keychain = $state(false);
  secret = $state('');
  /** What the secret looks like, '' while that cannot be told. */
  form = $state('');
  /** What the node says is wrong with words, or with all of it. */
  phraseFault = $state('');
  fault = $state('');
  /** Why the keychain does not open the wallet that was made. */
  keychainFault = $state('');
  tried = $state(false);
  busy = $state(false);
  strength = $derived<Strength>(strengthOf(this.passphrase));
  #api: typeof walletApi;
  #turn = 0;

  constructor(name: string, api = walletApi) {
    this.name = name;
    this.#api = api;
  }

  /** A keystore file has its passphrase, which is not chosen anew. */
  get choosesPassphrase(): boolean {
    return this.form !== 'keystore';
  }

  faultOf(field: 'name' | 'passphrase' | 'again' | 'secret', imports: boolean): Fault {
    switch (field) {
      case 'name':
        return this.name.trim() === '' ? 'needName' : '';
      case 'secret':
        return imports && this.secret.trim() === '' ? 'needSecret' : '';
      case 'passphrase':
        return this.strength === 'short' ? 'tooShort' : '';
      case 'again':
        return this.choosesPassphrase && this.again !== this.passphrase ? 'differ' : '';
    }
  }

  /** Takes a secret and guesses what it is. */
  async take(secret: string): Promise<void> {
    const turn = ++this.#turn;
    this.secret = secret;
    this.fault = '';
    this.phraseFault = '';
    if (secret.trim() === '') {
      this.form = '';
      return;
    }
    try {
      const form = await this.#api.guessForm(secret.trim());
      const problem = form === 'words' ? await this.#api.checkPhrase(secret.trim()) : '';
      if (turn === this.#turn) [this.form, this.phraseFault] = [form, problem];
    } catch {
      if (turn === this.#turn) this.form = '';
    }
  }

  /** Makes a wallet of new words; null when something is missing or refused. */
  make(): Promise<WalletInfo | null> {
    return this.#go(false, () => this.#api.create(this.name.trim(), this.passphrase));
  }

  /** Takes the wallet of the secret over. */
  takeOver(): Promise<WalletInfo | null> {
    return this.#go(true, () =>
      this.#api.importSecret({ label: this.name.trim(), form: this.form }, this.secret.trim(), this.passphrase),
    );
  }

  async #go(imports: boolean, does: () => Promise<WalletInfo>): Promise<WalletInfo | null> {
    this.tried = true;
    this.fault = '';
    const fields = ['name', 'secret', 'passphrase', 'again'] as const;
    if (this.busy || fields.some((field) => this.faultOf(field, imports) !== '')) return null;
    this.busy = true;
    try {
      const wallet = await does();
      if (this.keychain) await this.#keep(wallet.id);
      this.forget();
      return wallet;
    } catch (raw) {
      this.fault = toError(raw).message;
      return null;
    } finally {
      this.busy = false;
    }
  }

  /** A keychain that does not answer is no reason to lose the wallet. */
  async #keep(id: string): Promise<void> {
    try {
      await this.#api.keychain(id, true, this.passphrase);
    } catch (raw) {
      this.keychainFault = toError(raw).message;
    }
  }

  /** Forgets what is secret. */
  forget(): void {
    this.passphrase = '';
    this.again = '';
    this.secret = '';
    this.form = '';
    this.tried = false;
  }
}

/** A sign-in by a wallet of the browser. */
export class BrowserWallet {
  page = $state.raw<BrowserSignIn | null>(null);
  account = $state.raw<Account | null>(null);
  fault = $state('');
  #api: typeof walletApi;

  constructor(api = walletApi) {
    this.#api = api;
  }

  /** Opens a page and waits until somebody signed there, or it was given up. */
  async begin(): Promise<void> {
    this.fault = '';
    this.account = null;
    try {
      const page = await this.#api.browserBegin();
      this.page = page;
      this.account = await this.#api.browserWait(page.id);
    } catch (raw) {
      this.fault = toError(raw).message;
    }
    this.page = null;
  }

  /** Closes the page. */
  async giveUp(): Promise<void> {
    const page = this.page;
    if (page !== null) await this.#api.browserCancel(page.id);
  }
}
