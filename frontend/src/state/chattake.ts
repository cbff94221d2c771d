// Taking files in for a message: by the dialog, dropped on the room, or pasted.
import { BackendError } from '../api/call';
import { m } from '../i18n/index.svelte';
import { type Composer, MaxFileBytes, MaxFiles } from './chatcompose.svelte';
import { files } from './files.svelte';

const refuse = (text: string): never => {
  throw new BackendError('too_large', text);
};

function check(composer: Composer, more: number, name = '', size = 0): void {
  if (composer.files.length + composer.taking + more > MaxFiles) refuse(m().chat.tooManyFiles);
  if (size > MaxFileBytes) refuse(m().chat.fileTooLarge(name));
}

/** Asks for a file. */
export async function chooseFile(composer: Composer): Promise<void> {
  check(composer, 1);
  const file = await files.choose(m().chat.attachTitle);
  if (file === null) return;
  try {
    check(composer, 1, file.name, Number(file.size));
    await composer.take(file);
  } finally {
    await files.drop(file.id);
  }
}

/** Takes files that the page has, one after the other. */
export async function takeFiles(composer: Composer, list: readonly File[]): Promise<void> {
  check(composer, list.length);
  for (const file of list) check(composer, 1, file.name, file.size);
  for (const file of list) {
    const sent = await files.send(file);
    if (sent === null) continue; // the person stopped it
    try {
      await composer.take(sent);
    } finally {
      await files.drop(sent.id);
    }
  }
}
