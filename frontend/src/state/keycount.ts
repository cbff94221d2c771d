// Counting a branch on demand; until then a tree shows no numbers.
import { countKeys as ask } from '../api/kv';
import { f, m } from '../i18n/index.svelte';
import { notices } from './notices.svelte';

/** Where counting stops: more is told as "or more". */
export const MaxCount = 1_000_000;

/** Counts the keys under a prefix and tells the number. */
export async function countKeys(namespace: string, prefix: string): Promise<void> {
  try {
    const { count, more } = await ask(namespace, prefix, MaxCount);
    notices.tell({ text: m().keys.counted(f(), count, more, prefix), namespace });
  } catch (raw) {
    notices.fail(raw);
  }
}
