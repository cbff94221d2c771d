// How far one own message is, with names, times and evidence. What was reached
// stays reached, whatever a later answer says.
import { ladderOf, type Ladder, type Message } from '../api/chat';
import { steps } from './chatladder';
import { Loader } from './loader.svelte';

/** People up to this number are named. */
export const MaxNamed = 20;

/** Asks for a message's ladder, as often as something changed. */
export class LadderView {
  answer = new Loader<Ladder>();
  #ask: () => Promise<Ladder>;
  #known: Ladder | null = null;

  constructor(room: string, message: Message, ask = ladderOf) {
    this.#ask = () => ask(room, message.id);
  }

  load(): Promise<void> {
    return this.answer.load(async () => {
      this.#known = climb(this.#known, await this.#ask());
      return this.#known;
    });
  }
}

/** The newer answer with what the older one had reached. */
export function climb(before: Ladder | null, now: Ladder): Ladder {
  if (before === null) return now;
  const order = (step: string) => (steps as readonly string[]).indexOf(step);
  const kept = before.steps.filter((s) => order(s.step) !== -1 && !now.steps.some((one) => one.step === s.step));
  const all = [...now.steps, ...kept].sort((a, b) => order(a.step) - order(b.step));
  return {
    ...now,
    steps: all,
    step: now.step !== 'failed' && order(now.step) < order(before.step) ? before.step : now.step,
    stored_by: [...new Set([...before.stored_by, ...now.stored_by])],
    seen: Math.max(before.seen, now.seen),
    received: Math.max(before.received, now.received),
  };
}
