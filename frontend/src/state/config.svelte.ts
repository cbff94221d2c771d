// The node's configuration as it is in effect.
import * as nodeApi from '../api/node';
import type { ConfigValue } from '../api/node';
import { Loader } from './loader.svelte';

/** All values, and those that a search finds. */
export class ConfigState {
  values = new Loader<ConfigValue[]>();
  #api: Pick<typeof nodeApi, 'getConfig'>;

  constructor(api: Pick<typeof nodeApi, 'getConfig'> = nodeApi) {
    this.#api = api;
  }

  load(): Promise<void> {
    return this.values.load(this.#api.getConfig);
  }

  /** Values that hold every word of the search in name, value, origin or help. */
  matching(search: string): ConfigValue[] {
    const words = search
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    return (this.values.data ?? []).filter((v) => {
      const hay = `${v.name} ${v.value} ${v.origin} ${v.help}`.toLowerCase();
      return words.every((word) => hay.includes(word));
    });
  }
}
