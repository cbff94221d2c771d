import { describe, expect, test, vi } from 'vitest';
import { BackendError, call, toError } from './call';
import { Counter } from './events';
import { Link } from './link';
import { type Source, Stream } from './stream';

// An error whose code is lost sends its reader down the wrong road.
describe('errors', () => {
  test('the node’s JSON becomes one class', () => {
    const error = toError('{"error":"No such key.","code":"not_found","request_id":"r1"}');
    expect(error).toMatchObject({ code: 'not_found', message: 'No such key.', requestId: 'r1' });
  });

  test.each([['boom'], [new Error('boom')], ['"boom"'], ['{"error":1}']])(
    '%s without the node’s shape is internal',
    (raw) => {
      expect(toError(raw).code).toBe('internal');
    },
  );

  test('a call that never comes back is given up', async () => {
    vi.useFakeTimers();
    const outcome = call(new Promise<never>(() => undefined), 1000).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1001);
    expect(await outcome).toMatchObject({ code: 'timeout' });
    vi.useRealTimers();
  });

  test('an answer passes through', async () => {
    await expect(call(Promise.resolve({ a: 1 }))).resolves.toEqual({ a: 1 });
    await expect(call(Promise.reject(new BackendError('limited', 'x')))).rejects.toMatchObject({ code: 'limited' });
  });
});

// A hole that nobody sees leaves a wrong list on screen for ever.
test('a counter sees holes, repeats and new starts', () => {
  const counter = new Counter();
  expect([7, 8, 10, 11, 1].map((n) => counter.missed(n))).toEqual([false, false, true, false, true]);
  counter.reset();
  expect(counter.missed(99)).toBe(false);
});

class FakeSource implements Source {
  onopen: ((event: Event) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  closed = false;
  listeners = new Map<string, ((event: MessageEvent<string>) => void)[]>();
  constructor(readonly url: string) {}
  addEventListener(name: string, fn: (event: MessageEvent<string>) => void): void {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), fn]);
  }
  close(): void {
    this.closed = true;
  }
  send(name: string, id: string, payload: unknown): void {
    for (const fn of this.listeners.get(name) ?? [])
      fn({ lastEventId: id, data: JSON.stringify(payload) } as MessageEvent<string>);
  }
}

function bench(probe: () => Promise<unknown>) {
  const sources: FakeSource[] = [];
  const waits: { fn: () => void; ms: number }[] = [];
  const link = new Link();
  const stream = new Stream({
    open: (url) => {
      const source = new FakeSource(url);
      sources.push(source);
      return source;
    },
    probe,
    link,
    later: (fn, ms) => {
      const wait = { fn, ms };
      waits.push(wait);
      return () => waits.splice(waits.indexOf(wait), 1);
    },
  });
  return { sources, waits, link, stream, last: () => sources.at(-1)! };
}

const settle = async () => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};

// A page that misses the node's end shows old data as if it were new.
describe('stream', () => {
  test('resumes by number after a pause, without asking for everything', async () => {
    const { stream, link, last, sources } = bench(() => Promise.resolve());
    const gaps = vi.fn();
    link.onGap(gaps);
    const heard: unknown[] = [];
    stream.on('node', (payload) => heard.push(payload));
    stream.resume();
    last().onopen?.(new Event('open'));
    last().send('node', '41', { seq: 1, data: 'a' });
    stream.pause();
    expect(last().closed).toBe(true);
    stream.resume();
    expect(last().url).toBe('/api/events?after=41');
    last().onopen?.(new Event('open'));
    await settle();
    expect(heard).toEqual([{ seq: 1, data: 'a' }]);
    expect(gaps).not.toHaveBeenCalled();
    expect(sources).toHaveLength(2);
  });

  test('a lost node is tried again, ever slower, and its return asks for everything', async () => {
    const { stream, link, last, waits } = bench(() => {
      link.set('lost');
      return Promise.reject(new Error('gone'));
    });
    const gaps = vi.fn();
    link.onGap(gaps);
    stream.resume();
    last().onopen?.(new Event('open'));
    expect(link.state).toBe('up');
    const pauses: number[] = [];
    for (let i = 0; i < 6; i++) {
      last().onerror?.(new Event('error'));
      await settle();
      expect(link.state).toBe('lost');
      const wait = waits.shift()!;
      pauses.push(wait.ms);
      wait.fn();
    }
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 4000]);
    last().onopen?.(new Event('open'));
    expect(link.state).toBe('up');
    expect(gaps).toHaveBeenCalledOnce();
  });

  test('a call that fails makes a silent stream prove itself', async () => {
    const { stream, last, waits, sources } = bench(() => Promise.reject(new Error('gone')));
    stream.resume();
    last().onopen?.(new Event('open'));
    stream.suspect();
    stream.suspect();
    await settle();
    expect(sources[0]?.closed).toBe(true);
    expect(waits).toHaveLength(1);
    stream.retryNow();
    expect(sources).toHaveLength(2);
  });

  test('somebody signed out is not hammered', async () => {
    const { stream, link, last, waits } = bench(() => {
      link.set('signed_out');
      return Promise.reject(new Error('401'));
    });
    stream.resume();
    last().onerror?.(new Event('error'));
    await settle();
    expect(waits).toHaveLength(0);
  });

  test('a gap of the bridge reaches whoever listens', () => {
    const { stream, link, last } = bench(() => Promise.resolve());
    const gaps = vi.fn();
    link.onGap(gaps);
    stream.resume();
    last().send('gap', '9', {});
    expect(gaps).toHaveBeenCalledOnce();
  });
});
