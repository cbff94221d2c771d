// Numbers, sizes and times in the words of a language. Intl does the work.

/** Formatters of one language. */
export interface Formats {
  language: string;
  number: (value: number) => string;
  decimal: (value: number, digits: number) => string;
  /** A whole number written in digits, of any length, with its thousands apart. */
  digits: (text: string) => string;
  bytes: (value: number) => string;
  time: (when: number | string) => string;
  dateTime: (when: number | string) => string;
  /** "14:02". */
  clock: (when: number | string) => string;
  /** "Friday 27 November 2026". */
  day: (when: number | string) => string;
  /** "3 minutes ago", "in 2 hours". */
  ago: (when: number | string, now: number) => string;
  /** "2 d 4 h", at most two units. */
  duration: (ms: number) => string;
  isOne: (value: number) => boolean;
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

const letters: [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
];

/** Makes the formatters of a language. */
export function formatsOf(language: string): Formats {
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const plural = new Intl.PluralRules(language);
  const time = new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  });
  const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hour12: false });
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'full' });
  const dateTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const decimal = (value: number, digits: number) =>
    new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  return {
    language,
    number: (value) => whole.format(value),
    decimal,
    digits: (text) => (/^-?\d+$/.test(text) ? whole.format(BigInt(text)) : text),
    bytes: (value) => sizeText(value, decimal, whole),
    time: (when) => time.format(new Date(when)),
    dateTime: (when) => dateTime.format(new Date(when)),
    clock: (when) => clock.format(new Date(when)),
    day: (when) => day.format(new Date(when)),
    ago: (when, now) => {
      const ms = new Date(when).getTime() - now;
      const [unit, length] = steps.find(([, size]) => Math.abs(ms) >= size) ?? ['second', 1000];
      return relative.format(Math.round(ms / length), unit);
    },
    duration: durationText,
    isOne: (value) => plural.select(value) === 'one',
  };
}

function sizeText(value: number, decimal: Formats['decimal'], whole: Intl.NumberFormat): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  let size = value;
  while (size >= 1024 && at < units.length - 1) {
    size /= 1024;
    at += 1;
  }
  return `${at === 0 || size >= 100 ? whole.format(size) : decimal(size, 1)} ${units[at] ?? 'B'}`;
}

function durationText(ms: number): string {
  const first = letters.findIndex(([, size]) => ms >= size);
  if (first === -1) return '0 s';
  const out: string[] = [];
  let rest = ms;
  for (const [letter, size] of letters.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) out.push(`${String(count)} ${letter}`);
  }
  return out.join(' ');
}

/** "1 key", "2 keys". */
export const plural = (f: Formats, count: number, one: string, other: string): string =>
  `${f.number(count)} ${f.isOne(count) ? one : other}`;
