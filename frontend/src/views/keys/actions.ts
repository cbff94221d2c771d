// What the parts of the Keys screen do.
import { f, m } from '../../i18n/index.svelte';
import { keyCounts } from '../../state/keycounts.svelte';
import { keyTree } from '../../state/keys.svelte';
import { notices } from '../../state/notices.svelte';
import { router } from '../../state/route.svelte';

/** Opens a key; Back returns. */
export const openKey = (key: string): void => {
  router.patch({ key, view: '' }, true);
};

/** Lists and counts anew what is open. */
export async function refreshKeys(): Promise<void> {
  keyCounts.clear();
  await keyTree.refresh();
}

/** Does something whose failure is told in a notice. */
export const attempt = (work: Promise<unknown>): Promise<void> => notices.attempt(() => work);

/** Deletes one key at once; undo puts it back. */
export async function deleteOne(namespace: string, key: string): Promise<void> {
  const changes = await import('./changes');
  await changes.deleteOne(namespace, key);
}

/** Counts a branch to its end and tells the number. */
export async function countBranch(namespace: string, prefix: string): Promise<void> {
  const { count, more } = await keyCounts.all(namespace, prefix);
  notices.tell({ text: m().keys.counted(f(), count, more, prefix), namespace });
}
