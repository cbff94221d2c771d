// The screens that exist. Each is loaded, with its words, when it is first opened.
import Boxes from '@lucide/svelte/icons/boxes';
import Database from '@lucide/svelte/icons/database';
import KeyRound from '@lucide/svelte/icons/key-round';
import MessagesSquare from '@lucide/svelte/icons/messages-square';
import Server from '@lucide/svelte/icons/server';
import Wallet from '@lucide/svelte/icons/wallet';
import Waypoints from '@lucide/svelte/icons/waypoints';
import { need, type Section } from '../i18n/index.svelte';

/** Loads a screen and the words that it needs. */
async function open<T>(view: Promise<T>, ...sections: Section[]): Promise<T> {
  const [loaded] = await Promise.all([view, need(...sections)]);
  return loaded;
}

/** Rail, palette and shortcuts follow this order. */
export const screens = [
  { id: 'anchat', icon: MessagesSquare, load: () => open(import('./anchat/Anchat.svelte'), 'chat') },
  { id: 'keys', icon: KeyRound, load: () => open(import('./keys/Keys.svelte'), 'keys') },
  { id: 'sql', icon: Database, load: () => open(import('./sql/Sql.svelte'), 'sql', 'sqlmore') },
  { id: 'peers', icon: Waypoints, load: () => open(import('./peers/Peers.svelte'), 'peers') },
  { id: 'node', icon: Server, load: () => open(import('./node/Node.svelte'), 'node') },
  { id: 'network', icon: Boxes, load: () => open(import('./network/Network.svelte'), 'network', 'join') },
  { id: 'wallet', icon: Wallet, load: () => open(import('./wallet/Wallet.svelte'), 'wallet') },
] as const;

/** The first steps, which take the whole window until they are done. */
export const openFirstSteps = () => open(import('./onboarding/Onboarding.svelte'), 'onboarding', 'join');
