// What runs on the SQL screen, as a line for a terminal.

/** One parameter with its kind letter, as the screen binds it. */
export interface CommandParam {
  name: string;
  kind: string;
  value: string;
}

/** One statement that is to run. */
export interface SqlCommand {
  namespace: string;
  level: string;
  freshnessMs: number;
  text: string;
  /** Whether it only reads. */
  reads: boolean;
  params: CommandParam[];
}

/** A value as the command line reads it; null for one that it cannot be given. */
function argument({ kind, value }: CommandParam): string | null {
  switch (kind) {
    case 'n':
      return 'null';
    case 'i':
      return value.trim();
    case 'r':
      return /[.e]/i.test(value) ? value.trim() : `${value.trim()}.0`;
    case 't':
      // Quotes keep what looks like a number, a word of its own or a flag a text.
      return /^(-?[\d.].*|null|true|false|".*|-.*)$/is.test(value) || value === '' ? JSON.stringify(value) : value;
    default:
      return null;
  }
}

/** The words behind "debros"; null when a blob is bound, which the command line cannot be given. */
export function sqlWords({ namespace, level, freshnessMs, text, reads, params }: SqlCommand): string[] | null {
  const words = ['sql', reads ? 'query' : 'exec', '--namespace', namespace];
  if (reads) words.push('--level', level);
  if (reads && level === 'none' && freshnessMs > 0) words.push('--freshness', `${String(freshnessMs)}ms`);
  const values = params.map((param) => ({ name: param.name, value: argument(param) }));
  if (values.some((v) => v.value === null)) return null;
  for (const { name, value } of values) if (!name.startsWith('?')) words.push('-p', `${name.slice(1)}=${value ?? ''}`);
  const plain = values.filter((v) => v.name.startsWith('?')).map((v) => v.value ?? '');
  // The command line takes values by place or by name, not both.
  if (plain.length > 0 && plain.length < values.length) return null;
  return [...words, '--', text, ...plain];
}
