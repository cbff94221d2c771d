// The pages of the chat beside its rooms.
import Archive from '@lucide/svelte/icons/archive';
import Inbox from '@lucide/svelte/icons/inbox';
import Lock from '@lucide/svelte/icons/lock';
import MonitorSmartphone from '@lucide/svelte/icons/monitor-smartphone';
import StickyNote from '@lucide/svelte/icons/sticky-note';
import type { MenuItem } from '../../ui/Menu.svelte';
import { f, m } from '../../i18n/index.svelte';
import { lock, noteToSelf } from '../../state/chat.svelte';
import { chatting } from '../../state/chatstate.svelte';
import { notices } from '../../state/notices.svelte';
import { router } from '../../state/route.svelte';

/** Opens a room; Back returns. */
export const openRoom = (room: string, position = 0): void => {
  router.go('anchat', room, {}, position > 0 ? String(position) : '');
};

/** Opens the note to self. */
export const openNotes = (): Promise<void> =>
  notices.attempt(async () => {
    openRoom(await noteToSelf());
  });

export const lockChat = (): Promise<void> => notices.attempt(lock);

/** Opens one of the chat's own pages. */
export const openPage = (page: string): void => {
  router.go('anchat', '', { page });
};

const page = (name: string) => () => {
  openPage(name);
};

/** What the button beside the list offers. */
export function chatMenu(): MenuItem[] {
  const t = m().chat;
  return [
    { label: t.requests(f(), chatting.state.data?.requests ?? 0), icon: Inbox, run: page('requests') },
    { label: t.self, icon: StickyNote, run: () => void openNotes() },
    { label: t.devices, icon: MonitorSmartphone, group: '', run: page('devices') },
    { label: t.backup, icon: Archive, run: page('backup') },
    { label: t.lock, icon: Lock, group: '', run: () => void lockChat() },
  ];
}
