// Staged edits on their way into the table: shown first, then run as one batch,
// with a way back for as long as nobody else touched the rows.
import * as sqlApi from '../api/sql';
import type { EditAnswer, EditRequest, Planned } from '../api/sql';
import { type BackendError, toError } from '../api/call';
import type { Edits } from './edits.svelte';
import { Loader } from './loader.svelte';
import { node } from './node.svelte';
import { notices } from './notices.svelte';

type Api = Pick<typeof sqlApi, 'planEdits' | 'applyEdits'>;

/** What is said of it. */
export interface ApplyWords {
  applied: string;
  undone: string;
  notUndone: string;
}

/** One batch, from its plan to its end. */
export class Applying {
  plan = new Loader<Planned[]>();
  /** Why the batch was refused; null when it was not. */
  refusal = $state.raw<EditAnswer | null>(null);
  /** What went wrong on the way; whether something was written is in its sentence. */
  error = $state.raw<BackendError | null>(null);
  busy = $state(false);
  readonly request: EditRequest;
  #api: Api;

  constructor(
    readonly edits: Edits,
    api: Api = sqlApi,
  ) {
    this.request = edits.request();
    this.#api = api;
  }

  load(): Promise<void> {
    return this.plan.load(() => this.#api.planEdits(this.request));
  }

  /**
   * Runs the batch and tells of it; whether it was applied. whole says that all
   * columns are on screen, so that a deleted row can be put back. after is called
   * when rows changed, now or by the way back.
   */
  async apply(whole: boolean, words: ApplyWords, after: () => Promise<void>): Promise<boolean> {
    this.refusal = null;
    this.error = null;
    this.busy = true;
    let answer: EditAnswer;
    try {
      answer = await this.#api.applyEdits(this.request);
    } catch (raw) {
      this.error = toError(raw);
      return false;
    } finally {
      this.busy = false;
    }
    if (answer.blamed !== -1) {
      this.refusal = answer;
      return false;
    }
    node.saw(answer.provenance);
    const back = this.edits.inverse(answer.insert_ids, whole);
    this.edits.clear();
    notices.tell({
      text: words.applied,
      namespace: this.request.namespace,
      index: answer.provenance.index,
      undo: back === null ? null : () => this.#undo(back, words, after),
    });
    await after();
    return true;
  }

  async #undo(back: EditRequest, words: ApplyWords, after: () => Promise<void>): Promise<string> {
    const answer = await this.#api.applyEdits(back);
    if (answer.blamed !== -1) throw new Error(words.notUndone);
    await after();
    return words.undone;
  }
}
