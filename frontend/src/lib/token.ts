// Reads a token (JWT) without asking anybody. What it says is not proved by that.

/** One value of a token, with the moment that it stands for, if it is one. */
export interface Claim {
  name: string;
  value: string;
  /** In milliseconds; null for what is no time. */
  at: number | null;
}

/** A token in its parts; the signature stays what it is. */
export interface Token {
  header: Claim[];
  claims: Claim[];
}

/** Longest text that is looked at: the network's own are below 1 KiB, its limit is 4. */
export const MaxTokenText = 8192;

const times = new Set(['iat', 'nbf', 'exp', 'auth_time']);

function part(text: string): Claim[] | null {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (sign) => sign.charCodeAt(0));
    const read: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof read !== 'object' || read === null || Array.isArray(read)) return null;
    return Object.entries(read).map(([name, value]) => ({
      name,
      value: typeof value === 'string' ? value : JSON.stringify(value),
      at: times.has(name) && typeof value === 'number' ? value * 1000 : null,
    }));
  } catch {
    return null;
  }
}

/** Takes a token apart; null for what is none. A leading "Bearer" does not matter. */
export function decodeToken(text: string): Token | null {
  const token = text.trim().replace(/^Bearer\s+/i, '');
  if (token.length > MaxTokenText || !/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) return null;
  const [head = '', body = ''] = token.split('.');
  const header = part(head);
  const claims = part(body);
  return header === null || claims === null ? null : { header, claims };
}
