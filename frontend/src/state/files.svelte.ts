// Choosing files: one way for the window and for a browser.
import { dropFile, fileAddress, type PageFile, openFile, saveFile, sendFile } from '../api/files';
import { session } from './session.svelte';

/** A file that a browser is sending to the node, for a progress line. */
export class Upload {
  name = $state('');
  sent = $state(0);
  total = $state(0);
  #stop = new AbortController();

  constructor(file: File) {
    this.name = file.name;
    this.total = file.size;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  cancel(): void {
    this.#stop.abort();
  }
}

class FileChooser {
  /** The uploads under way. */
  uploads = $state.raw<Upload[]>([]);

  /**
   * Asks the person for a file to read and brings it to the node. The answer is
   * null when they thought better of it, in the dialog or while it was sent.
   */
  async choose(title: string, accept = ''): Promise<PageFile | null> {
    if (session.inWindow) return openFile(title);
    const file = await askBrowser(accept);
    if (file === null) return null;
    return this.send(file);
  }

  /** Brings a file to the node that was dropped on the page or chosen in it. */
  async send(file: File): Promise<PageFile | null> {
    const upload = new Upload(file);
    this.uploads = [...this.uploads, upload];
    try {
      return await sendFile(file, (bytes) => (upload.sent = bytes), upload.signal);
    } catch (raw) {
      if (upload.signal.aborted) return null;
      throw raw;
    } finally {
      this.uploads = this.uploads.filter((one) => one !== upload);
    }
  }

  /** Where a result is to be written; null when the dialog was closed. */
  target(title: string, name: string): Promise<PageFile | null> {
    return saveFile(title, name);
  }

  /** Hands a browser what was written for it. */
  fetch(id: string, name: string): void {
    const link = document.createElement('a');
    link.href = fileAddress(id);
    link.download = name;
    link.click();
  }

  drop(id: string): Promise<void> {
    return dropFile(id);
  }
}

/** The browser's own dialog. */
function askBrowser(accept: string): Promise<File | null> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = accept;
    input.addEventListener('change', () => {
      resolve(input.files?.[0] ?? null);
    });
    input.addEventListener('cancel', () => {
      resolve(null);
    });
    input.click();
  });
}

/** The page's files. */
export const files = new FileChooser();
