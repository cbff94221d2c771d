// The way out of the window, to the person's own browser.
import { openAddress } from '../api/app';
import { notices } from './notices.svelte';

/** Opens a web address outside; a refusal becomes a toast. Window only. */
export async function openOutside(address: string): Promise<void> {
  try {
    await openAddress(address);
  } catch (raw) {
    notices.fail(raw);
  }
}
