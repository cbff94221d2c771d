// Joining a network by a ticket: what the ticket is for, and how far the join is.
import { toError } from '../api/call';
import * as networkApi from '../api/network';
import type { Invitation, Overview } from '../api/network';

/** How often a join that runs is looked at. */
const LookMs = 300;

/** The phases of a join, in order. */
export const JoinPhases = ['connect', 'admit', 'snapshot', 'caught_up'] as const;
export type JoinPhase = (typeof JoinPhases)[number];

export type Mark = 'before' | 'now' | 'done' | 'failed';

type Progress = Overview['joining'];

/** One attempt after another to join by a ticket. */
export class JoinRun {
  text = $state('');
  fault = $state('');
  /** What the text is for; null while it is no ticket. */
  ticket = $state.raw<Invitation | null>(null);
  running = $state(false);
  /** The node is in the network; it may still catch up. */
  joined = $state(false);
  progress = $state.raw<Progress | null>(null);
  #api: typeof networkApi;
  #turn = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #caughtUp: (() => void) | undefined;

  constructor(api = networkApi) {
    this.#api = api;
  }

  /** Takes a text and says what it is for; a fault is told only when it is joined with. */
  async take(text: string): Promise<void> {
    const turn = ++this.#turn;
    this.text = text;
    this.fault = '';
    this.ticket = null;
    const wanted = text.trim();
    if (wanted.length < 20) return;
    try {
      const ticket = await this.#api.readTicket(wanted);
      if (turn === this.#turn) this.ticket = ticket;
    } catch {
      // Joining tells what is wrong with it.
    }
  }

  /** Where a phase stands. */
  mark(phase: JoinPhase): Mark {
    const now = JoinPhases.indexOf((this.progress?.phase ?? 'connect') as JoinPhase);
    const at = JoinPhases.indexOf(phase);
    if (this.caughtUp || at < now) return 'done';
    return at === Math.max(now, 0) ? (this.running ? 'now' : 'failed') : 'before';
  }

  get caughtUp(): boolean {
    return this.joined && (this.progress?.phase === 'caught_up' || this.progress?.phase === '');
  }

  /** Joins; true when the node is in the network. The reason against it is in `fault`. */
  async join(): Promise<boolean> {
    if (this.running || this.joined) return this.joined;
    this.running = true;
    this.fault = '';
    this.progress = null;
    this.#follow();
    try {
      await this.#api.join(this.text.trim());
      this.joined = true;
    } catch (raw) {
      this.fault = toError(raw).message;
      this.running = false;
      this.stop();
    }
    return this.joined;
  }

  /** Resolves when the node knows what the others know, or nobody follows any more. */
  async settled(): Promise<void> {
    if (this.caughtUp || this.#timer === undefined) return;
    await new Promise<void>((resolve) => (this.#caughtUp = resolve));
  }

  /** Looks no more; a join that runs goes on in the node. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#caughtUp?.();
    this.#caughtUp = undefined;
  }

  #follow(): void {
    let asking = false;
    const look = async () => {
      if (asking) return;
      asking = true;
      try {
        this.progress = (await this.#api.overview()).joining;
      } catch {
        // While the node changes networks there is nothing to see.
      }
      asking = false;
      if (!this.caughtUp) return;
      this.running = false;
      this.stop();
    };
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void look(), LookMs);
  }
}
