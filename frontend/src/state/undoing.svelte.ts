// Taking a statement back: whether it can be, and doing it.
import { type BackendError, toError } from '../api/call';
import * as truthApi from '../api/truth';
import type { UndoOffer } from '../api/truth';
import { m } from '../i18n/index.svelte';
import { Loader } from './loader.svelte';
import { notices } from './notices.svelte';

/** The undo of one statement, known by its namespace and log entry. */
export class Undoing {
  offer = new Loader<UndoOffer>();
  running = $state(false);
  undone = $state(false);
  rows = $state(0);
  error = $state.raw<BackendError | null>(null);
  #api: Pick<typeof truthApi, 'undoOf' | 'undo'>;

  constructor(
    readonly namespace: string,
    readonly index: string,
    api: Pick<typeof truthApi, 'undoOf' | 'undo'> = truthApi,
  ) {
    this.#api = api;
  }

  /** Asks whether it can be taken back, and which rows were changed since. */
  async load(): Promise<void> {
    await this.offer.load(() => this.#api.undoOf(this.namespace, this.index));
  }

  /** Takes it back; others: leaves out the rows that were changed since. */
  async run(others: boolean): Promise<void> {
    if (this.running || this.undone) return;
    this.running = true;
    this.error = null;
    try {
      this.rows = await this.#api.undo(this.namespace, this.index, others);
      this.undone = true;
      notices.tell({ text: m().sqlmore.undoneNotice, namespace: this.namespace });
    } catch (raw) {
      this.error = toError(raw);
      await this.load(); // somebody may have changed rows meanwhile: they are named now
    } finally {
      this.running = false;
    }
  }
}
