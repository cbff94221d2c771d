// Every call to the node goes through here: one time limit, one error class.

/** The node's codes, plus `timeout` for a call that never came back. */
export type Code =
  | 'invalid'
  | 'unauthenticated'
  | 'denied'
  | 'not_found'
  | 'conflict'
  | 'precondition_failed'
  | 'too_large'
  | 'limited'
  | 'outcome_unknown'
  | 'unavailable'
  | 'internal'
  | 'timeout';

/** What went wrong, in a sentence fit to show. */
export class BackendError extends Error {
  constructor(
    readonly code: Code,
    message: string,
    readonly requestId = '',
  ) {
    super(message);
    this.name = 'BackendError';
  }
}

/** A call that takes longer is given up; long work is a task and answers at once. */
export const MaxCallMs = 30_000;

/** Plain data as Go sends it: the generated classes without their methods. */
export type Plain<T> = T extends (infer U)[]
  ? Plain<U>[]
  : T extends object
    ? { [K in keyof T as T[K] extends (...args: never[]) => unknown ? never : K]: Plain<T[K]> }
    : T;

/** Waits for one bound method. Whatever goes wrong comes out as a BackendError. */
export async function call<T>(bound: Promise<T>, limitMs = MaxCallMs): Promise<Plain<T>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new BackendError('timeout', `No answer within ${String(limitMs / 1000)} seconds.`));
    }, limitMs);
  });
  try {
    return (await Promise.race([bound, late])) as Plain<T>;
  } catch (raw) {
    throw toError(raw);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads the node's error, the only place that does. Anything unknown is `internal`. */
export function toError(raw: unknown): BackendError {
  if (raw instanceof BackendError) return raw;
  const text = raw instanceof Error ? raw.message : String(raw);
  try {
    const parsed = JSON.parse(text) as { error?: unknown; code?: unknown; request_id?: unknown };
    if (typeof parsed.error === 'string' && typeof parsed.code === 'string') {
      return new BackendError(
        parsed.code as Code,
        parsed.error,
        typeof parsed.request_id === 'string' ? parsed.request_id : '',
      );
    }
  } catch {
    // Not the node's JSON: fall through and show the text as it is.
  }
  return new BackendError('internal', text === '' ? 'Something went wrong.' : text);
}
