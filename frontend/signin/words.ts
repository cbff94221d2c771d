// The sign-in page speaks the languages that the program's own page speaks.
import { de } from './de';
import { en, type Words } from './en';

/** Every catalogue by its language. Both are small enough to be loaded at once. */
export const catalogues: Record<string, Words> = { en, de };

/** The first language that somebody wishes and the page speaks, else English. */
export function pickLanguage(wishes: readonly string[]): string {
  const known = wishes.map((wish) => wish.toLowerCase().split('-')[0] ?? '');
  return known.find((language) => Object.hasOwn(catalogues, language)) ?? 'en';
}
