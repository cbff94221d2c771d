// What can go wrong, as an error that the page has words for.
import type { Fault } from './en';

/** A fault with its kind, and the sentence of whoever reported it. */
export class Problem extends Error {
  constructor(
    readonly fault: Fault,
    readonly detail = '',
  ) {
    super(detail || fault);
  }
}
