// What several replicas say, what is live, and how a statement would run.
import * as CompareApi from '../wailsjs/go/api/Compare';
import * as LiveApi from '../wailsjs/go/api/Live';
import * as StructureApi from '../wailsjs/go/api/Structure';
import * as UndoApi from '../wailsjs/go/api/Undo';
import { encode, parseHex, toBase64 } from '../lib/bytes';
import { call, type Plain } from './call';

export type Comparison = Plain<Awaited<ReturnType<typeof CompareApi.Rows>>>;
export type ComparedOne = Comparison['nodes'][number];
export type ComparedLine = Comparison['lines'][number];
export type LiveState = Plain<Awaited<ReturnType<typeof LiveApi.Next>>>;
export type Relations = Plain<Awaited<ReturnType<typeof StructureApi.Relations>>>;
export type ForeignKey = Relations['keys'][number];
export type PlanStep = Plain<Awaited<ReturnType<typeof StructureApi.Plan>>>[number];

/** A parameter: "?1" or a name with its sign; kind n, i, r, t or b (hex). */
export interface Param {
  name: string;
  kind: string;
  value: string;
}

/** One read with its parameters, which are all by place or all by name. */
export interface Read {
  namespace: string;
  sql: string;
  params: readonly Param[];
}

function query({ namespace, sql, params }: Read): object {
  const cell = ({ kind, value }: Param) => ({
    k: kind,
    v: kind === 'b' ? toBase64(parseHex(value) ?? encode('')) : value,
  });
  const placed = params.every((p) => p.name.startsWith('?'));
  return {
    namespace,
    sql,
    args: placed ? params.map(cell) : [],
    named: placed ? [] : params.map((p) => ({ name: p.name.slice(1), value: cell(p) })),
  };
}

/** Asks every node that keeps a replica to read the same. */
export const compareRows = (read: Read): Promise<Comparison> =>
  call(CompareApi.Rows(query(read) as Parameters<typeof CompareApi.Rows>[0]));

/** Asks every node for one key: its version and the SHA-256 of its value. */
export const compareKey = (namespace: string, key: string): Promise<Comparison> => call(CompareApi.Key(namespace, key));

/** Waits some seconds for the next state of a live query; the node may answer that nothing changed. */
export const nextLive = (id: string, seq: number, read: Read): Promise<LiveState> =>
  call(LiveApi.Next({ id, seq, query: query(read) } as Parameters<typeof LiveApi.Next>[0]));

/** Lets the node forget a live query. */
export const stopLive = (id: string): Promise<void> => call(LiveApi.Stop(id));

/** How the engine would run a statement. */
export const planOf = (namespace: string, sql: string): Promise<PlanStep[]> => call(StructureApi.Plan(namespace, sql));

/** Foreign keys and triggers. */
export const relationsOf = (namespace: string): Promise<Relations> => call(StructureApi.Relations(namespace));

export type TableSurvey = Plain<Awaited<ReturnType<typeof StructureApi.Survey>>>;

/** What would be lost with a table. */
export const surveyOf = (namespace: string, table: string): Promise<TableSurvey> =>
  call(StructureApi.Survey(namespace, table), 90_000);

/** Runs statements that change tables, all or none. */
export const changeTables = (namespace: string, statements: string[]): Promise<void> =>
  call(StructureApi.Change(namespace, statements), 90_000);

export type UndoOffer = Plain<Awaited<ReturnType<typeof UndoApi.Of>>>;

/** Whether the statement that was stored as a log entry can be taken back. */
export const undoOf = (namespace: string, index: string): Promise<UndoOffer> => call(UndoApi.Of(namespace, index));

/** Takes it back; others leaves out the rows that were changed since. The answer is how many rows. */
export const undo = (namespace: string, index: string, others: boolean): Promise<number> =>
  call(UndoApi.Run(namespace, index, others), 90_000);
