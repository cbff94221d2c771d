// What a tab shows of one namespace, in the name that the page acts in.
import { untrack } from 'svelte';
import { identity } from '../../state/identity.svelte';

/** Clears a list and asks anew, for another namespace or in another's name. Call it while a component is made. */
export function followNamespace(list: { clear: () => void }, name: () => string, load: (of: string) => void): void {
  $effect(() => {
    const [, of] = [identity.as, name()]; // another name to act in has other rights
    untrack(() => {
      list.clear();
      load(of);
    });
  });
}
