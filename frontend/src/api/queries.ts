// What was written on the SQL screen: tabs, history and saved queries.
import * as Queries from '../wailsjs/go/api/Queries';
import { call, type Plain } from './call';
import type { PageFile } from './files';

export type Workspace = Plain<Awaited<ReturnType<typeof Queries.Load>>>;
export type WorkTab = Workspace['tabs'][number];
export type Past = Workspace['history'][number];
export type SavedQuery = Plain<Awaited<ReturnType<typeof Queries.List>>>[number];

/** What the screen looked like when it was left. */
export const loadWorkspace = (): Promise<Workspace> => call(Queries.Load());

/** Keeps it. */
export const saveWorkspace = (workspace: Workspace): Promise<void> => call(Queries.Save(workspace as never));

/** The saved queries by name. */
export const listQueries = (): Promise<SavedQuery[]> => call(Queries.List());

/** The text of one. */
export const openQuery = (name: string): Promise<string> => call(Queries.Open(name));

/** Saves a text under a name; a name that is taken is a conflict unless it is to be replaced. */
export const storeQuery = (name: string, text: string, replace: boolean): Promise<void> =>
  call(Queries.Store(name, text, replace));

/** Gives one another name. */
export const renameQuery = (from: string, to: string): Promise<void> => call(Queries.Rename(from, to));

/** Removes one. */
export const deleteQuery = (name: string): Promise<void> => call(Queries.Delete(name));

/** The text of a file that the person chose. */
export const importQuery = (fileId: string): Promise<string> => call(Queries.Import(fileId));

/** Writes a text to the place that the person chose. */
export const exportQuery = (file: PageFile, text: string): Promise<void> => call(Queries.Export(file as never, text));
