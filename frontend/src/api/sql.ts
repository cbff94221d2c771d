// SQL. Cells come as a kind letter and exact text; offsets count as JavaScript
// does, in UTF-16 units.
import * as SQL from '../wailsjs/go/api/SQL';
import { call, type Plain } from './call';
import type { PageFile } from './files';

export type RunAnswer = Plain<Awaited<ReturnType<typeof SQL.Run>>>;
export type StatementResult = RunAnswer['results'][number];
export type Cell = StatementResult['rows'][number][number];
export type Schema = Plain<Awaited<ReturnType<typeof SQL.Schema>>>;
export type Table = Schema['tables'][number];
export type Piece = Plain<Awaited<ReturnType<typeof SQL.Split>>>[number];
export type RunRequest = Plain<Parameters<typeof SQL.Run>[0]>;
export type Param = RunRequest['params'][number];
export type View = Plain<Parameters<typeof SQL.Rows>[0]>;
export type Shape = View['shape'];
export type Filter = Shape['filters'][number];
export type RowsPage = Plain<Awaited<ReturnType<typeof SQL.Rows>>>;
export type Span = Plain<Parameters<typeof SQL.Sum>[0]>;
export type Summary = Plain<Awaited<ReturnType<typeof SQL.Sum>>>;
export type TableInfo = Plain<Awaited<ReturnType<typeof SQL.Open>>>;
export type TableColumn = TableInfo['columns'][number];
export type EditRequest = Plain<Parameters<typeof SQL.Plan>[0]>;
export type Edit = EditRequest['edits'][number];
export type Planned = Plain<Awaited<ReturnType<typeof SQL.Plan>>>[number];
export type EditAnswer = Plain<Awaited<ReturnType<typeof SQL.Apply>>>;
export type ExportRequest = Plain<Parameters<typeof SQL.Export>[0]>;
export type ImportRequest = Plain<Parameters<typeof SQL.Import>[0]>;
export type ImportPreview = Plain<Awaited<ReturnType<typeof SQL.Preview>>>;
export type ImportFormat = ImportPreview['format'];
export type ImportColumn = ImportPreview['columns'][number];

/** A script may hold many statements, each with the node's own limit; the page waits longer than those. */
export const MaxRunMs = 600_000;
/** Going over a stretch of rows takes up to the node's limit for one script. */
const SpanMs = 70_000;

/** Runs a script; the answer stops after the first statement that fails. */
export const run = (request: RunRequest): Promise<RunAnswer> => call(SQL.Run(request as never), MaxRunMs);

/** Rows of a result that the node keeps, or of a table. */
export const getRows = (view: View, from: number, count: number): Promise<RowsPage> =>
  call(SQL.Rows(view as never, from, count));

/** Lets the node forget a result. */
export const closeResult = (resultId: string): Promise<void> => call(SQL.Close(resultId));

/** Ends a running script; false when it had already ended. */
export const cancelRun = (runId: string): Promise<boolean> => call(SQL.Cancel(runId));

/** The tenant's tables. */
export const getSchema = (namespace: string): Promise<Schema> => call(SQL.Schema(namespace));

/** The statements of a script with their places. */
export const split = (script: string): Promise<Piece[]> => call(SQL.Split(script));

/** A stretch of rows as text in one of the node's formats. */
export const spanText = (span: Span, format: string, table: string): Promise<string> =>
  call(SQL.Text(span as never, format, table), SpanMs);

/** What a stretch of rows adds up to. */
export const spanSum = (span: Span): Promise<Summary> => call(SQL.Sum(span as never), SpanMs);

/** What a table consists of. */
export const openTable = (namespace: string, table: string): Promise<TableInfo> => call(SQL.Open(namespace, table));

/** The table whose rows a statement shows as they are; not editable when there is none. */
export const sourceOf = (namespace: string, statement: string, columns: string[]): Promise<TableInfo> =>
  call(SQL.Source(namespace, statement, columns));

/** How many rows a table has. */
export const countRows = (namespace: string, table: string, level: string): Promise<number> =>
  call(SQL.Count(namespace, table, level));

/** The statements of staged edits, without running them. */
export const planEdits = (request: EditRequest): Promise<Planned[]> => call(SQL.Plan(request as never));

/** Runs staged edits: all of them, or none. */
export const applyEdits = (request: EditRequest): Promise<EditAnswer> => call(SQL.Apply(request as never), SpanMs);

/** Starts writing rows to a file; the answer is the task. */
export const exportRows = (request: ExportRequest): Promise<string> => call(SQL.Export(request as never));

/** Writes one value to a file as it is. */
export const saveCell = (view: View, row: number, column: number, file: PageFile): Promise<void> =>
  call(SQL.SaveCell(view as never, row, column, file as never), SpanMs);

/** How a chosen file begins. */
export const previewImport = (fileId: string, format: ImportFormat): Promise<ImportPreview> =>
  call(SQL.Preview(fileId, format as never));

/** Starts bringing a file into a table; the answer is the task. */
export const importRows = (request: ImportRequest): Promise<string> => call(SQL.Import(request as never));
