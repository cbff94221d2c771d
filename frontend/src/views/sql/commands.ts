// What can be done on the SQL screen by name or by key.
import { m } from '../../i18n/index.svelte';
import { refreshCommand } from '../refresh';
import type { Command } from '../../state/commands.svelte';
import { session } from '../../state/session.svelte';
import type { SqlScreen } from '../../state/sqlscreen.svelte';

/** What needs the parts of the screen. */
interface Acts {
  run: () => void;
  format: () => Promise<void>;
  import: () => void;
  show: () => void;
}

/** The commands, in the words of the language in use. */
export function sqlCommands(screen: SqlScreen, acts: Acts): Command[] {
  const { tabs } = screen;
  const t = m().sql;
  const group = m().commands.groups.sql;
  return [
    refreshCommand(() => screen.loadSchema(session.namespace)),
    { id: 'sql.run', title: t.runHint, group, keys: 'Ctrl+Enter', inFields: true, run: acts.run },
    {
      id: 'sql.all',
      title: t.runAll,
      group,
      keys: 'Ctrl+Shift+Enter',
      inFields: true,
      run: () => screen.runAll(false),
    },
    { id: 'sql.batch', title: t.batch, group, run: () => screen.runAll(true) },
    {
      id: 'sql.cancel',
      title: t.cancel,
      group,
      blocked: () => (tabs.current?.running === true ? '' : t.emptyResult),
      run: () => screen.cancel(),
    },
    { id: 'sql.tab', title: t.newTab, group, run: () => void tabs.open() },
    { id: 'sql.format', title: t.formatHint, group, keys: 'Alt+Shift+F', inFields: true, run: acts.format },
    { id: 'sql.import', title: t.importTitle, group, run: acts.import },
    { id: 'sql.hide', title: t.hideHint, group, run: () => void (screen.hidden = !screen.hidden) },
    { id: 'sql.command', title: m().common.showCommand, group, run: acts.show },
  ];
}
