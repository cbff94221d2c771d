// Stands in for Wails when the page runs in an ordinary browser: defines
// window.go and window.runtime over the bridge's loopback HTTP, so that the
// generated bindings run unmodified. main.ts imports it before anything else.
import { link } from './link';
import { Stream } from './stream';

type Bound = Record<string, Record<string, Record<string, (...args: unknown[]) => Promise<unknown>>>>;

declare global {
  interface Window {
    go?: unknown;
    runtime?: unknown;
  }
}

const failure = (code: string, error: string): string => JSON.stringify({ error, code, request_id: '' });

/** Calls one bound method over HTTP. A refusal is thrown as the text that Wails would throw. */
async function post(method: string, args: unknown[], probing = false): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch('/api/call', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Debros': '1' },
      body: JSON.stringify({ method, args }),
    });
  } catch {
    link.set('lost');
    if (!probing) stream.suspect();
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- Wails rejects with text, and call.ts reads text
    throw failure('unavailable', 'The node does not answer.');
  }
  const text = await response.text();
  if (response.status === 401) link.set('signed_out');
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- as above
  if (!response.ok) throw text === '' ? failure('internal', `The node answered ${String(response.status)}.`) : text;
  return (JSON.parse(text) as { result?: unknown }).result;
}

const stream = new Stream({
  open: (url) => new EventSource(url),
  probe: () => post('App.Info', [], true),
  link,
  later: (fn, ms) => {
    const id = setTimeout(fn, ms);
    return () => {
      clearTimeout(id);
    };
  },
});

/** A proxy tree: go.<package>.<struct>.<method>(…args). */
function boundMethods(): Bound {
  const struct = (name: string) =>
    new Proxy(
      {},
      {
        get:
          (_, method) =>
          (...args: unknown[]) =>
            post(`${name}.${String(method)}`, args),
      },
    );
  const pkg = new Proxy({}, { get: (_, name) => struct(String(name)) });
  return new Proxy({}, { get: () => pkg });
}

const nothing = (): void => undefined;

/** Gives the page a bridge when there is no window around it. */
function install(): void {
  if (window.runtime !== undefined) {
    link.set('up');
    return;
  }
  window.go = boundMethods();
  window.runtime = {
    EventsOnMultiple: (name: string, callback: (payload: unknown) => void) => stream.on(name, callback),
    EventsOff: nothing,
    BrowserOpenURL: (url: string) => window.open(url, '_blank', 'noopener'),
    ClipboardSetText: (text: string) => navigator.clipboard.writeText(text).then(() => true),
    ClipboardGetText: () => navigator.clipboard.readText(),
    Environment: () => Promise.resolve({ buildType: 'browser', platform: 'browser', arch: '' }),
    LogPrint: nothing,
  };
  link.setRetry(() => {
    stream.retryNow();
  });
  // A browser allows six connections per host; a hidden tab gives its one back.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') stream.pause();
    else stream.resume();
  });
  stream.resume();
}

install();
