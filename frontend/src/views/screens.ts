// The screens that exist. Each is loaded when it is first opened.
import Boxes from '@lucide/svelte/icons/boxes';
import Database from '@lucide/svelte/icons/database';
import KeyRound from '@lucide/svelte/icons/key-round';
import Server from '@lucide/svelte/icons/server';
import Waypoints from '@lucide/svelte/icons/waypoints';

/** Rail, palette and shortcuts follow this order. */
export const screens = [
  { id: 'keys', icon: KeyRound, load: () => import('./keys/Keys.svelte') },
  { id: 'sql', icon: Database, load: () => import('./sql/Sql.svelte') },
  { id: 'peers', icon: Waypoints, load: () => import('./peers/Peers.svelte') },
  { id: 'node', icon: Server, load: () => import('./node/Node.svelte') },
  { id: 'network', icon: Boxes, load: () => import('./network/Network.svelte') },
] as const;
