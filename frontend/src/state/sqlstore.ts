// Where the SQL screen keeps tabs and history between visits: in the node, since
// window and browser differ in origin and storage.
import { loadWorkspace, saveWorkspace, type Past, type WorkTab, type Workspace } from '../api/queries';
import { notices } from './notices.svelte';

export type { Past, WorkTab, Workspace };

/** Loads and saves it. */
export interface SqlStore {
  load: () => Promise<Workspace>;
  save: (workspace: Workspace) => void;
}

/** Typing is kept after a pause: each save is a file on the node's disk. */
const PauseMs = 400;

/** Keeps in the node. The last word is sent when the page is hidden or left. */
export function nodeStore(): SqlStore {
  let waiting: Workspace | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let told = '';
  const send = () => {
    clearTimeout(timer);
    const next = waiting;
    waiting = null;
    if (next === null) return;
    saveWorkspace(next).then(
      () => (told = ''),
      (raw: unknown) => {
        // Said once: the next key press will fail the same way.
        const why = raw instanceof Error ? raw.message : '';
        if (why !== told) notices.fail(raw);
        told = why;
      },
    );
  };
  document.addEventListener('visibilitychange', send);
  window.addEventListener('pagehide', send);
  return {
    load: loadWorkspace,
    save(workspace) {
      waiting = workspace;
      clearTimeout(timer);
      timer = setTimeout(send, PauseMs);
    },
  };
}
