// Pictures of messages, fetched when they are seen or asked for.
import { showFile } from './chatacts';
import { type BackendError, toError } from '../api/call';

/** Kinds of pictures that a browser draws from bytes without running anything of them. */
const drawn = /^image\/(png|jpeg|gif|webp)$/;
/** Pictures that are kept while the room is open; the oldest go first. */
const MaxPictures = 40;
/** Larger ones are saved as files. */
export const MaxPictureBytes = 8 * 1024 * 1024;

const kept = new Map<string, string>();

/** Whether a file can be shown in the room. */
export const isPicture = (file: { type: string; size: number; width: number; height: number }): boolean =>
  drawn.test(file.type) && file.size <= MaxPictureBytes && file.width > 0 && file.height > 0;

/** One picture of a message. */
export class Picture {
  source = $state('');
  loading = $state(false);
  error = $state.raw<BackendError | null>(null);
  #key: string;
  #type: string;
  #ask: () => Promise<string>;

  constructor(room: string, message: string, file: { id: string; type: string }, ask = showFile) {
    this.#key = file.id;
    this.#type = file.type;
    this.#ask = () => ask(room, message, file.id);
    this.source = kept.get(file.id) ?? '';
  }

  /** Brings it, once. */
  async load(): Promise<void> {
    if (this.source !== '' || this.loading) return;
    this.loading = true;
    this.error = null;
    try {
      this.source = `data:${this.#type};base64,${await this.#ask()}`;
      kept.set(this.#key, this.source);
      for (const oldest of kept.keys()) {
        if (kept.size <= MaxPictures) break;
        kept.delete(oldest);
      }
    } catch (raw) {
      this.error = toError(raw);
    } finally {
      this.loading = false;
    }
  }
}

/** The size at which a picture is drawn: whole pixels, known before it comes, so that nothing moves. */
export function pictureBox(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, 360 / width, 280 / height);
  return { width: Math.max(24, Math.round(width * scale)), height: Math.max(24, Math.round(height * scale)) };
}
