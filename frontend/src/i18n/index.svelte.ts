// The words on screen. m() is the catalogue and f() the formats of the language
// in use; both may be called in any template and follow a change of language.
// The words of the frame come with the page. Each screen brings its own: its
// entry in views/screens.ts asks for them with need().
import type { Messages } from './en';
import { frame } from './en/frame';
import { type Formats, formatsOf } from './formats';

/** Languages with a catalogue. */
export const Languages = ['en', 'de'] as const;
export type Language = (typeof Languages)[number];

/** The words that one file holds. */
export type Section =
  | 'chat'
  | 'chatmore'
  | 'compare'
  | 'desktop'
  | 'frame'
  | 'join'
  | 'keys'
  | 'network'
  | 'node'
  | 'onboarding'
  | 'peers'
  | 'sql'
  | 'sqlmore'
  | 'wallet';

const files = import.meta.glob<Record<string, Partial<Messages>>>(['./en/*.ts', './de/*.ts']);

let language: Language = 'en';
const asked = new Set<Section>(['frame']);
// A section that was not asked for is not there: asking for it is the screen's business.
let messages = $state.raw(frame as Messages);
let formats = $state.raw<Formats>(formatsOf('en'));

/** The catalogue in use. */
export const m = (): Messages => messages;

/** The formats in use. */
export const f = (): Formats => formats;

/** The language in use. */
export const spoken = (): Language => formats.language as Language;

/** The first wish that there is a catalogue for. */
export function pickLanguage(wishes: readonly string[]): Language {
  for (const wish of wishes) {
    const found = Languages.find((known) => wish.toLowerCase().split('-')[0] === known);
    if (found !== undefined) return found;
  }
  return 'en';
}

/** The language of a choice in the settings; what is no language is as the system wishes. */
export const wished = (choice: string): Language =>
  Languages.find((known) => known === choice) ?? pickLanguage(navigator.languages);

async function words(of: Language, section: Section): Promise<Partial<Messages>> {
  const file = await files[`./${of}/${section}.ts`]?.();
  const found = file?.[section];
  if (found === undefined) throw new Error(`no words for ${section} in ${of}`);
  return found;
}

/** Fetches the words of some sections, once. */
export async function need(...sections: Section[]): Promise<void> {
  const missing = sections.filter((section) => !asked.has(section));
  if (missing.length === 0) return;
  const of = language;
  const found = await Promise.all(missing.map((section) => words(of, section)));
  if (of !== language) return need(...sections); // the language changed meanwhile
  for (const section of missing) asked.add(section);
  messages = Object.assign({}, messages, ...found) as Messages;
}

/** Speaks another language from now on. */
export async function speak(next: Language): Promise<void> {
  const found = await Promise.all([...asked].map((section) => words(next, section)));
  language = next;
  messages = Object.assign({}, messages, ...found) as Messages;
  formats = formatsOf(next);
}
