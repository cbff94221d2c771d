// What a key was: its versions, two of them compared, and one put back as a
// compare-and-set write.
import * as kvApi from '../api/kv';
import type { Change, History, Item, Written } from '../api/kv';
import { toError } from '../api/call';
import { Loader } from './loader.svelte';

/** Versions asked for at once. */
export const HistoryPage = 200;
/** The most that the node lists. */
const MaxVersions = 1000;

type Api = Pick<typeof kvApi, 'historyOf' | 'valueAt' | 'getItem' | 'putItem'>;

/** A version that is about to be put back: what is there now, and what will be. */
export interface Restoring {
  version: string;
  value: Uint8Array;
  /** null: the key is not there now. */
  now: Item | null;
}

/** The past of one key. */
export class KeyHistory {
  list = new Loader<History>();
  /** The values of the picked version and of the one that it is compared with; null is "no value". */
  compared = new Loader<{ before: Uint8Array | null; after: Uint8Array | null }>();
  picked = $state('');
  /** 'before': with the version before; 'now': with the newest. */
  against = $state<'before' | 'now'>('before');
  restoring = $state.raw<Restoring | null>(null);
  saving = $state(false);
  /** Somebody was faster: the restore is shown anew. */
  raced = $state(false);
  #api: Api;
  #limit = HistoryPage;

  constructor(
    readonly namespace: string,
    readonly key: string,
    api: Api = kvApi,
  ) {
    this.#api = api;
  }

  get versions(): Change[] {
    return this.list.data?.versions ?? [];
  }

  /** Lists the versions; the newest is picked when none is. */
  async load(): Promise<void> {
    await this.list.load(() => this.#api.historyOf(this.namespace, this.key, this.#limit));
    const there = this.versions.some((v) => v.version === this.picked);
    if (!there && this.versions[0] !== undefined) await this.pick(this.versions[0].version);
    else if (there) await this.pick(this.picked);
  }

  /** Lists older ones too. */
  async more(): Promise<void> {
    this.#limit = MaxVersions;
    await this.load();
  }

  /** Shows one version beside the one that it is compared with. */
  async pick(version: string, against = this.against): Promise<void> {
    this.picked = version;
    this.against = against;
    const at = this.versions.findIndex((v) => v.version === version);
    const other = against === 'before' ? this.versions[at + 1] : this.versions[0];
    const [before, after] = against === 'before' ? [other, this.versions[at]] : [this.versions[at], other];
    await this.compared.load(async () => {
      const [one, two] = await Promise.all([this.#value(before), this.#value(after)]);
      return { before: one, after: two };
    });
  }

  /** Shows what a restore would change. */
  async prepare(version: string): Promise<void> {
    const [value, now] = await Promise.all([
      this.#api.valueAt(this.namespace, this.key, version),
      this.#api.getItem(this.namespace, this.key, 'linearizable').catch((raw: unknown) => {
        if (toError(raw).code === 'not_found') return null;
        throw raw;
      }),
    ]);
    this.restoring = { version, value, now };
  }

  /** Puts the version back, if the key is still as it was shown; else shows it anew and answers null. */
  async restore(): Promise<Written | null> {
    const wanted = this.restoring;
    if (wanted === null || this.saving) return null;
    this.saving = true;
    this.raced = false;
    try {
      const written = await this.#api.putItem({
        namespace: this.namespace,
        key: this.key,
        value: wanted.value,
        ttlSeconds: 0,
        ifVersion: wanted.now?.version ?? '',
        ifAbsent: wanted.now === null,
      });
      this.restoring = null;
      await this.load();
      await this.pick(written.version);
      return written;
    } catch (raw) {
      const { code } = toError(raw);
      if (code !== 'precondition_failed' && code !== 'conflict') throw raw;
      await this.prepare(wanted.version);
      this.raced = true;
      return null;
    } finally {
      this.saving = false;
    }
  }

  async #value(version: Change | undefined): Promise<Uint8Array | null> {
    if (version?.operation !== 'put') return null;
    return this.#api.valueAt(this.namespace, this.key, version.version);
  }
}
