// What changes keys for good, how it is told and taken back. Loaded with the first change.
import { f, m } from '../../i18n/index.svelte';
import type { BulkChange, Chosen, Overview } from '../../state/keybulk.svelte';
import { KeyDeleter, type PutBack } from '../../state/keydelete.svelte';
import { keySelection } from '../../state/keyselect.svelte';
import { node } from '../../state/node.svelte';
import { notices } from '../../state/notices.svelte';
import { router } from '../../state/route.svelte';
import { tasks } from '../../state/tasks.svelte';
import { openKey, refreshKeys } from './actions';

const said = (back: PutBack): string => m().keys.putBack(f(), back.restored, back.taken);

/** Deletes one key at once; undo puts it back. */
export async function deleteOne(namespace: string, key: string): Promise<void> {
  const deleted = await new KeyDeleter(namespace).one(key);
  if (deleted.provenance !== null) node.saw(deleted.provenance);
  if (router.param('key') === key) router.patch({ key: '' });
  await refreshKeys();
  notices.tell({
    text: m().keys.deleted(key),
    namespace,
    index: deleted.provenance?.index ?? '',
    undo: async () => {
      const back = await deleted.undo?.();
      await refreshKeys();
      openKey(key);
      return said(back ?? { restored: 0, taken: 0 });
    },
  });
}

const inside = (chosen: Chosen, key: string) =>
  chosen.keys.includes(key) || chosen.prefixes.some((prefix) => key.startsWith(prefix));

/** Deletes many keys as a task of the node and tells when it is over. */
export async function deleteMany(bulk: BulkChange, overview: Overview): Promise<void> {
  keySelection.clear();
  const { chosen } = bulk;
  const { task, undo } = await bulk.remove(overview, (id) => tasks.ended(id));
  if (inside(chosen, router.param('key'))) router.patch({ key: '' });
  await refreshKeys();
  if (task.error !== '') notices.tell({ tone: 'bad', text: task.error, namespace: chosen.namespace });
  const [prefix] = chosen.prefixes;
  notices.tell({
    text:
      prefix !== undefined && chosen.prefixes.length === 1 && chosen.keys.length === 0
        ? m().keys.deletedMany(f(), task.done, prefix)
        : m().keys.bulkDone(task.result === '' ? task.state : task.result),
    namespace: chosen.namespace,
    undo:
      undo === null
        ? null
        : async () => {
            const back = await undo();
            await refreshKeys();
            return said(back);
          },
  });
}

/** Waits for a task that changed many keys and tells how it ended; back is the way back, if there is one. */
export async function tellBulk(
  namespace: string,
  ended: Promise<{ error: string; result: string }>,
  back: (() => Promise<{ error: string; result: string }>) | null = null,
): Promise<void> {
  keySelection.clear();
  const task = await ended;
  await refreshKeys();
  if (task.error !== '') {
    notices.tell({ tone: 'bad', text: task.error, namespace });
    return;
  }
  const undo = async () => {
    const undone = await (back ?? (() => ended))();
    await refreshKeys();
    return undone.error === '' ? m().keys.bulkDone(undone.result) : undone.error;
  };
  notices.tell({ text: m().keys.bulkDone(task.result), namespace, undo: back === null ? null : undo });
}
