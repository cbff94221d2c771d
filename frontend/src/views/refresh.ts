import { m } from '../i18n/index.svelte';
import type { Command } from '../state/commands.svelte';

/** A screen's own meaning of F5, in place of the frame's. Reads reactive state: call it inside an effect. */
export const refreshCommand = (run: Command['run']): Command => ({
  id: 'refresh',
  title: m().commands.refresh,
  group: m().commands.groups.app,
  keys: 'F5',
  inFields: true,
  run,
});
