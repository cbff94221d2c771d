// The words of the Node screen in German.
import { plural } from '../formats';
import type { Messages } from '../en';

export const node: Pick<Messages, 'logs' | 'config'> = {
  logs: {
    level: 'Stufe',
    allLevels: 'Alle Stufen',
    andLouder: (level) =>
      level === 'error' ? 'Fehler' : level === 'debug' ? 'Alles' : level === 'warn' ? 'Ab Warnung' : 'Ab Info',
    part: 'Teil',
    allParts: 'Alle Teile',
    search: 'Protokoll durchsuchen',
    pause: 'Anhalten',
    resume: (f, held) => (held === 0 ? 'Weiter' : `Weiter (${f.number(held)} neu)`),
    levels: 'Stufe je Teil',
    levelsHint: 'Bis der Knoten endet. Dauerhaft: logging.level in seiner Konfiguration.',
    default: 'alle anderen',
    empty: 'Keine Zeile passt.',
    emptyHint: 'Senke die Stufe oder leere die Suche.',
    list: 'Protokollzeilen',
    names: { error: 'Fehler', warn: 'Warnung', info: 'Info', debug: 'Debug' },
  },
  config: {
    search: 'Einstellungen durchsuchen',
    scope: 'Welche Einstellungen',
    scopes: {
      all: 'Alle',
      changed: 'Geänderte',
      waiting: (f, count) => (count === 0 ? 'Wartende' : `Wartende (${f.number(count)})`),
    },
    file: 'Konfigurationsdatei',
    name: 'Einstellung',
    value: 'Wert',
    origin: 'Woher',
    empty: 'Keine Einstellung passt.',
    unset: 'nicht gesetzt',
    change: (name) => `${name} ändern`,
    next: (value) => `beim nächsten Start: ${value}`,
    another: 'ein anderes Geheimnis',
    restart: (f, count) =>
      `${plural(f, count, 'Änderung wartet', 'Änderungen warten')} in der Datei. Halte den Knoten an und starte ihn neu, damit sie gelten.`,
    now: 'Jetzt',
    default: 'Vorgabe',
    elsewhere: 'Option und Variable',
    kinds: {
      text: '',
      list: 'Mehrere Werte, durch Komma getrennt.',
      number: 'Eine ganze Zahl.',
      duration: 'Eine Zahl mit Einheit: 30s, 5m, 24h, 7d.',
      size: 'Eine Zahl mit Einheit: 512MB, 1.5GiB.',
      levels: 'teil=stufe, durch Komma getrennt, etwa p2p=debug.',
    },
    secretHint: 'Der Wert steht dann in der Datei und wird nie wieder gezeigt.',
    overruled: (origin) => `Der Wert der Datei wartet: ${origin} entscheidet, bis das wegfällt.`,
    later: 'Es gilt, sobald der Knoten neu startet.',
    restore: 'Vorgabe herstellen',
    saved: (name) => `${name} ist in der Datei geändert.`,
    reset: (name) => `${name} hat in der Datei wieder die Vorgabe.`,
    undone: (name) => `${name} ist, wie es war.`,
  },
};
