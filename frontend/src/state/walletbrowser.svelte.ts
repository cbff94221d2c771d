// Signing in with a wallet of the browser: a page opens there, and the same six
// digits stand on both screens.
import * as walletApi from '../api/wallet';
import type { Account, BrowserSignIn } from '../api/wallet';

/** One sign-in by the browser. */
export class BrowserLogin {
  page = $state.raw<BrowserSignIn | null>(null);
  #api: typeof walletApi;
  #stop = new AbortController();

  constructor(api = walletApi) {
    this.#api = api;
  }

  /** Opens the page and waits; null when it was given up here. Throws the node's reason. */
  async run(): Promise<Account | null> {
    const page = await this.#api.browserBegin();
    if (this.#givenUp()) {
      await this.#api.browserCancel(page.id);
      return null;
    }
    this.page = page;
    try {
      return await this.#api.browserWait(page.id);
    } catch (raw) {
      if (this.#givenUp()) return null;
      throw raw;
    }
  }

  #givenUp(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Gives it up; the page in the browser closes. */
  async cancel(): Promise<void> {
    this.#stop.abort();
    if (this.page !== null) await this.#api.browserCancel(this.page.id);
  }
}
