// The sample data: whether it is there, and the task that adds or removes it.
import { toError } from '../api/call';
import type { Task } from '../api/tasks';
import * as welcomeApi from '../api/welcome';
import type { SampleInfo } from '../api/welcome';
import { tasks as appTasks, type Tasks } from './tasks.svelte';

export class SampleState {
  info = $state.raw<SampleInfo | null>(null);
  fault = $state('');
  busy = $state(false);
  #id = $state('');
  #api: typeof welcomeApi;
  #tasks: Tasks;

  constructor(api = welcomeApi, tasks = appTasks) {
    this.#api = api;
    this.#tasks = tasks;
  }

  /** The task that runs, once the list has it. */
  get task(): Task | undefined {
    return this.#tasks.list.data?.find((one) => one.id === this.#id);
  }

  async refresh(): Promise<void> {
    try {
      this.info = await this.#api.sampleState();
    } catch (raw) {
      this.fault = toError(raw).message;
    }
  }

  add(): Promise<boolean> {
    return this.#run(() => this.#api.addSample());
  }

  remove(): Promise<boolean> {
    return this.#run(() => this.#api.removeSample());
  }

  async cancel(): Promise<void> {
    if (this.#id !== '') await this.#tasks.cancel(this.#id);
  }

  /** Runs one of the two to its end; false when it did not get there. */
  async #run(start: () => Promise<string>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.fault = '';
    try {
      this.#id = await start();
      this.fault = (await this.#tasks.ended(this.#id)).error;
    } catch (raw) {
      this.fault = toError(raw).message;
    }
    await this.refresh();
    this.busy = false;
    this.#id = '';
    return this.fault === '';
  }
}
