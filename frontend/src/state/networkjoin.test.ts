import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BackendError } from '../api/call';
import type * as networkApi from '../api/network';
import type { Overview } from '../api/network';
import { JoinRun } from './networkjoin.svelte';

const invitation = { id: 't', network: 'blue', expires_at: '2026-01-01T00:00:00Z', known: '', current: false };

/** A node that goes through the phases as it is told to. */
function node() {
  const state = { phase: 'caught_up', done: '0', total: '0', detail: '', answer: Promise.resolve() };
  const api = {
    readTicket: (text: string) =>
      text.startsWith('debros1')
        ? Promise.resolve(invitation)
        : Promise.reject(new BackendError('invalid', 'no ticket')),
    join: () => state.answer,
    overview: () => Promise.resolve({ joining: { ...state } } as unknown as Overview),
  };
  return { state, run: new JoinRun(api as unknown as typeof networkApi) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a ticket', () => {
  it('is read before it is used, and another text is no reason to complain yet', async () => {
    const { run } = node();
    await run.take('debros1 and quite a long text');
    expect(run.ticket).toEqual(invitation);
    await run.take('something else that somebody pasted');
    expect([run.ticket, run.fault]).toEqual([null, '']);
  });
});

describe('a join', () => {
  it('is done when the node has caught up, not when an older join had', async () => {
    const { state, run } = node();
    let admit: (() => void) | undefined;
    state.answer = new Promise<void>((resolve) => (admit = resolve));
    const joining = run.join();
    await vi.advanceTimersByTimeAsync(300); // the phase is still that of an older join
    expect([run.caughtUp, run.running]).toEqual([false, true]);

    state.phase = 'admit';
    await vi.advanceTimersByTimeAsync(300);
    expect((['connect', 'admit', 'snapshot'] as const).map((one) => run.mark(one))).toEqual(['done', 'now', 'before']);

    admit?.();
    expect(await joining).toBe(true);
    Object.assign(state, { phase: 'snapshot', done: '3', total: '9' });
    await vi.advanceTimersByTimeAsync(300);
    expect([run.caughtUp, run.progress?.done]).toEqual([false, '3']);

    const settled = run.settled();
    state.phase = 'caught_up';
    await vi.advanceTimersByTimeAsync(300);
    await settled;
    expect([run.caughtUp, run.running, run.mark('caught_up')]).toEqual([true, false, 'done']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that is refused tells the reason, marks where it stopped, and can be tried again', async () => {
    const { state, run } = node();
    state.answer = Promise.reject(new BackendError('denied', 'this ticket expired 2h0m0s ago'));
    expect(await run.join()).toBe(false);
    expect([run.fault, run.running, run.mark('connect')]).toEqual(['this ticket expired 2h0m0s ago', false, 'failed']);
    expect(vi.getTimerCount()).toBe(0);
    state.answer = Promise.resolve();
    expect(await run.join()).toBe(true);
  });
});
