// Toasts, and the log of what the app did for its user. A change that can be
// undone carries the way back; it is offered for ten seconds and stays in the log.
import { type Activity, noteActivity } from '../api/app';
import { toError } from '../api/call';

/** How long a toast stays. */
export const ToastMs = 10_000;
/** Lines of this visit; the oldest go first. The node's computer keeps more. */
export const MaxActivity = 500;
/** Toasts on screen at once. */
export const MaxToasts = 4;

/** One thing that happened. */
export interface Notice {
  id: number;
  time: number;
  tone: 'ok' | 'bad';
  text: string;
  namespace: string;
  /** The Raft index of the write, '' when there is none. */
  index: string;
  /** The way back; null when there is none or it was gone already. */
  undo: (() => Promise<string>) | null;
  undoing: boolean;
}

/** What a caller says of a new notice. */
export type News = Pick<Notice, 'text'> & Partial<Pick<Notice, 'tone' | 'namespace' | 'index' | 'undo'>>;

type Later = (fn: () => void, ms: number) => () => void;

const clock: Later = (fn, ms) => {
  const id = setTimeout(fn, ms);
  return () => {
    clearTimeout(id);
  };
};

/** Toasts now, and the log of this visit. */
export class Notices {
  toasts = $state.raw<Notice[]>([]);
  log = $state.raw<Notice[]>([]);
  #next = 1;
  #later: Later;
  #keep: (line: Activity) => void;
  #timers = new Map<number, () => void>();

  constructor(later: Later = clock, keep: (line: Activity) => void = () => undefined) {
    this.#later = later;
    this.#keep = keep;
  }

  /** Tells something and keeps it in the log. */
  tell(news: News): number {
    const id = this.#next++;
    const notice: Notice = {
      tone: 'ok',
      namespace: '',
      index: '',
      undo: null,
      ...news,
      id,
      time: Date.now(),
      undoing: false,
    };
    this.toasts = [...this.toasts, notice].slice(-MaxToasts);
    this.log = [notice, ...this.log].slice(0, MaxActivity);
    this.#arm(id);
    const { tone, text, namespace, index } = notice;
    this.#keep({ time: '', failed: tone === 'bad', text, namespace, index });
    return id;
  }

  /** Tells of a failure in the node's own sentence. */
  fail(raw: unknown): void {
    this.tell({ tone: 'bad', text: toError(raw).message });
  }

  /** Does something that says nothing when it succeeds, and tells when it fails. */
  async attempt(does: () => Promise<unknown>): Promise<void> {
    try {
      await does();
    } catch (raw) {
      this.fail(raw);
    }
  }

  /** Takes a toast away; the log keeps its line. */
  dismiss(id: number): void {
    this.hold(id);
    this.toasts = this.toasts.filter((t) => t.id !== id);
  }

  /** Stops a toast's clock while it is pointed at or focused. */
  hold(id: number): void {
    this.#timers.get(id)?.();
    this.#timers.delete(id);
  }

  /** Starts its clock again. */
  release(id: number): void {
    if (this.toasts.some((t) => t.id === id)) this.#arm(id);
  }

  /** Goes the way back once; says how it went. */
  async undo(id: number): Promise<void> {
    const notice = this.log.find((n) => n.id === id);
    if (notice?.undo == null || notice.undoing) return;
    this.#change(id, { undoing: true });
    this.dismiss(id);
    try {
      this.tell({ text: await notice.undo(), namespace: notice.namespace });
      this.#change(id, { undo: null, undoing: false });
    } catch (raw) {
      this.#change(id, { undoing: false });
      this.fail(raw);
    }
  }

  /** The newest change that can still be undone. */
  get lastUndoable(): Notice | undefined {
    return this.log.find((n) => n.undo !== null && !n.undoing);
  }

  #arm(id: number): void {
    this.hold(id);
    this.#timers.set(
      id,
      this.#later(() => {
        this.dismiss(id);
      }, ToastMs),
    );
  }

  #change(id: number, change: Partial<Notice>): void {
    this.log = this.log.map((n) => (n.id === id ? { ...n, ...change } : n));
  }
}

/** The app's notices. */
export const notices = new Notices(clock, (line) => {
  // A line that could not be kept is still on screen; telling of it would be one more.
  noteActivity(line).catch(() => undefined);
});
