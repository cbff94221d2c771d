// Rows on their way into a file: the person chooses the place, the node writes.
import { exportRows, saveCell, type Param, type View } from '../api/sql';
import { files } from './files.svelte';
import { notices } from './notices.svelte';
import { tasks } from './tasks.svelte';

/** What is to be written. */
export interface RowsFile {
  view: View;
  format: string;
  /** The table of INSERT statements, and the name of the file without its end. */
  name: string;
  dialog: string;
  task: string;
  /** Runs again in parts, because the kept rows are not all. */
  statement?: { sql: string; params: Param[] };
}

/** Writes rows to a file that the person chooses; the task centre shows how far it is. */
export async function saveRows({ view, format, name, dialog, task, statement }: RowsFile): Promise<void> {
  try {
    const file = await files.target(dialog, `${name}.${format}`);
    if (file === null) return;
    const id = await exportRows({
      view,
      format,
      table: name,
      file,
      title: task,
      statement: statement?.sql ?? '',
      params: statement?.params ?? [],
    });
    const done = await tasks.ended(id);
    if (done.state === 'failed') notices.tell({ tone: 'bad', text: done.error });
    if (done.state !== 'done') return;
    notices.tell({ text: done.result });
    if (done.file_id !== '') files.fetch(done.file_id, done.file_name);
  } catch (raw) {
    notices.fail(raw);
  }
}

/** Writes one value to a file as it is. */
export async function saveValue(view: View, row: number, column: number, name: string, dialog: string): Promise<void> {
  try {
    const file = await files.target(dialog, name);
    if (file === null) return;
    await saveCell(view, row, column, file);
    if (file.fetch) files.fetch(file.id, file.name);
  } catch (raw) {
    notices.fail(raw);
  }
}
