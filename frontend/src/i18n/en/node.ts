// The words of the Node screen in English.
import type { Formats } from '../formats';

export const node = {
  logs: {
    level: 'Level',
    allLevels: 'All levels',
    andLouder: (level: string) =>
      level === 'error' ? 'Errors' : level === 'debug' ? 'Everything' : `${level} and louder`,
    part: 'Part',
    allParts: 'All parts',
    search: 'Search the log',
    pause: 'Pause',
    resume: (f: Formats, held: number) => (held === 0 ? 'Go on' : `Go on (${f.number(held)} new)`),
    levels: 'Level per part',
    levelsHint: 'Until the node ends. For good, set logging.level in its configuration.',
    default: 'all others',
    empty: 'No line matches.',
    emptyHint: 'Lower the level or clear the search.',
    list: 'Log lines',
    names: { error: 'Error', warn: 'Warning', info: 'Info', debug: 'Debug' } as Record<string, string>,
  },
  config: {
    search: 'Search settings',
    name: 'Setting',
    value: 'Value',
    origin: 'Came from',
    empty: 'No setting matches.',
    hint: 'Change a value in the configuration file, by environment or by flag, then start the node again.',
    unset: 'not set',
  },
};
