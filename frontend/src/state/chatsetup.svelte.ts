// The first steps of the chat: which wallet, how its keys are kept here, and one
// signature. What is typed here is a secret: it is handed to the node and forgotten.
import { toError } from '../api/call';
import { listen } from '../api/events';
import * as setupApi from '../api/chatsetup';
import type { ChatState, Enrolment, EnrolOptions, EnrolPage } from '../api/chatsetup';
import { strengthOf } from '../lib/strength';

/** Where the wallet is that signs. */
export type EnrolWay = 'wallet' | 'browser' | 'paste';

/** What is still missing, by field; the page has the words. */
export type Missing = '' | 'wallet' | 'address' | 'passphrase' | 'short' | 'differ' | 'signature';

type Api = Pick<
  typeof setupApi,
  'enrolWallet' | 'enrolBrowser' | 'enrolWait' | 'enrolCancel' | 'enrolText' | 'enrolSigned'
>;

/** Hears the check code of the text that the page in the browser shows. The answer ends it. */
type Codes = (take: (code: string) => void) => () => void;

const codes: Codes = (take) =>
  listen<{ kind: string; title?: string }>(
    'chat',
    ({ kind, title }) => {
      if (kind === 'code') take(title ?? '');
    },
    () => undefined,
  );

/** One enrolment of this device, or the renewal of its certificate. */
export class EnrolForm {
  way = $state<EnrolWay>('wallet');
  /** The built-in wallet and its chain. */
  wallet = $state('');
  chain = $state('ETH');
  /** The address of a wallet that is elsewhere, and what it signed. */
  address = $state('');
  signature = $state('');
  keychain = $state(false);
  passphrase = $state('');
  again = $state('');
  deviceName = $state('');
  /** The page in the browser, while it is open. */
  page = $state.raw<EnrolPage | null>(null);
  /** The check code of the text there. */
  pageCode = $state('');
  /** The text for a wallet elsewhere, once it was made. */
  text = $state.raw<Enrolment | null>(null);
  tried = $state(false);
  busy = $state(false);
  fault = $state('');
  strength = $derived(strengthOf(this.passphrase));
  #api: Api;
  #codes: Codes;
  #left = false;

  /** A renewal keeps the lock that there is. */
  constructor(
    readonly renewal = false,
    api: Api = setupApi,
    hear: Codes = codes,
  ) {
    this.#api = api;
    this.#codes = hear;
  }

  /** The first thing that is missing. */
  get missing(): Missing {
    if (this.way === 'wallet' && this.wallet === '') return 'wallet';
    if (this.way === 'paste' && this.address.trim() === '') return 'address';
    if (this.text !== null && this.signature.trim() === '') return 'signature';
    if (this.renewal || this.keychain) return '';
    if (this.passphrase === '') return 'passphrase';
    if (this.strength === 'short') return 'short';
    return this.again === this.passphrase ? '' : 'differ';
  }

  /** Has the wallet sign. The answer is null when something is missing, refused or given up. */
  async run(): Promise<ChatState | null> {
    this.tried = true;
    if (this.busy || this.missing !== '') return null;
    this.busy = true;
    this.fault = '';
    try {
      const state = await this.#sign();
      if (state !== null) this.forget();
      return state;
    } catch (raw) {
      if (!this.#left) this.fault = toError(raw).message;
      return null;
    } finally {
      this.busy = false;
      this.page = null;
    }
  }

  async #sign(): Promise<ChatState | null> {
    const options: EnrolOptions = { keychain: this.keychain, device_name: this.deviceName.trim() };
    const secret = this.keychain || this.renewal ? '' : this.passphrase;
    switch (this.way) {
      case 'wallet':
        return this.#api.enrolWallet(this.wallet, this.chain, options, secret);
      case 'browser': {
        this.#left = false;
        this.pageCode = '';
        const stop = this.#codes((code) => (this.pageCode = code));
        try {
          const page = await this.#api.enrolBrowser(options, secret);
          this.page = page;
          return await this.#api.enrolWait(page.id);
        } finally {
          stop();
        }
      }
      case 'paste':
        if (this.text === null) {
          this.text = await this.#api.enrolText(this.address.trim());
          this.tried = false;
          return null;
        }
        return this.#api.enrolSigned(this.text.id, this.signature.trim(), options, secret);
    }
  }

  /** Goes another way; what was begun is given up. */
  async choose(way: EnrolWay): Promise<void> {
    await this.giveUp();
    this.way = way;
    this.text = null;
    this.signature = '';
    this.tried = false;
    this.fault = '';
  }

  /** Closes the page in the browser. */
  async giveUp(): Promise<void> {
    this.#left = true;
    const { page } = this;
    if (page !== null) await this.#api.enrolCancel(page.id);
  }

  /** Forgets what is secret. */
  forget(): void {
    this.passphrase = '';
    this.again = '';
    this.signature = '';
    this.tried = false;
  }
}
