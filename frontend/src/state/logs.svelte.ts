// The node's log, live. Lines are held up to a limit; a filter is asked of the
// node for what is past and applied here to what comes.
import { listen } from '../api/events';
import * as nodeApi from '../api/node';
import type { LogLine } from '../api/node';
import { compareDecimal } from '../lib/text';
import { Loader } from './loader.svelte';

/** Lines that the page holds; the node keeps its own ring, the file keeps all. */
export const MaxLines = 2000;

/** Levels from loud to quiet. */
export const Levels = ['error', 'warn', 'info', 'debug'] as const;

/** What to show. Empty: everything. */
export interface LogFilter {
  level: string;
  part: string;
  search: string;
}

/** Whether a line passes a filter; a level lets the louder ones through. */
export function passes(line: LogLine, filter: LogFilter): boolean {
  const rank = (level: string) => (Levels as readonly string[]).indexOf(level);
  if (filter.level !== '' && rank(line.level) > rank(filter.level)) return false;
  if (filter.part !== '' && line.part !== filter.part) return false;
  if (filter.search === '') return true;
  const wanted = filter.search.toLowerCase();
  return `${line.message} ${Object.entries(line.attrs).flat().join(' ')}`.toLowerCase().includes(wanted);
}

/** The attributes of a line, as one text. */
export const attrsText = (line: LogLine): string =>
  Object.entries(line.attrs)
    .map(([name, value]) => `${name}=${value}`)
    .join('  ');

/** A whole line, for the clipboard. */
export const lineText = (line: LogLine): string =>
  [line.time, line.level, line.part, line.message, attrsText(line)].filter((part) => part !== '').join(' ');

/** The command that shows the same lines, and those that come. */
export const logCommand = ({ level, part, search }: LogFilter): string[] => [
  'node',
  'logs',
  '--follow',
  ...(level === '' ? [] : ['--min-level', level]),
  ...(part === '' ? [] : ['--part', part]),
  ...(search === '' ? [] : ['--search', search]),
];

/** Adds lines behind those that are there, each once, oldest out. */
export function append(lines: LogLine[], more: LogLine[]): LogLine[] {
  const last = lines.at(-1)?.seq ?? '';
  const fresh = more.filter((line) => last === '' || compareDecimal(line.seq, last) > 0);
  return fresh.length === 0 ? lines : [...lines, ...fresh].slice(-MaxLines);
}

/** The log on screen. */
export class Logs {
  lines = new Loader<LogLine[]>();
  levels = new Loader<Record<string, string>>();
  paused = $state(false);
  /** Lines that came while paused. */
  held = $state(0);
  filter = $state.raw<LogFilter>({ level: '', part: '', search: '' });
  #api: typeof nodeApi;
  #waiting: LogLine[] = [];

  constructor(api = nodeApi) {
    this.#api = api;
  }

  /** Follows the log while its screen is open; the answer ends it. */
  start(): () => void {
    const stop = listen<LogLine[]>(
      'logs',
      (more) => {
        this.take(more);
      },
      () => void this.refresh(),
    );
    void this.refresh();
    void this.levels.load(this.#api.getLogLevels);
    return stop;
  }

  /** Asks for the newest lines that pass the filter. */
  async refresh(): Promise<void> {
    const filter = this.filter;
    await this.lines.load(() => this.#api.getLogs({ after: '', limit: 500, ...filter }));
  }

  /** Changes what is shown. */
  async show(filter: LogFilter): Promise<void> {
    this.filter = filter;
    this.#waiting = [];
    this.held = 0;
    await this.refresh();
  }

  /** Takes lines as they come. */
  take(more: LogLine[]): void {
    const passing = more.filter((line) => passes(line, this.filter));
    if (passing.length === 0) return;
    if (this.paused) {
      this.#waiting = append(this.#waiting, passing);
      this.held = this.#waiting.length;
      return;
    }
    this.lines.set(append(this.lines.data ?? [], passing));
  }

  /** Stops the list from moving, or lets it go on with what came meanwhile. */
  togglePause(): void {
    this.paused = !this.paused;
    if (this.paused) return;
    this.lines.set(append(this.lines.data ?? [], this.#waiting));
    this.#waiting = [];
    this.held = 0;
  }

  /** Sets how much a part tells. */
  async setLevel(part: string, level: string): Promise<void> {
    await this.#api.setLogLevel(part, level);
    await this.levels.load(this.#api.getLogLevels);
  }
}
