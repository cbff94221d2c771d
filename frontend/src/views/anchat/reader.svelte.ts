// The reader of a room: joins the messages that are here with the place on screen.
import { FeedPlace } from '../../ui/feed.svelte';
import { notices } from '../../state/notices.svelte';
import type { RoomSession } from '../../state/chatsession.svelte';

/** So near to the end of what is here, more is brought. */
const Ahead = 1200;
/** What was seen is told after this pause. */
const SeenMs = 400;

/** Where the reader of one room is. */
export class Reader {
  place = $state.raw(new FeedPlace());
  atEnd = $state(true);
  /** Whether the line "new" is above of what is on screen. */
  unreadAbove = $state(false);
  /** The row that was jumped to, which is marked for a moment. */
  found = $state('');
  opened = $state(false);
  keys = $derived.by(() => this.session.lines.map((line) => line.key));
  readonly session: RoomSession;
  #seen = 0;

  constructor(session: RoomSession) {
    this.session = session;
  }

  /** Opens the room at a position, 0 where the reader was. */
  async open(position: number): Promise<void> {
    const at = await this.session.open(position);
    this.place = new FeedPlace(at > 0 ? this.#keyAt(at) : '');
    this.opened = this.session.window.error === null;
    if (position > 0) this.#mark(position);
  }

  /** Brings a position on screen. */
  async goTo(position: number): Promise<void> {
    const { window } = this.session;
    const [first, last] = [window.messages[0], window.messages.at(-1)];
    const inside = first !== undefined && last !== undefined && position >= first.position && position <= last.position;
    if (!inside) await window.open(position);
    this.place.reveal(this.#keyAt(position));
    this.#mark(position);
  }

  /** Goes to the newest message. */
  async toEnd(): Promise<void> {
    if (this.session.window.newer) await this.session.window.open(0);
    this.place.toEnd();
  }

  /** The view moved: brings what is near, and tells what was seen. */
  moved(): void {
    const { window, unreadFrom, lines } = this.session;
    const { place } = this;
    // A short room that was opened at its first unread line shows its end, too.
    this.atEnd = (place.atEnd || place.spareBelow <= 0) && !window.newer;
    window.atEnd = this.atEnd;
    const mark = unreadFrom === 0 ? undefined : lines.find((line) => line.unread);
    this.unreadAbove = mark !== undefined && place.sideOf(mark.key) === 'above';
    if (place.top < Ahead) void window.loadOlder();
    if (place.spareBelow < Ahead) void window.loadNewer();
    this.look();
  }

  /** What can be seen is read, once the window is looked at. */
  look(): void {
    clearTimeout(this.#seen);
    if (document.visibilityState !== 'visible' || !document.hasFocus()) return;
    this.#seen = window.setTimeout(() => {
      const key = this.place.lastSeen;
      const line = this.session.lines.find((one) => one.key === key);
      if (line !== undefined) void this.session.window.seen(line.message.position);
    }, SeenMs);
  }

  /** Tells nothing more. */
  stop(): void {
    clearTimeout(this.#seen);
  }

  /** The next message in a direction, or at an end; '' when there is none. */
  step(from: string, by: number): string {
    const at = this.keys.indexOf(from);
    if (at === -1) return this.place.lastSeen;
    return this.keys[Math.max(0, Math.min(this.keys.length - 1, at + by))] ?? '';
  }

  #keyAt(position: number): string {
    const { lines } = this.session;
    return (lines.find((line) => line.message.position >= position) ?? lines.at(-1))?.key ?? '';
  }

  #mark(position: number): void {
    const key = this.#keyAt(position);
    this.session.active = key;
    this.found = key;
    setTimeout(() => {
      if (this.found === key) this.found = '';
    }, 2000);
  }

  /** As above, telling why when it fails. */
  go(position: number): void {
    void notices.attempt(() => this.goTo(position));
  }
}
