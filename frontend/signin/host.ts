// The host of the page makes the text and takes the signature: the program on
// this computer, or a gateway. The only place that talks to either.
import type { Chain } from './wallet';
import { Problem } from './problem';

/** A text to sign, and until when. */
export interface Text {
  message: string;
  /** Six digits to compare, "" when the host has none. */
  code: string;
  /** How long it may be signed, in milliseconds. */
  lifeMs: number;
  /** What the host needs to know it again. */
  ticket: Record<string, string>;
}

/** Where the page is. Both methods fail with a Problem. */
export interface Host {
  begin: (wallet: string, chain: Chain) => Promise<Text>;
  /** Hands the signature over; returns where to go then, "" when it is done. */
  finish: (text: Text, signature: string) => Promise<string>;
  /** Where a key goes, for the person to compare; "" when none goes anywhere. */
  keyGoesTo: string;
}

const fiveMinutes = 300_000;

type Answer = Record<string, unknown>;

/** Codes that speak of the signature, where one was sent: often the wallet signed as another account. */
const ofSignature = ['invalid', 'unauthenticated'];

/** Sends one call to the page's own origin, relative to the page. */
async function post(
  path: string,
  body: object,
  secret: string,
  gone: 'over' | 'unreachable',
  judged: string[] = [],
): Promise<Answer> {
  let response: Response;
  let answer: unknown;
  try {
    const headers: Record<string, string> = { 'Content-Type': 'application/json' };
    if (secret !== '') headers['X-DeBros-Session'] = secret;
    response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body), credentials: 'omit' });
    answer = await response.json();
  } catch {
    throw new Problem(gone);
  }
  const fields = (typeof answer === 'object' && answer !== null ? answer : {}) as Answer;
  if (response.ok) return fields;
  const refused = judged.includes(text(fields, 'code'));
  throw new Problem(refused ? 'signature' : 'answer', text(fields, 'error') || String(response.status));
}

const text = (answer: Answer, name: string): string => {
  const value = answer[name];
  return typeof value === 'string' ? value : '';
};

/** The program that opened this page, on loopback. */
export const loopback = (secret: string): Host => ({
  keyGoesTo: '',
  begin: async (wallet, chain) => {
    const answer = await post('./challenge', { wallet, chain_type: chain }, secret, 'over');
    const seconds = typeof answer.expires_in === 'number' ? answer.expires_in : fiveMinutes / 1000;
    return {
      message: text(answer, 'message'),
      code: text(answer, 'code'),
      lifeMs: seconds * 1000,
      ticket: { wallet },
    };
  },
  finish: async ({ ticket }, signature) => {
    await post('./answer', { ...ticket, signature }, secret, 'over', ofSignature);
    return '';
  },
});

/** A gateway, which makes an API key for a program that waits on this computer. */
export const gateway = (callback: URL): Host => ({
  keyGoesTo: callback.host,
  begin: async (wallet, chain) => {
    const answer = await post('./challenge', { wallet, chain_type: chain }, '', 'unreachable');
    const ticket = { wallet, chain_type: chain, nonce: text(answer, 'nonce'), namespace: text(answer, 'namespace') };
    return { message: text(answer, 'message'), code: '', lifeMs: fiveMinutes, ticket };
  },
  finish: async ({ ticket }, signature) => {
    const answer = await post('./api-key', { ...ticket, signature }, '', 'unreachable', ofSignature);
    return handover(callback, text(answer, 'api_key'), text(answer, 'namespace'));
  },
});

/** The address that hands a key over. The key is in the fragment only: that part is sent to nobody. */
export function handover(callback: URL, key: string, namespace: string): string {
  const fragment = new URLSearchParams({ api_key: key, namespace });
  const state = callback.searchParams.get('state');
  if (state !== null) fragment.set('state', state);
  return `${callback.href}#${fragment.toString()}`;
}

/** The program's address if it is on this computer. The gateway has judged it; a key is worth a second look. */
export function ownComputer(address: string): URL | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  const own = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  return own && url.protocol === 'http:' && url.username === '' && url.password === '' && url.hash === ''
    ? url
    : undefined;
}

/** Posts the key that came in this page's fragment to the program that waits. */
export async function handIn(fragment: URLSearchParams): Promise<void> {
  const field = (name: string) => fragment.get(name) ?? '';
  await post('./answer', { api_key: field('api_key'), namespace: field('namespace') }, field('state'), 'over');
}
