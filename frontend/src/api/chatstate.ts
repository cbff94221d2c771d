// How the chat is, apart from api/chat.ts: the rail shows it on every screen.
import * as Anchat from '../wailsjs/go/api/Anchat';
import type { api } from '../wailsjs/go/models';
import { call, type Plain } from './call';

export type State = Plain<api.ChatState>;

/** What changed, of all rooms when none is named; "open" asks to show a room. */
export interface Event {
  kind: 'activity' | 'lost' | 'messages' | 'notify' | 'open' | 'rooms' | 'state';
  room: string;
  version: number;
}

/** How the chat is. */
export const chatState = (): Promise<State> => call(Anchat.State());
