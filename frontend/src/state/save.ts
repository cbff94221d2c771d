// Saving what the page itself has made: a report, a picture.
import { fillFile } from '../api/data';
import { m } from '../i18n/index.svelte';
import { files } from './files.svelte';
import { notices } from './notices.svelte';

/** Asks for a place and writes the content there; false when the person thought better of it. */
export async function saveContent(title: string, name: string, content: Uint8Array): Promise<boolean> {
  try {
    const file = await files.target(title, name);
    if (file === null) return false;
    await fillFile(file.id, content);
    if (file.fetch) files.fetch(file.id, file.name);
    notices.tell({ text: m().common.written(file.name) });
    return true;
  } catch (raw) {
    notices.fail(raw);
    return false;
  }
}
