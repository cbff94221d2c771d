import { afterEach, expect, it, vi } from 'vitest';
import { ClearMs, copySecret } from './secretcopy';

afterEach(() => {
  vi.useRealTimers();
});

it('a secret leaves the clipboard by itself, counted from the last copy', async () => {
  vi.useFakeTimers();
  const put = vi.fn(() => Promise.resolve(true));
  await copySecret('one', put);
  vi.advanceTimersByTime(ClearMs - 1);
  await copySecret('two', put);
  vi.advanceTimersByTime(ClearMs - 1);
  expect(put.mock.calls.flat()).toEqual(['one', 'two']);
  vi.advanceTimersByTime(1);
  expect(put.mock.calls.flat()).toEqual(['one', 'two', ' ']);
});

it('what could not be copied is not cleared', async () => {
  vi.useFakeTimers();
  const put = vi.fn(() => Promise.resolve(false));
  expect(await copySecret('one', put)).toBe(false);
  vi.advanceTimersByTime(ClearMs);
  expect(put).toHaveBeenCalledTimes(1);
});
