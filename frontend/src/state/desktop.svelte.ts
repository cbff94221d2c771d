// What the desktop asks the person: what a debros: link wants, and what closing
// the window means.
import * as desktopApi from '../api/desktop';
import type { Closing, DesktopState, Link } from '../api/desktop';
import { listen } from '../api/events';
import { connectPeer } from '../api/peers';
import { Loader } from './loader.svelte';
import { notices } from './notices.svelte';
import { router } from './route.svelte';
import { session } from './session.svelte';

const nothing = (): void => undefined;

/** The desktop as the page sees it. */
export class Desktop {
  state = new Loader<DesktopState>();
  /** Links that wait for the person's word, oldest first. */
  links = $state.raw<Link[]>([]);
  /** The person closes the window and has not said what that means. */
  closing = $state(false);
  #api: typeof desktopApi;

  constructor(api = desktopApi) {
    this.#api = api;
  }

  /** Follows links and closing; the answer ends it. */
  start(): () => void {
    const stops = [
      listen<Link[]>(
        'links',
        (links) => (this.links = links),
        () => void this.#look(),
      ),
      listen<boolean>('closing', () => (this.closing = true), nothing),
    ];
    void this.#look();
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Tells the window, once it is drawn, that graphics work here. */
  tellPainted(): void {
    requestAnimationFrame(() => {
      requestAnimationFrame(() => {
        this.#api.painted().catch(nothing); // the worst is safe graphics at the next start
      });
    });
  }

  refresh(): Promise<void> {
    return this.state.load(this.#api.desktopState);
  }

  async startAtLogin(on: boolean): Promise<void> {
    try {
      await this.#api.startAtLogin(on);
    } finally {
      await this.refresh();
    }
  }

  /** Answers what closing means, and remembers it if wanted. */
  async close(how: Closing, remember: boolean): Promise<void> {
    this.closing = false;
    if (remember && how !== 'stay') await session.save({ closing: how });
    await this.#api.closeWindow(how);
  }

  /** Forgets a link without following it. */
  async drop(link: Link): Promise<void> {
    this.links = this.links.filter((one) => one.id !== link.id);
    await this.#api.dropLink(link.id);
  }

  /** Goes where a link leads. Nothing is changed by that but a connection that was asked for. */
  async follow(link: Link): Promise<void> {
    await this.drop(link);
    switch (link.kind) {
      case 'join':
        router.go('network', 'join', { ticket: link.ticket }); // the screen takes it out of the address at once
        return;
      case 'key':
        router.go('keys', '', { ns: link.namespace, key: link.key });
        return;
      case 'query':
        router.go('sql', '', { ns: link.namespace, insert: link.sql });
        return;
      case 'room':
        router.go('anchat', '', { join: link.room }); // the screen takes it out of the address at once
        return;
      default:
        router.go('peers', '', { peer: link.peer });
        await connectPeer(`/p2p/${link.peer}`);
    }
  }

  async #look(): Promise<void> {
    try {
      this.links = await this.#api.pendingLinks();
    } catch (raw) {
      notices.fail(raw);
    }
  }
}

/** The app's desktop. */
export const desktop = new Desktop();
