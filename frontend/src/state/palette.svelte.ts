// What the palette finds: commands at once; keys, tables, peers and settings as the
// node answers. An older answer never replaces a newer one.
import { getConfig } from '../api/node';
import { getSchema } from '../api/sql';
import { listKeys } from '../api/kv';
import { listPeers } from '../api/peers';
import { m } from '../i18n/index.svelte';
import { matchScore, shortId, sqlName } from '../lib/text';
import { type Command, commands } from './commands.svelte';
import { router } from './route.svelte';
import { session } from './session.svelte';

/** One line of the palette. */
export interface Entry {
  id: string;
  title: string;
  group: string;
  keys?: string;
  /** Why it does not apply now. */
  blocked: string;
  command?: Command;
  run?: () => void | Promise<void>;
}

/** Lines of each kind. */
const most = 8;
/** What matchScore gives for a word that begins like the query: there are many settings, and their help is long. */
const wordStart = 1000;
/** Places that were opened by the palette in this visit, latest first; so many are offered again. */
const mostLatest = 4;
let latest = $state.raw<Entry[]>([]);

/** The search behind the palette's field. */
export class PaletteSearch {
  #query = $state('');
  #found = $state.raw<Entry[]>([]);
  #turn = 0;

  entries = $derived.by(() => [...this.#commands(), ...this.#namespaces(), ...this.#found]);

  /** Looks for something else. */
  ask(query: string): void {
    this.#query = query.trim();
    const turn = ++this.#turn;
    if (this.#query === '' || !session.ready) {
      this.#found = [];
      return;
    }
    void this.#remote(this.#query).then((found) => {
      if (turn === this.#turn) this.#found = found;
    });
  }

  /** Remembers a place that was opened; commands remember themselves. */
  used(entry: Entry): void {
    if (entry.command !== undefined) return;
    const again = { ...entry, id: `latest:${entry.id.replace(/^latest:/, '')}` };
    latest = [again, ...latest.filter((e) => e.id !== again.id)].slice(0, mostLatest);
  }

  #commands(): Entry[] {
    const entry = (c: Command, group: string): Entry => ({
      id: c.id,
      title: c.title,
      group,
      ...(c.keys === undefined ? {} : { keys: c.keys }),
      blocked: c.blocked?.() ?? '',
      command: c,
    });
    const usable = commands.all.filter((c) => c.id !== 'palette');
    if (this.#query === '') {
      const recent = commands.recent.flatMap((id) => usable.filter((c) => c.id === id)).slice(0, 4);
      const rest = usable.filter((c) => !recent.includes(c));
      const places = latest.map((e) => ({ ...e, group: m().palette.recent }));
      return [
        ...places,
        ...recent.map((c) => entry(c, m().palette.recent)),
        ...byGroup(rest.map((c) => entry(c, c.group))),
      ];
    }
    const scored = usable.map((c) => ({ c, score: matchScore(`${c.title} ${c.group}`, this.#query) }));
    const best = scored.filter((s) => s.score > 0).sort((a, b) => b.score - a.score);
    return best.slice(0, most).map(({ c }) => entry(c, m().palette.title));
  }

  #namespaces(): Entry[] {
    return session.namespaces
      .filter((name) => name !== session.namespace && this.#query !== '' && matchScore(name, this.#query) > 0)
      .slice(0, most)
      .map((name) => ({
        id: `ns:${name}`,
        title: m().palette.useNamespace(name),
        group: m().palette.namespaces,
        blocked: '',
        run: () => session.choose(name),
      }));
  }

  async #remote(query: string): Promise<Entry[]> {
    const ns = session.namespace;
    const request = { namespace: ns, prefix: query, separator: '', cursor: '', level: 'none', limit: most };
    const [keys, schema, peers, settings] = await Promise.all([
      listKeys(request).then(
        (page) => page.items,
        () => [],
      ),
      getSchema(ns).then(
        (s) => s.tables,
        () => [],
      ),
      listPeers().catch(() => []),
      getConfig().then(
        (config) => config.keys,
        () => [],
      ),
    ]);
    const at = { ns };
    return [
      ...keys.map((item) =>
        place(`key:${item.key}`, item.key, m().palette.keys, () => {
          router.go('keys', '', { ...at, key: item.key });
        }),
      ),
      ...schema
        .filter((table) => matchScore(table.name, query) > 0)
        .slice(0, most)
        .map((table) =>
          place(`table:${table.name}`, table.name, m().palette.tables, () => {
            router.go('sql', '', { ...at, insert: `SELECT * FROM ${sqlName(table.name)} LIMIT 100;` });
          }),
        ),
      ...peers
        .filter((peer) => matchScore(`${peer.id} ${peer.agent}`, query) > 0)
        .slice(0, most)
        .map((peer) =>
          place(`peer:${peer.id}`, `${shortId(peer.id)}  ${peer.agent}`, m().palette.peers, () => {
            router.go('peers', '', { peer: peer.id });
          }),
        ),
      ...settings
        .filter((key) => matchScore(`${key.name} ${key.help}`, query) >= wordStart)
        .slice(0, most)
        .map((key) =>
          place(`setting:${key.name}`, key.name, m().palette.settings, () => {
            router.go('node', 'config', { ...at, q: key.name });
          }),
        ),
    ];
  }
}

const place = (id: string, title: string, group: string, run: () => void): Entry => ({
  id,
  title,
  group,
  blocked: '',
  run,
});

/** Keeps the order of groups as they first come, their members together. */
function byGroup(entries: Entry[]): Entry[] {
  const groups = [...new Set(entries.map((e) => e.group))];
  return groups.flatMap((group) => entries.filter((e) => e.group === group));
}
