// The support bundle: looked at first, then saved.
import * as nodeApi from '../api/node';
import type { SupportFile } from '../api/node';
import { files } from './files.svelte';
import { Loader } from './loader.svelte';
import { tasks } from './tasks.svelte';

/** What the archive is called unless the person names it. */
export const SupportName = 'debros-support.zip';

/** One bundle on screen. */
export class Support {
  list = new Loader<SupportFile[]>();
  saving = $state(false);

  load(): Promise<void> {
    return this.list.load(nodeApi.getSupport);
  }

  /** Saves it where the person wants it; false when the dialog was closed. */
  async save(title: string): Promise<boolean> {
    this.saving = true;
    try {
      const to = await files.target(title, SupportName);
      if (to === null) return false;
      const task = await tasks.ended(await nodeApi.saveSupport(title, to));
      if (task.state !== 'done') throw new Error(task.error);
      if (task.file_id !== '') files.fetch(task.file_id, task.file_name);
      return true;
    } finally {
      this.saving = false;
    }
  }
}
