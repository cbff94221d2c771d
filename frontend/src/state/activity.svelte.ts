// What the app did in earlier visits, as the node's computer keeps it.
import * as appApi from '../api/app';
import type { Activity } from '../api/app';
import { Loader } from './loader.svelte';

/** Lines that the log shows of earlier visits. */
const most = 200;

/** The kept lines from before this visit. */
export class Earlier {
  lines = new Loader<Activity[]>();
  #api: Pick<typeof appApi, 'getActivities' | 'forgetActivities'>;
  #begun: number;

  constructor(api: Pick<typeof appApi, 'getActivities' | 'forgetActivities'> = appApi, begun = performance.timeOrigin) {
    this.#api = api;
    this.#begun = begun;
  }

  /** Looks for lines; those of this visit are in the notices, with their way back. */
  find(search: string): Promise<void> {
    return this.lines.load(async () => {
      const found = await this.#api.getActivities(search, most);
      return found.filter((line) => Date.parse(line.time) < this.#begun);
    });
  }

  async forget(): Promise<void> {
    await this.#api.forgetActivities();
    this.lines.set([]);
  }
}
