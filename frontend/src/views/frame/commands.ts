// The commands that are there on every screen.
import { m } from '../../i18n/index.svelte';
import type { Command } from '../../state/commands.svelte';
import { notices } from '../../state/notices.svelte';
import { router } from '../../state/route.svelte';
import { session } from '../../state/session.svelte';
import { place } from '../../state/place.svelte';
import { screens } from '../screens';
import { densities, languages, themes } from './look';
import { overlays } from './overlays.svelte';

/** Goes to a screen in the namespace that is on screen. */
export function openScreen(id: string): void {
  const ns = router.param('ns');
  router.go(id, '', ns === '' ? {} : { ns });
}

/** Puts the focus into the screen's own filter. */
function focusFilter(): void {
  const field = document.querySelector<HTMLInputElement>('[data-main-filter]');
  field?.focus();
  field?.select();
}

async function refresh(): Promise<void> {
  await Promise.all([session.refresh(), place.refresh()]);
}

/** Commands of the frame. Reads reactive state: call it inside an effect or a derived. */
export function frameCommands(): Command[] {
  const t = m().commands;
  // In a tab the browser keeps Ctrl+1…9 for itself.
  const screenKeys = session.inWindow ? 'Ctrl' : 'Alt+Shift';
  return [
    ...screens.map(({ id }, i) => ({
      id: `go.${id}`,
      title: t.goTo(m().screens[id]),
      group: t.groups.go,
      keys: `${screenKeys}+${String(i + 1)}`,
      inFields: true,
      run: () => {
        openScreen(id);
      },
    })),
    {
      id: 'palette',
      title: t.palette,
      group: t.groups.app,
      keys: 'Ctrl+K',
      inFields: true,
      run: () => void (overlays.palette = true),
    },
    {
      id: 'shortcuts',
      title: t.shortcuts,
      group: t.groups.app,
      keys: '?',
      run: () => void (overlays.shortcuts = true),
    },
    { id: 'filter', title: t.filter, group: t.groups.app, keys: '/', run: focusFilter },
    { id: 'refresh', title: t.refresh, group: t.groups.app, keys: 'F5', inFields: true, run: refresh },
    { id: 'tasks', title: t.tasks, group: t.groups.app, run: () => void (overlays.tasks = true) },
    { id: 'activity', title: t.activity, group: t.groups.app, run: () => void (overlays.activity = true) },
    { id: 'alerts', title: t.alerts, group: t.groups.app, run: () => void (overlays.alerts = true) },
    {
      id: 'undo',
      title: t.undo,
      group: t.groups.app,
      blocked: () => (notices.lastUndoable === undefined ? t.nothingToUndo : ''),
      run: async () => {
        const last = notices.lastUndoable;
        if (last !== undefined) await notices.undo(last.id);
      },
    },
    { id: 'namespace.new', title: t.newNamespace, group: t.groups.app, run: () => void (overlays.namespace = true) },
    ...themes.map((theme) => ({
      id: `theme.${theme}`,
      title: t.theme(m().look.themes[theme]),
      group: t.groups.look,
      run: () => session.save({ theme }),
    })),
    ...densities.map((density) => ({
      id: `density.${density}`,
      title: t.density(m().look.densities[density]),
      group: t.groups.look,
      run: () => session.save({ density }),
    })),
    ...languages.map((language) => ({
      id: `language.${language}`,
      title: t.language(m().look.languages[language]),
      group: t.groups.look,
      run: () => session.save({ language }),
    })),
  ];
}
