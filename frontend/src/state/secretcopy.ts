// Copies a secret and empties the clipboard afterwards: what lies there is read by
// every program of this user.
import { copy } from './clipboard';

/** How long a copied secret stays in the clipboard. */
export const ClearMs = 30_000;

let clear: ReturnType<typeof setTimeout> | undefined;

/** Copies; what was copied meanwhile is emptied too, as nobody may look. */
export async function copySecret(text: string, put = copy): Promise<boolean> {
  const done = await put(text);
  if (!done) return false;
  clearTimeout(clear);
  clear = setTimeout(() => void put(' '), ClearMs);
  return true;
}
