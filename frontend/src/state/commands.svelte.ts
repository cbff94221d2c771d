// One registry of commands. Palette, shortcut sheet and keys read it, so that
// they cannot disagree.

import { untrack } from 'svelte';

/** Something the user can do by name or by key. */
export interface Command {
  id: string;
  title: string;
  /** Heading under which palette and sheet show it. */
  group: string;
  /** Like "Ctrl+K", "/" or "?"; Ctrl also stands for Cmd. */
  keys?: string;
  /** Works while a field has the focus too. */
  inFields?: boolean;
  /** Why it does not apply now; '' when it does. */
  blocked?: () => string;
  run: () => void | Promise<void>;
}

/** The part of a key press that decides. */
export interface Press {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** Whether a press is the written shortcut. */
export function pressed(keys: string, press: Press): boolean {
  const parts = keys.split('+');
  const last = parts.at(-1) ?? '';
  const wants = (name: string) => parts.length > 1 && parts.slice(0, -1).includes(name);
  if (wants('Ctrl') !== (press.ctrlKey || press.metaKey) || wants('Alt') !== press.altKey) return false;
  // With Alt+Shift the letter may become a sign of the keyboard's layout; the code stays.
  if (/^\d$/.test(last)) return press.code === `Digit${last}` && wants('Shift') === press.shiftKey;
  // A sign like "?" needs Shift on many keyboards; it is written without.
  if (last.length > 1 || parts.length > 1) {
    if (wants('Shift') !== press.shiftKey) return false;
  }
  return press.key.toLowerCase() === last.toLowerCase();
}

/** All commands: those of the frame and those of the screen that is open. */
export class Commands {
  #sets = $state.raw<readonly { of: symbol; list: Command[] }[]>([]);
  /** Command ids used in this visit, latest first. */
  recent = $state.raw<string[]>([]);

  /** Every command that exists now; a later set wins over an earlier one by id. */
  all = $derived.by(() => {
    const byId = new Map<string, Command>();
    for (const { list } of this.#sets) for (const command of list) byId.set(command.id, command);
    return [...byId.values()];
  });

  /** Adds the commands of a screen; the answer takes them away. */
  add(list: Command[]): () => void {
    const of = Symbol('commands');
    // Whoever adds inside an effect must not run again because of its own adding.
    this.#sets = [...untrack(() => this.#sets), { of, list }];
    return () => {
      this.#sets = untrack(() => this.#sets).filter((set) => set.of !== of);
    };
  }

  /** Runs a command that applies. */
  async run(command: Command): Promise<void> {
    if ((command.blocked?.() ?? '') !== '') return;
    this.recent = [command.id, ...this.recent.filter((id) => id !== command.id)].slice(0, 8);
    await command.run();
  }

  /** The command that a key press means, or undefined. */
  find(press: Press, inField: boolean): Command | undefined {
    return this.all.findLast(
      (c) => c.keys !== undefined && (!inField || c.inFields === true) && pressed(c.keys, press),
    );
  }

  /** Shortcuts that two commands claim: must be empty. */
  get clashes(): string[] {
    const used = this.all.flatMap((c) => (c.keys === undefined ? [] : [c.keys]));
    return used.filter((keys, i) => used.indexOf(keys) !== i);
  }
}

/** The app's commands. */
export const commands = new Commands();
