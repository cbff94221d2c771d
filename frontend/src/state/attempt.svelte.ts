// One try of a dialog that stays open when it fails.
import { toError } from '../api/call';

/** Whether it runs, and why the last try failed. */
export class Attempt {
  busy = $state(false);
  fault = $state('');

  /** Tries; true when it worked. A second try waits for nobody: it is not begun. */
  async run(does: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.fault = '';
    try {
      await does();
      return true;
    } catch (raw) {
      this.fault = toError(raw).message;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
