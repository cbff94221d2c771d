// The program itself: who it is, its settings, the clipboard.
import * as App from '../wailsjs/go/api/App';
import { call, type Plain } from './call';

export type Info = Plain<Awaited<ReturnType<typeof App.Info>>>;
export type Settings = Plain<Awaited<ReturnType<typeof App.Settings>>>;

/** Who and how the program is. */
export const getInfo = (): Promise<Info> => call(App.Info());

/** The namespaces that exist on this node. */
export const getNamespaces = (): Promise<string[]> => call(App.Namespaces());

/** The kept look and the namespace last used. */
export const getSettings = (): Promise<Settings> => call(App.Settings());

/** Keeps them; they are the same in the window and in a browser. */
export const saveSettings = (settings: Settings): Promise<void> => call(App.SaveSettings(settings));

export type Activity = Plain<Awaited<ReturnType<typeof App.Activities>>>[number];

/** Keeps one line of what the page did. */
export const noteActivity = (line: Activity): Promise<void> => call(App.NoteActivity(line));

/** Kept lines that hold a text, newest first. */
export const getActivities = (search: string, limit: number): Promise<Activity[]> =>
  call(App.Activities(search, limit));

/** Deletes all kept lines. */
export const forgetActivities = (): Promise<void> => call(App.ForgetActivities());

/** The end of the log file, for when the node did not start. */
export const getLastLog = (): Promise<string> => call(App.LastLog());

/** Opens a web address in the person's browser. Window only. */
export const openURL = (address: string): Promise<void> => call(App.OpenURL(address));

/** Puts text on the clipboard. The window needs its own way: WebKitGTK refuses the web's. */
export async function copyText(text: string, inWindow: boolean): Promise<void> {
  if (inWindow) await call(App.CopyText(text));
  else await navigator.clipboard.writeText(text);
}
