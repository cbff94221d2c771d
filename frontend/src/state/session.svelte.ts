// What the whole frame needs: the line to the node, who the program is, the kept
// look, the namespaces and which of them is on screen.
import * as appApi from '../api/app';
import type { Info, Settings } from '../api/app';
import { listen } from '../api/events';
import { link, type LinkState } from '../api/link';
import { Loader } from './loader.svelte';
import { notices } from './notices.svelte';
import { router } from './route.svelte';

/** The namespace that every node has. */
export const DefaultNamespace = 'default';

/** The rule of core.ParseNamespace, told before the node is asked. */
export const validNamespace = (name: string): boolean => /^[a-z0-9][a-z0-9_-]{0,62}$/.test(name) && name !== 'system';

/** One visit of the app. */
export class Session {
  link = $state<LinkState>('connecting');
  /** When the line last changed, for "since". */
  linkSince = $state(0);
  info = new Loader<Info>();
  /** The end of the log file, asked for when the node did not start. */
  lastLog = new Loader<string>();
  namespaces = $state.raw<string[]>([]);
  settings = $state.raw<Settings>({
    theme: 'system',
    density: 'comfortable',
    language: 'system',
    namespace: '',
    closing: '',
    quiet: false,
    hide_places: false,
    chat_preview: false,
    welcomed: true,
    read_only: [],
    notice: '',
  });
  /** Whether the settings are the node's, and not yet only the defaults. */
  settled = $state(false);
  /** The namespace on screen: the address decides, then the setting. */
  namespace = $derived.by(() => {
    const wanted = router.param('ns') || this.settings.namespace;
    return validNamespace(wanted) ? wanted : DefaultNamespace;
  });
  #api: typeof appApi;

  constructor(api = appApi) {
    this.#api = api;
  }

  get inWindow(): boolean {
    return this.info.data?.mode === 'window';
  }

  /** Whether the node takes work. */
  get ready(): boolean {
    return this.link === 'up' && this.info.data?.state === 'ready';
  }

  /** Begins to follow the node; the answer ends it. */
  start(): () => void {
    const stops = [
      link.watch((state) => {
        this.link = state;
        this.linkSince = Date.now();
      }),
      listen<Info>(
        'app',
        (info) => {
          this.#take(info);
        },
        () => void this.refresh(),
      ),
    ];
    void this.refresh();
    return () => {
      for (const stop of stops) stop();
    };
  }

  readLog(): Promise<void> {
    return this.lastLog.load(this.#api.getLastLog);
  }

  /** Tries a broken line now. */
  retry(): void {
    link.retryNow();
  }

  /** Asks for everything anew. */
  async refresh(): Promise<void> {
    await this.info.load(this.#api.getInfo);
    if (this.info.error !== null) return;
    try {
      this.settings = await this.#api.getSettings();
      this.settled = true;
      if (this.settings.notice !== '') notices.tell({ tone: 'bad', text: this.settings.notice });
    } catch {
      // The look is no reason to stop; the defaults stay until the next refresh.
    }
    if (this.info.data?.state === 'ready') await this.refreshNamespaces();
  }

  /** Lists the namespaces anew. */
  async refreshNamespaces(): Promise<void> {
    try {
      this.namespaces = await this.#api.getNamespaces();
    } catch {
      // The switcher keeps what it has; a screen that needs the node shows the failure.
    }
  }

  /** Changes and keeps some settings. */
  async save(change: Partial<Settings>): Promise<void> {
    this.settings = { ...this.settings, ...change };
    await this.#api.saveSettings(this.settings);
  }

  /** Puts another namespace on screen and remembers it. */
  async choose(namespace: string): Promise<void> {
    const { view, sub } = router.current;
    router.go(view, sub, { ns: namespace });
    if (!this.namespaces.includes(namespace)) this.namespaces = [...this.namespaces, namespace].sort();
    await this.save({ namespace });
  }

  #take(info: Info): void {
    const before = this.info.data?.state;
    this.info.set(info);
    if (info.state === 'ready' && before !== 'ready') void this.refreshNamespaces();
  }
}

/** The app's session. */
export const session = new Session();
