// The choices of the look: theme, density, language. Menu and palette read them here.
import { m } from '../../i18n/index.svelte';
import { session } from '../../state/session.svelte';

/** A line of the menu; see MenuItem of ui/Menu. */
export interface LookItem {
  label: string;
  checked: boolean;
  group?: string;
  run: () => void;
}

export const themes = ['system', 'light', 'dark', 'contrast'] as const;
export const densities = ['comfortable', 'compact'] as const;
export const languages = ['system', 'en', 'de'] as const;

/** The lines of the menu. Reads reactive state: call it in a template. */
export function lookItems(): LookItem[] {
  const t = m().look;
  const { theme, density, language } = session.settings;
  const group = <K extends string>(
    title: string,
    keys: readonly K[],
    labels: Record<K, string>,
    now: string,
    choose: (key: K) => Promise<void>,
  ): LookItem[] =>
    keys.map((key, i) => ({
      ...(i === 0 ? { group: title } : {}),
      label: labels[key],
      checked: key === now,
      run: () => void choose(key),
    }));
  return [
    ...group(t.theme, themes, t.themes, theme || 'system', (to) => session.save({ theme: to })),
    ...group(t.density, densities, t.densities, density || 'comfortable', (to) => session.save({ density: to })),
    ...group(t.language, languages, t.languages, language || 'system', (to) => session.save({ language: to })),
  ];
}
