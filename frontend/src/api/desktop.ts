// The desktop around the window, and debros: links that wait for a word.
import * as Desktop from '../wailsjs/go/api/Desktop';
import * as Links from '../wailsjs/go/api/Links';
import { call, type Plain } from './call';

export type DesktopState = Plain<Awaited<ReturnType<typeof Desktop.State>>>;
export type Link = Plain<Awaited<ReturnType<typeof Links.Pending>>>[number];
export type Closing = 'background' | 'quit' | 'stay';

/** What there is around the window; in a browser nothing. */
export const desktopState = (): Promise<DesktopState> => call(Desktop.State());

/** Starts the program with the computer's session, or no longer. */
export const startAtLogin = (on: boolean): Promise<void> => call(Desktop.StartAtLogin(on));

/** Answers what closing the window means this time. */
export const closeWindow = (how: Closing): Promise<void> => call(Desktop.Close(how));

/** Tells that the page was drawn. */
export const painted = (): Promise<void> => call(Desktop.Painted());

/** The links that wait, oldest first. */
export const pendingLinks = (): Promise<Link[]> => call(Links.Pending());

/** Forgets a link. */
export const dropLink = (id: string): Promise<void> => call(Links.Drop(id));
