// The words of the Node screen in German.
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
    name: 'Einstellung',
    value: 'Wert',
    origin: 'Woher',
    empty: 'Keine Einstellung passt.',
    hint: 'Ändere einen Wert in der Konfigurationsdatei, per Umgebung oder Option und starte den Knoten neu.',
    unset: 'nicht gesetzt',
  },
};
