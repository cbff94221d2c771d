// Keys and values. Values are bytes here; on the wire they are base64.
import { fromBase64, toBase64 } from '../lib/bytes';
import * as KV from '../wailsjs/go/api/KV';
import { call, type Plain } from './call';

export type Page = Plain<Awaited<ReturnType<typeof KV.List>>>;
export type Entry = Page['items'][number];
export type Provenance = Page['provenance'];
export type Written = Plain<Awaited<ReturnType<typeof KV.Put>>>;
export type Count = Plain<Awaited<ReturnType<typeof KV.Count>>>;
export type Found = Plain<Awaited<ReturnType<typeof KV.Scan>>>;
export type Sizes = Plain<Awaited<ReturnType<typeof KV.Sizes>>>;
export type Changes = Plain<Awaited<ReturnType<typeof KV.Watch>>>;
export type Change = Changes['changes'][number];
export type History = Plain<Awaited<ReturnType<typeof KV.History>>>;
export type Preview = Plain<Awaited<ReturnType<typeof KV.Preview>>>;
export type ScanRequest = Plain<Parameters<typeof KV.Scan>[0]>;
export type BulkRequest = Plain<Parameters<typeof KV.Bulk>[0]>;
export type Chosen = BulkRequest['chosen'];
export type ImportRequest = Plain<Parameters<typeof KV.Import>[0]>;
export type ExportRequest = Plain<Parameters<typeof KV.Export>[0]>;
export type Part = Omit<Plain<Awaited<ReturnType<typeof KV.Read>>>, 'part_base64'> & { bytes: Uint8Array };
export type Item = Omit<Plain<Awaited<ReturnType<typeof KV.Get>>>, 'value_base64'> & { value: Uint8Array };

/** What to list. An empty separator folds nothing. */
export interface ListRequest {
  namespace: string;
  prefix: string;
  separator: string;
  cursor: string;
  level: string;
  limit: number;
}

/** What to put. ttlSeconds 0: for ever. ifVersion '': whatever is there. */
export interface PutRequest {
  namespace: string;
  key: string;
  value: Uint8Array;
  ttlSeconds: number;
  ifVersion: string;
  ifAbsent: boolean;
}

/** One page of keys in byte order. */
export const listKeys = (request: ListRequest): Promise<Page> => call(KV.List(request));

/** One key with its value. */
export async function getItem(namespace: string, key: string, level: string): Promise<Item> {
  const { value_base64, ...rest } = await call(KV.Get(namespace, key, level));
  return { ...rest, value: fromBase64(value_base64) };
}

/** Stores a value; refused with precondition_failed when the condition does not hold. */
export const putItem = (request: PutRequest): Promise<Written> =>
  call(
    KV.Put({
      namespace: request.namespace,
      key: request.key,
      value_base64: toBase64(request.value),
      ttl_seconds: request.ttlSeconds,
      if_version: request.ifVersion,
      if_absent: request.ifAbsent,
    }),
  );

/** Deletes one key. */
export const deleteKey = (namespace: string, key: string): Promise<Written> => call(KV.Delete(namespace, key));

/** Deletes one key as long as it has this version. */
export const deleteVersion = (namespace: string, key: string, version: string): Promise<Written> =>
  call(KV.DeleteVersion(namespace, key, version));

/** Counts keys with the prefix, up to limit. */
export const countKeys = (namespace: string, prefix: string, limit: number): Promise<Count> =>
  call(KV.Count(namespace, prefix, limit));

/** Which part of a value to read. Version '' at the first part. */
export interface ReadRequest {
  namespace: string;
  key: string;
  version: string;
  offset: number;
  unpack: boolean;
}

/** One part of a value, opened when it is packed and that is wanted. */
export async function readPart(r: ReadRequest): Promise<Part> {
  const { part_base64, ...rest } = await call(KV.Read({ ...r, level: 'linearizable', length: 0 }));
  return { ...rest, bytes: fromBase64(part_base64) };
}

/** Looks at some keys and answers with those that fit; goes on at the cursor. */
export const scanKeys = (request: ScanRequest): Promise<Found> => call(KV.Scan(request));

/** Counts some keys by branch; goes on at the cursor. */
export const sizesOf = (namespace: string, prefix: string, separator: string, cursor: string): Promise<Sizes> =>
  call(KV.Sizes({ namespace, prefix, separator, cursor }));

/** How long one question for changes waits. */
const WatchMs = 25_000;

/** Waits for changes after a version; '' is now, which answers at once. */
export const watchKeys = (id: string, namespace: string, prefix: string, since: string): Promise<Changes> =>
  call(KV.Watch({ id, namespace, prefix, since, wait_ms: since === '' ? 0 : WatchMs }), WatchMs + 15_000);

/** Ends the question that is open. */
export const stopWatch = (id: string): Promise<void> => call(KV.StopWatch(id));

/** What a key was, newest first. */
export const historyOf = (namespace: string, key: string, limit: number): Promise<History> =>
  call(KV.History(namespace, key, limit));

/** The value that a key had at a version. */
export const valueAt = async (namespace: string, key: string, version: string): Promise<Uint8Array> =>
  fromBase64(await call(KV.Version(namespace, key, version)));

/** Starts a task that changes many keys; answers with the task's id. */
export const changeKeys = (request: BulkRequest): Promise<string> =>
  call(KV.Bulk(request as Parameters<typeof KV.Bulk>[0]));

/** Looks at the beginning of a file of keys. */
export const previewFile = (fileId: string): Promise<Preview> => call(KV.Preview(fileId));

/** Starts a task that stores the keys of a file. */
export const importKeys = (request: ImportRequest): Promise<string> => call(KV.Import(request));

/** Starts a task that writes keys to a file. */
export const exportKeys = (request: ExportRequest): Promise<string> =>
  call(KV.Export(request as Parameters<typeof KV.Export>[0]));

/** What the keys of a namespace are split at; '' is a flat list. */
export const getSeparator = (namespace: string): Promise<string> => call(KV.Separator(namespace));

/** Keeps it. */
export const setSeparator = (namespace: string, separator: string): Promise<void> =>
  call(KV.SetSeparator(namespace, separator));
