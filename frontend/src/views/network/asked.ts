// What the Network screen asks of its user: at most one dialog at a time.
import type { NetworkInfo } from '../../api/network';

/** The dialogs of the screen. */
export type Asked =
  | { what: 'invite' | 'leave' | 'sample' }
  /** With the ticket that a link brought, '' when there is none. */
  | { what: 'join'; ticket: string }
  | { what: 'rename' | 'remove'; network: NetworkInfo }
  | { what: 'dismiss' | 'drain' | 'revoke'; id: string }
  | { what: 'commands'; lines: string[][] };
