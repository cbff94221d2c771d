// Where the SQL screen keeps drafts and history between visits: this browser.
// Settings live in the node, but drafts are half-written thoughts that belong to
// the screen they were typed on, and the node has no place for them yet.

export interface KeptTab {
  title: string;
  text: string;
}

/** One line of the history. */
export interface Past {
  time: number;
  namespace: string;
  script: string;
  ok: boolean;
}

/** Everything that is kept. */
export interface KeptSql {
  tabs: KeptTab[];
  active: number;
  history: Past[];
}

/** Loads and saves it. */
export interface SqlStore {
  load: () => KeptSql;
  save: (kept: KeptSql) => void;
}

const name = 'debros.sql';

/** Keeps in localStorage; damaged or forbidden storage is an empty start. */
export const browserStore: SqlStore = {
  load() {
    try {
      const kept = JSON.parse(localStorage.getItem(name) ?? '{}') as Partial<KeptSql>;
      return {
        tabs: (kept.tabs ?? []).filter((t) => typeof t.text === 'string'),
        active: Math.max(0, kept.active ?? 0),
        history: (kept.history ?? []).filter((p) => typeof p.script === 'string'),
      };
    } catch {
      return { tabs: [], active: 0, history: [] };
    }
  },
  save(kept) {
    try {
      localStorage.setItem(name, JSON.stringify(kept));
    } catch {
      // A full or forbidden storage costs the draft after a reload, nothing else.
    }
  },
};
