// What the Network screen asks of its user: at most one dialog at a time.
import type { NetworkInfo } from '../../api/network';

/** The dialogs of the screen. */
export type Asked =
  | { what: 'invite' | 'join' | 'leave' | 'sample' }
  | { what: 'rename' | 'remove'; network: NetworkInfo }
  | { what: 'dismiss' | 'drain' | 'revoke'; id: string }
  | { what: 'commands'; lines: string[][] };
