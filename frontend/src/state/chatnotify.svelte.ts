// Notifications of the chat in a browser. The window has the desktop's own, which
// the program shows; here the page does it, after the person allowed it.
import { listen } from '../api/events';
import { router } from './route.svelte';
import { session } from './session.svelte';

/** What a notify event brings. */
export interface Told {
  kind: string;
  room: string;
  title?: string;
  message?: { from_name: string; text: string };
}

/** The part of a browser that shows notifications; null where there is none. */
export interface Shower {
  permission: () => NotificationPermission;
  request: () => Promise<NotificationPermission>;
  show: (title: string, body: string, tag: string, onclick: () => void) => void;
}

function browser(): Shower | null {
  if (!('Notification' in globalThis)) return null;
  return {
    permission: () => Notification.permission,
    request: () => Notification.requestPermission(),
    show: (title, body, tag, onclick) => {
      const note = new Notification(title, { body, tag });
      note.onclick = () => {
        window.focus();
        note.close();
        onclick();
      };
    },
  };
}

/** What a notification says: nothing of the message unless the person wants that. */
export function noteText(told: Told, open: boolean, plain: string): { title: string; body: string } {
  if (!open || told.message === undefined) return { title: plain, body: '' };
  const line = told.message.text.trim().split('\n')[0] ?? '';
  return { title: told.title ?? plain, body: `${told.message.from_name}: ${line.slice(0, 120)}` };
}

/** Shows them while nobody sees the page. */
export class BrowserNotes {
  allowed = $state<NotificationPermission>('denied');
  #shower: Shower | null;

  constructor(shower: Shower | null = browser()) {
    this.#shower = shower;
    this.allowed = shower?.permission() ?? 'denied';
  }

  /** Asks the person; a browser does that after a click only. */
  async ask(): Promise<void> {
    this.allowed = (await this.#shower?.request()) ?? 'denied';
  }

  /** Follows the chat; the answer ends it. */
  start(words: () => string): () => void {
    return listen<Told>(
      'chat',
      (told) => {
        if (told.kind === 'open') router.go('anchat', told.room);
        else if (told.kind === 'notify') this.take(told, words(), document.hidden || !document.hasFocus());
      },
      () => undefined,
    );
  }

  /** Tells of a message, once per room, while the page is away. */
  take(told: Told, words: string, away: boolean): void {
    if (session.inWindow || !away || session.settings.quiet || this.allowed !== 'granted') return;
    const { title, body } = noteText(told, session.settings.chat_preview, words);
    this.#shower?.show(title, body, told.room, () => {
      router.go('anchat', told.room);
    });
  }
}

/** The app's notifications in a browser. */
export const browserNotes = new BrowserNotes();
