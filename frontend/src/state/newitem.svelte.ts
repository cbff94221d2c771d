// A key that is about to be made. One that exists already is never overwritten.
import { toError } from '../api/call';
import * as kvApi from '../api/kv';
import type { PutRequest, Written } from '../api/kv';

/** The state behind "New key". */
export class NewItem {
  saving = $state(false);
  exists = $state(false);
  /** Why it could not be put, '' when all is well. */
  fault = $state('');
  #api: Pick<typeof kvApi, 'putItem' | 'deleteVersion'>;

  constructor(api: Pick<typeof kvApi, 'putItem' | 'deleteVersion'> = kvApi) {
    this.#api = api;
  }

  /** Forgets what went wrong. */
  clear(): void {
    this.exists = false;
    this.fault = '';
  }

  /** Puts it; null, with the reason in this object, when that did not work. */
  async put(request: PutRequest): Promise<Written | null> {
    if (this.saving) return null;
    this.clear();
    this.saving = true;
    try {
      return await this.#api.putItem(request);
    } catch (raw) {
      const error = toError(raw);
      if (error.code === 'precondition_failed' || error.code === 'conflict') this.exists = true;
      else this.fault = error.message;
      return null;
    } finally {
      this.saving = false;
    }
  }

  /** Takes away what was put; false when somebody has written since, and nothing was changed. */
  async undo(namespace: string, key: string, version: string): Promise<boolean> {
    try {
      await this.#api.deleteVersion(namespace, key, version);
      return true;
    } catch (raw) {
      const { code } = toError(raw);
      if (code !== 'precondition_failed' && code !== 'conflict') throw raw;
      return false;
    }
  }
}
