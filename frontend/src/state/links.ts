// Leaves the app for an address of the web: the window asks the desktop to.
import { openURL } from '../api/app';
import { notices } from './notices.svelte';
import { session } from './session.svelte';

/** For the click of a link that has its address and target: in a browser that is enough. */
export function leaveTo(event: MouseEvent, address: string): void {
  if (!session.inWindow) return;
  event.preventDefault();
  void notices.attempt(() => openURL(address));
}
