// Files on their way between the person and the node: by the desktop's dialogs in
// the window, as bytes in a browser.
import * as Files from '../wailsjs/go/api/Files';
import { toBase64 } from '../lib/bytes';
import { call, type Plain } from './call';

export type PageFile = Plain<Awaited<ReturnType<typeof Files.Save>>>;

/** A person may take their time with a dialog. */
const DialogMs = 30 * 60_000;
/** What one part of an upload holds; the node takes at most 1 MiB. */
const PartBytes = 512 * 1024;

/** Asks for a file to read; null when the dialog was closed. Window only. */
export async function openFile(title: string): Promise<PageFile | null> {
  const file = await call(Files.Open(title), DialogMs);
  return file.id === '' ? null : file;
}

/** Where a result is to be written; null when the dialog was closed. */
export async function saveFile(title: string, name: string): Promise<PageFile | null> {
  const file = await call(Files.Save(title, name), DialogMs);
  return file.id === '' ? null : file;
}

/** Sends a browser's file to the node, part by part. */
export async function sendFile(file: File, sent: (bytes: number) => void, signal?: AbortSignal): Promise<PageFile> {
  const target = await call(Files.Begin(file.name));
  try {
    for (let at = 0; at < file.size; at += PartBytes) {
      signal?.throwIfAborted();
      const part = new Uint8Array(await file.slice(at, at + PartBytes).arrayBuffer());
      await call(Files.Append(target.id, at, toBase64(part)));
      sent(Math.min(file.size, at + PartBytes));
    }
  } catch (raw) {
    await dropFile(target.id);
    throw raw;
  }
  return { ...target, size: String(file.size) };
}

/** Forgets a file that is not needed any more. */
export const dropFile = (id: string): Promise<void> => call(Files.Drop(id));

/** Where a browser fetches what a task wrote. */
export const fileAddress = (id: string): string => `/api/file/${encodeURIComponent(id)}`;
