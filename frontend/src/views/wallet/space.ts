// Which namespace the tabs are about: the address says it, else the one on screen.
import { identity } from '../../state/identity.svelte';
import { router } from '../../state/route.svelte';
import { session } from '../../state/session.svelte';

/** The namespace that is open. */
export const space = (): string => router.param('space') || session.namespace;

/** Those to choose from. */
export const spaces = (): string[] =>
  [...new Set([space(), ...(identity.namespaces.data ?? []).map((one) => one.name)])].sort();

/** Opens another one; Back returns. */
export const chooseSpace = (name: string): void => {
  router.patch({ space: name }, true);
};
