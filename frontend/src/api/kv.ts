// Keys and values. Values are bytes here; on the wire they are base64.
import { fromBase64, toBase64 } from '../lib/bytes';
import * as KV from '../wailsjs/go/api/KV';
import { call, type Plain } from './call';

export type Page = Plain<Awaited<ReturnType<typeof KV.List>>>;
export type Entry = Page['items'][number];
export type Provenance = Page['provenance'];
export type Written = Plain<Awaited<ReturnType<typeof KV.Put>>>;
export type Count = Plain<Awaited<ReturnType<typeof KV.Count>>>;
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

/** Starts a task that deletes every key with the prefix; answers with the task's id. */
export const deletePrefix = (namespace: string, prefix: string): Promise<string> =>
  call(KV.DeletePrefix(namespace, prefix));

/** Counts keys with the prefix, up to limit. */
export const countKeys = (namespace: string, prefix: string, limit: number): Promise<Count> =>
  call(KV.Count(namespace, prefix, limit));
