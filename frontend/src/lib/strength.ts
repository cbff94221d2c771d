// How long a passphrase would resist guessing, in words. It sends nothing anywhere.

export type Strength = 'short' | 'weak' | 'fair' | 'good' | 'strong';

/** The shortest passphrase that a wallet takes, in bytes of UTF-8. */
export const MinPassphraseBytes = 8;

/** What people type first, and guessers too. */
const common = /password|passwort|qwert|asdf|iloveyou|letmein|welcome|admin|debros|wallet|abc|123|000|111/gi;

/** Guesses for one sign of each kind that occurs. */
const kinds: [RegExp, number][] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/\d/, 10],
  [/[^a-zA-Z\d]/, 30],
];

/** Judges a passphrase by how many different things it is made of. */
export function strengthOf(passphrase: string): Strength {
  if (new TextEncoder().encode(passphrase).length < MinPassphraseBytes) return 'short';
  // A common piece is worth one sign, and so is a sign that is repeated.
  const plain = passphrase.replace(common, 'x').replace(/(.)\1+/gu, '$1');
  const signs = kinds.reduce((sum, [kind, size]) => sum + (kind.test(plain) ? size : 0), 0);
  // Words are guessed as words: letters in them are worth half as much.
  const words = plain.split(/[^\p{L}]+/u).filter((word) => word.length > 3);
  const inWords = words.reduce((sum, word) => sum + word.length, 0);
  const bits = (plain.length - inWords / 2) * Math.log2(Math.max(signs, 2));
  if (bits < 36) return 'weak';
  if (bits < 52) return 'fair';
  return bits < 70 ? 'good' : 'strong';
}
