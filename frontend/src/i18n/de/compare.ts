// The words of asking every node, which several screens do, in German.
import type { Messages } from '../en';
import { plural } from '../formats';

export const compare: Pick<Messages, 'compare'> = {
  compare: {
    ask: 'Alle Knoten fragen',
    askAgain: 'Noch einmal fragen',
    askIdle: 'Haben alle Knoten dasselbe?',
    askHint:
      'Jeder Knoten mit einer Kopie liest dasselbe, und die Antworten werden nebeneinandergelegt. Nichts wird geändert.',
    asking: (s) => `Alle Knoten werden gefragt … ${String(s)} s`,
    nodesTable: 'Antworten nach Knoten',
    linesTable: 'Zeilen, die nicht überall gleich sind',
    self: 'dieser Knoten',
    node: 'Knoten',
    standing: 'Stand',
    index: 'Index',
    age: 'Alter',
    took: 'Dauer',
    rowsOf: 'Zeilen',
    leader: 'Leader',
    twice: 'zweimal gefragt',
    ageOf: (f, ms) => (ms < 0 ? 'unbekannt' : `${f.decimal(ms / 1000, 1)} s`),
    ms: (f, ms) => `${f.decimal(ms, ms < 10 ? 1 : 0)} ms`,
    standings: {
      same: 'gleich',
      behind: 'zurück',
      moving: 'noch in Bewegung',
      silent: 'keine Antwort',
      differs: 'anders',
    },
    verdictSame: (f, index) => `Überall gleich bei Index ${f.digits(index)}.`,
    verdictBehind: (f, who, entries, ageMs) =>
      `${who} liegt ${f.digits(entries)} ${entries === '1' ? 'Eintrag' : 'Einträge'}${ageMs > 0 ? ` (${f.decimal(ageMs / 1000, 1)} s)` : ''} zurück, sonst gleich.`,
    verdictSilent: (who) => `${who} hat nicht geantwortet.`,
    verdictMoving:
      'Während des Lesens wurde weiter geschrieben, sodass keine zwei Antworten vergleichbar sind. Frag noch einmal.',
    verdictDiffers: (f, index) => `Kopien unterscheiden sich beim selben Index, ${f.digits(index)}.`,
    differsHint:
      'Eine davon ist beschädigt. Speichere den Bericht; nimm dann dem beschädigten Knoten seine Kopie und gib ihm auf der Netz-Seite eine neue.',
    sameRows: (f, count) => plural(f, count, 'Zeile ist überall gleich', 'Zeilen sind überall gleich'),
    paired: {
      key: 'Zeilen nach Primärschlüssel zugeordnet',
      place: 'Zeilen nach ihrer Stelle zugeordnet',
      content: 'Zeilen nach Inhalt zugeordnet: das Ergebnis hat weder Primärschlüssel noch Reihenfolge',
    },
    lacking: 'nicht da',
    row: (f, n) => `Zeile ${f.number(n)}`,
    saveReport: 'Bericht speichern',
    copyReport: 'Bericht kopieren',
    reportName: 'vergleich.json',
    replicas: 'Kopien dieses Namensraums',
    lag: 'Rückstand',
    state: 'Zustand',
    entries: (f, n) => `${f.digits(n)} ${n === '1' ? 'Eintrag' : 'Einträge'}`,
  },
};
