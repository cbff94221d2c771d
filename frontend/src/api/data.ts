// A whole namespace as a file, and back.
import { toBase64 } from '../lib/bytes';
import * as Data from '../wailsjs/go/api/Data';
import * as Files from '../wailsjs/go/api/Files';
import { call, type Plain } from './call';
import type { PageFile } from './files';

export type Holding = Plain<Awaited<ReturnType<typeof Data.Holding>>>;
export type ImportRequest = Plain<Parameters<typeof Data.Import>[0]>;

/** What a namespace holds, counted. */
export const holdingOf = (namespace: string): Promise<Holding> => call(Data.Holding(namespace), 90_000);

/** Writes a namespace to a file; the answer is the task's id. */
export const exportData = (namespace: string, kind: string, file: PageFile): Promise<string> =>
  call(Data.Export(namespace, kind, file));

/** Stores a file in a namespace; the answer is the task's id. */
export const importData = (request: ImportRequest): Promise<string> => call(Data.Import(request));

/** Writes what the page has made into a file. */
export const fillFile = (id: string, content: Uint8Array): Promise<void> => call(Files.Fill(id, toBase64(content)));
