// The steps of a message's delivery. What was shown once is never taken back: an
// answer that was on its way while a better one came must not undo it.
import type { Message } from '../api/chat';

/** The steps in order; "failed" is none of them. */
export const steps = ['queued', 'sent', 'stored', 'seen'] as const;

/** How far a step is; -1 when it is none. */
export const rank = (step: string): number => (steps as readonly string[]).indexOf(step);

/** The newer answer about a message, with what the older one knew better. */
export function forward(before: Message | undefined, now: Message): Message {
  if (before === undefined || !now.mine || rank(now.step) === -1 || rank(before.step) === -1) return now;
  const back = rank(now.step) < rank(before.step);
  return {
    ...now,
    step: back ? before.step : now.step,
    stored_at: now.stored_at === '' ? before.stored_at : now.stored_at,
    stored_on: Math.max(now.stored_on, before.stored_on),
    stored_of: Math.max(now.stored_of, before.stored_of),
    seen_by: Math.max(now.seen_by, before.seen_by),
  };
}
