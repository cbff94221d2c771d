// The words on screen. m() is the catalogue and f() the formats of the language
// in use; both may be called in any template and follow a change of language.
import { en, type Messages } from './en';
import { type Formats, formatsOf } from './formats';

/** Languages with a catalogue. English is part of the page, others are fetched when used. */
export const Languages = ['en', 'de'] as const;
export type Language = (typeof Languages)[number];

let messages = $state.raw<Messages>(en);
let formats = $state.raw<Formats>(formatsOf('en'));

/** The catalogue in use. */
export const m = (): Messages => messages;

/** The formats in use. */
export const f = (): Formats => formats;

/** The first wish that there is a catalogue for. */
export function pickLanguage(wishes: readonly string[]): Language {
  for (const wish of wishes) {
    const found = Languages.find((language) => wish.toLowerCase().split('-')[0] === language);
    if (found !== undefined) return found;
  }
  return 'en';
}

/** Speaks another language from now on. */
export async function speak(language: Language): Promise<void> {
  messages = language === 'de' ? (await import('./de')).de : en;
  formats = formatsOf(language);
}
