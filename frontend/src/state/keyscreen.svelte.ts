// What the parts of the Keys screen share: the dialog that is open, the separator
// of the namespace, and what a change that happened elsewhere does to the tree.
import * as kvApi from '../api/kv';
import type { Change, Chosen } from '../api/kv';
import { keyCounts } from './keycounts.svelte';
import { keyTree } from './keys.svelte';
import { keyWatch } from './keywatch.svelte';
import { router } from './route.svelte';

/** The separator of a namespace for which none was chosen. */
export const DefaultSeparator = ':';

/** A dialog of the screen. */
export type KeyDialog =
  { kind: 'put' | 'import' | 'separator' } | { kind: 'delete' | 'ttl' | 'move' | 'export'; chosen: Chosen };

/** The Keys screen. */
export class KeyScreen {
  dialog = $state.raw<KeyDialog | null>(null);
  /** A change of the open key that is not on screen yet. */
  news = $state.raw<Change | null>(null);
  #stored = $state(DefaultSeparator);
  #of = '';
  #api: Pick<typeof kvApi, 'getSeparator' | 'setSeparator'>;

  /** What keys are split at: the address decides, then what the namespace keeps. */
  separator = $derived.by(() => (router.param('flat') === '1' ? '' : router.param('sep') || this.#stored));

  constructor(api: Pick<typeof kvApi, 'getSeparator' | 'setSeparator'> = kvApi) {
    this.#api = api;
  }

  /** Asks for the separator of a namespace, once. */
  async open(namespace: string): Promise<void> {
    if (namespace === this.#of) return;
    this.#of = namespace;
    try {
      const kept = await this.#api.getSeparator(namespace);
      if (namespace === this.#of) this.#stored = kept;
    } catch {
      // The usual one serves until the next visit; the listing tells what is wrong.
      this.#of = '';
    }
  }

  /** Splits keys at something else from now on, and keeps it. */
  async split(namespace: string, separator: string): Promise<void> {
    this.#stored = separator;
    router.patch({ flat: '', sep: '' });
    await this.#api.setSeparator(namespace, separator);
  }

  /** Follows the changes below a prefix, until the answer is called. */
  follow(namespace: string, prefix: string): () => void {
    this.news = null;
    keyCounts.onempty = (branch) => {
      keyTree.dropBranch(branch);
    };
    keyWatch.start(namespace, prefix, {
      onchange: (change) => {
        this.#take(change);
      },
      ongap: () => {
        keyCounts.clear();
        void keyTree.refresh();
      },
    });
    return () => {
      keyWatch.stop();
    };
  }

  #take(change: Change): void {
    const branch = keyTree.apply(change);
    if (branch !== '') {
      keyCounts.forget(branch);
      keyWatch.mark(branch);
    }
    if (change.key === router.param('key')) this.news = change;
  }
}

/** The app's Keys screen. */
export const keyScreen = new KeyScreen();
