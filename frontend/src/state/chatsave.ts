// Saving a file of a message where the person wants it.
import type { Attachment } from '../api/chat';
import { m } from '../i18n/index.svelte';
import { fetchFile } from './chatacts';
import { files } from './files.svelte';
import { notices } from './notices.svelte';
import { tasks } from './tasks.svelte';

/** Asks where to, and brings it by a task, which shows how far it is and can be cancelled. */
export async function saveAttachment(room: string, message: string, file: Attachment): Promise<void> {
  const to = await files.target(m().chat.openFile(file.name), file.name);
  if (to === null) return;
  const task = await tasks.ended(await fetchFile(room, message, file.id, to));
  if (task.state !== 'done') return; // the task centre says why
  if (task.file_id !== '') files.fetch(task.file_id, task.file_name);
  notices.tell({ text: m().common.written(file.name) });
}
