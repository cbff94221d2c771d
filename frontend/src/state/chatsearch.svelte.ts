// Search in the chat: it runs on this computer, over what was decrypted.
import * as chatApi from '../api/chat';
import type { Hit } from '../api/chat';
import { Loader } from './loader.svelte';

/** Hits that are shown; more words find fewer. */
export const MaxHits = 100;

/** What is searched for, and what was found. */
export class ChatSearch {
  words = $state('');
  /** '' is all rooms. */
  room = $state('');
  from = $state('');
  /** Days as 2026-01-31. */
  since = $state('');
  until = $state('');
  hits = new Loader<Hit[]>();
  /** All of it in one text, to see whether anything changed; '' without words. */
  wish = $derived(
    this.words.trim() === '' ? '' : JSON.stringify([this.words, this.room, this.from, this.since, this.until]),
  );
  #api: Pick<typeof chatApi, 'searchMessages'>;

  constructor(api: Pick<typeof chatApi, 'searchMessages'> = chatApi) {
    this.#api = api;
  }

  /** Searches; nothing is found for no words. */
  async run(): Promise<void> {
    const words = this.words.trim();
    if (words === '') {
      this.hits.clear();
      return;
    }
    await this.hits.load(() =>
      this.#api.searchMessages({
        words,
        room: this.room,
        from: this.from,
        since: dayStart(this.since, 0),
        until: dayStart(this.until, 1), // the day itself belongs to it
        limit: MaxHits,
      }),
    );
  }
}

/** The beginning of a day where the reader is, some days later; '' for no day. */
export function dayStart(day: string, later: number): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (parts === null) return '';
  const [, year, month, date] = parts.map(Number);
  return new Date(year ?? 0, (month ?? 1) - 1, (date ?? 1) + later).toISOString();
}

/** The search of the screen; it stays while rooms are changed. */
export const chatSearch = new ChatSearch();
