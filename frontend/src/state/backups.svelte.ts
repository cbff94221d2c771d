// The schedule of backups, its files, and a backup right now.
import * as nodeApi from '../api/node';
import type { Backups } from '../api/node';
import { Loader } from './loader.svelte';
import { tasks } from './tasks.svelte';

/** The backups of this node. */
export class BackupState {
  plan = new Loader<Backups>();
  /** A round that was started here is under way. */
  running = $state(false);
  #api: Pick<typeof nodeApi, 'getBackups' | 'backupNow'>;

  constructor(api: Pick<typeof nodeApi, 'getBackups' | 'backupNow'> = nodeApi) {
    this.#api = api;
  }

  load(): Promise<void> {
    return this.plan.load(this.#api.getBackups);
  }

  /** Backs up now and looks again at the end; throws what went wrong at the start. */
  async now(title: string): Promise<void> {
    this.running = true;
    try {
      await tasks.ended(await this.#api.backupNow(title));
      await this.load();
    } finally {
      this.running = false;
    }
  }
}
