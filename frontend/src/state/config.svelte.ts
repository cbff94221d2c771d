// The node's configuration: what runs, what the next start will find, and the way
// to change it.
import * as nodeApi from '../api/node';
import type { ConfigChange, ConfigKey, ConfigView } from '../api/node';
import { Loader } from './loader.svelte';

/** Which settings are shown. */
export type ConfigScope = 'all' | 'changed' | 'waiting';

type Api = Pick<typeof nodeApi, 'getConfig' | 'saveConfig' | 'saveSecret'>;

/** The way back of a change, or null when the old value is not known: a secret, or one that a flag hides. */
export function wayBack(key: ConfigKey): ConfigChange | null {
  if (!key.in_file) return { name: key.name, value: '', reset: true };
  if (key.secret || key.overruled) return null;
  return { name: key.name, value: key.next, reset: false };
}

/** The command that does the same; a secret is read from standard input. */
export const configCommand = (changes: ConfigChange[], secret: boolean): string[] => [
  'config',
  'set',
  ...changes.flatMap((change) => [change.name, secret ? '-' : change.value]),
];

/** Settings that are only accepted together with this one, itself among them. */
export function companions(name: string): string[] {
  const pair = ['gateway.tls_certificate', 'gateway.tls_key'];
  return pair.includes(name) ? pair : [];
}

/** All settings, and those that a search finds. */
export class ConfigState {
  view = new Loader<ConfigView>();
  #api: Api;

  constructor(api: Api = nodeApi) {
    this.#api = api;
  }

  get keys(): ConfigKey[] {
    return this.view.data?.keys ?? [];
  }

  /** Settings that the next start will find changed. */
  get waiting(): ConfigKey[] {
    return this.keys.filter((key) => key.restart);
  }

  /** One setting by its name. */
  find(name: string): ConfigKey | undefined {
    return this.keys.find((key) => key.name === name);
  }

  load(): Promise<void> {
    return this.view.load(this.#api.getConfig);
  }

  /** Changes settings in the file; throws the node's reason when it refuses. */
  async save(changes: ConfigChange[]): Promise<void> {
    await this.#api.saveConfig(changes);
    await this.load();
  }

  /** Sets a secret in the file. */
  async saveSecret(name: string, value: string): Promise<void> {
    await this.#api.saveSecret(name, value);
    await this.load();
  }

  /** Settings of a scope that hold every word of the search in name, value, origin or help. */
  matching(search: string, scope: ConfigScope = 'all'): ConfigKey[] {
    const words = search
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    return this.keys.filter((key) => {
      if (scope === 'waiting' && !key.restart) return false;
      if (scope === 'changed' && !key.in_file && key.origin === 'default') return false;
      const hay = `${key.name} ${key.value} ${key.next} ${key.origin} ${key.help}`.toLowerCase();
      return words.every((word) => hay.includes(word));
    });
  }
}
