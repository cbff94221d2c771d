// Which of the SQL screen's dialogs is open, and the read-only switch.
import type { Table } from '../api/sql';
import { notices } from './notices.svelte';
import { router } from './route.svelte';
import { session } from './session.svelte';

/** One dialog at a time. */
export type Open = { kind: 'design'; table: Table | null } | { kind: 'drop'; table: Table } | { kind: 'data' } | null;

class SqlMore {
  open = $state.raw<Open>(null);

  /** Whether the namespace on screen is read-only in this app. */
  get readOnly(): boolean {
    return session.settings.read_only.includes(session.namespace);
  }

  async setReadOnly(on: boolean): Promise<void> {
    const others = session.settings.read_only.filter((name) => name !== session.namespace);
    try {
      await session.save({ read_only: on ? [...others, session.namespace].sort() : others });
    } catch (raw) {
      await session.refresh();
      notices.fail(raw);
    }
  }

  /** The diagram is a place of its own, so that Back leads out of it. */
  get diagram(): boolean {
    return router.param('view') === 'diagram';
  }

  showDiagram(on: boolean): void {
    router.patch({ view: on ? 'diagram' : '' }, on);
  }
}

/** What the SQL screen has open beside its editor. */
export const sqlMore = new SqlMore();
