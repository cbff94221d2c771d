// What both panes of the Keys screen do.
import { f, m } from '../../i18n/index.svelte';
import { KeyDeleter, type PutBack, type Survey } from '../../state/keydelete.svelte';
import { keyTree } from '../../state/keys.svelte';
import { node } from '../../state/node.svelte';
import { notices } from '../../state/notices.svelte';
import { router } from '../../state/route.svelte';
import { tasks } from '../../state/tasks.svelte';

/** Opens a key; Back returns. */
export const openKey = (key: string): void => {
  router.patch({ key }, true);
};

const said = (back: PutBack): string => m().keys.putBack(f(), back.restored, back.taken);

/** Deletes one key at once; undo puts it back. */
export async function deleteOne(namespace: string, key: string): Promise<void> {
  const deleted = await new KeyDeleter(namespace).one(key);
  if (deleted.provenance !== null) node.saw(deleted.provenance);
  if (router.param('key') === key) router.patch({ key: '' });
  await keyTree.refresh();
  notices.tell({
    text: m().keys.deleted(key),
    namespace,
    index: deleted.provenance?.index ?? '',
    undo: async () => {
      const back = await deleted.undo?.();
      await keyTree.refresh();
      openKey(key);
      return said(back ?? { restored: 0, taken: 0 });
    },
  });
}

/** Deletes a branch as a task of the node and tells when it is over. */
export async function deleteBranch(namespace: string, survey: Survey): Promise<void> {
  const { task, deleted } = await new KeyDeleter(namespace).branch(survey, (id) => tasks.ended(id));
  if (router.param('key').startsWith(survey.prefix)) router.patch({ key: '' });
  await keyTree.refresh();
  if (task.error !== '') notices.tell({ tone: 'bad', text: task.error, namespace });
  const undo = deleted.undo;
  notices.tell({
    text: m().keys.deletedMany(f(), deleted.count, survey.prefix),
    namespace,
    undo:
      undo === null
        ? null
        : async () => {
            const back = await undo();
            await keyTree.refresh();
            return said(back);
          },
  });
}
