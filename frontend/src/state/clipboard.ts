// One way to the clipboard for the whole page.
import { copyText } from '../api/app';
import { notices } from './notices.svelte';
import { session } from './session.svelte';

/** Copies; false, with a toast that says why, when it is refused. */
export async function copy(text: string): Promise<boolean> {
  try {
    await copyText(text, session.inWindow);
    return true;
  } catch (raw) {
    notices.fail(raw);
    return false;
  }
}
