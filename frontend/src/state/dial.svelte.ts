// One attempt to reach a peer, and why it failed.
import { toError } from '../api/call';

/** The state behind "Connect". */
export class Dial {
  busy = $state(false);
  /** The node's reason, '' when there is none. */
  fault = $state('');
  #dial: (address: string) => Promise<void>;

  constructor(dial: (address: string) => Promise<void>) {
    this.#dial = dial;
  }

  clear(): void {
    this.fault = '';
  }

  /** Tries; true when the peer is connected. */
  async go(address: string): Promise<boolean> {
    if (this.busy) return false;
    this.fault = '';
    this.busy = true;
    try {
      await this.#dial(address);
      return true;
    } catch (raw) {
      this.fault = toError(raw).message;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
