// SQL. Cells come as a kind letter and exact text; offsets count as JavaScript
// does, in UTF-16 units.
import * as SQL from '../wailsjs/go/api/SQL';
import { call, type Plain } from './call';

export type RunAnswer = Plain<Awaited<ReturnType<typeof SQL.Run>>>;
export type StatementResult = RunAnswer['results'][number];
export type Cell = StatementResult['rows'][number][number];
export type Schema = Plain<Awaited<ReturnType<typeof SQL.Schema>>>;
export type Table = Schema['tables'][number];
export type Piece = Plain<Awaited<ReturnType<typeof SQL.Split>>>[number];
export type RunRequest = Plain<Parameters<typeof SQL.Run>[0]>;

/** A script may hold many statements, each with the node's own limit; the page waits longer than those. */
export const MaxRunMs = 600_000;

/** Runs a script; the answer stops after the first statement that fails. */
export const run = (request: RunRequest): Promise<RunAnswer> => call(SQL.Run(request), MaxRunMs);

/** More rows of a result that the node keeps. */
export const resultPage = (resultId: string, from: number, count: number): Promise<Cell[][]> =>
  call(SQL.Page(resultId, from, count) as Promise<Cell[][]>);

/** Lets the node forget a result. */
export const closeResult = (resultId: string): Promise<void> => call(SQL.Close(resultId));

/** Ends a running script; false when it had already ended. */
export const cancelRun = (runId: string): Promise<boolean> => call(SQL.Cancel(runId));

/** The tenant's tables. */
export const getSchema = (namespace: string): Promise<Schema> => call(SQL.Schema(namespace));

/** The statements of a script with their places. */
export const split = (script: string): Promise<Piece[]> => call(SQL.Split(script));
