// The words of asking every node, which several screens do, in English.
import { type Formats, plural } from '../formats';

export const compare = {
  compare: {
    ask: 'Ask every node',
    askAgain: 'Ask again',
    askIdle: 'Do all nodes hold the same?',
    askHint:
      'Every node that keeps a replica reads the same, and the answers are laid side by side. Nothing is changed.',
    asking: (s: number) => `Asking every node… ${String(s)} s`,
    nodesTable: 'Answers by node',
    linesTable: 'Rows that are not the same everywhere',
    self: 'this node',
    node: 'Node',
    standing: 'Stands',
    index: 'Index',
    age: 'Age',
    took: 'Took',
    rowsOf: 'Rows',
    leader: 'leader',
    twice: 'asked twice',
    ageOf: (f: Formats, ms: number) => (ms < 0 ? 'unknown' : `${f.decimal(ms / 1000, 1)} s`),
    ms: (f: Formats, ms: number) => `${f.decimal(ms, ms < 10 ? 1 : 0)} ms`,
    standings: {
      same: 'the same',
      behind: 'behind',
      moving: 'still moving',
      silent: 'no answer',
      differs: 'differs',
    } as Record<string, string>,
    verdictSame: (f: Formats, index: string) => `The same everywhere at index ${f.digits(index)}.`,
    verdictBehind: (f: Formats, who: string, entries: string, ageMs: number) =>
      `${who} is ${f.digits(entries)} ${entries === '1' ? 'entry' : 'entries'}${ageMs > 0 ? ` (${f.decimal(ageMs / 1000, 1)} s)` : ''} behind, otherwise the same.`,
    verdictSilent: (who: string) => `${who} did not answer.`,
    verdictMoving: 'Writes went on while the nodes were read, so that no two answers can be compared. Ask again.',
    verdictDiffers: (f: Formats, index: string) => `Replicas differ at the same index, ${f.digits(index)}.`,
    differsHint:
      'One of them is damaged. Save the report; then take the damaged node’s replica away and give it a new one on the Network screen.',
    sameRows: (f: Formats, count: number) =>
      plural(f, count, 'row is the same everywhere', 'rows are the same everywhere'),
    paired: {
      key: 'rows paired by primary key',
      place: 'rows paired by their place',
      content: 'rows paired by content: the result has no primary key and no order',
    } as Record<string, string>,
    lacking: 'not there',
    row: (f: Formats, n: number) => `Row ${f.number(n)}`,
    saveReport: 'Save report',
    copyReport: 'Copy report',
    reportName: 'comparison.json',
    replicas: 'Replicas of this namespace',
    lag: 'Behind by',
    state: 'State',
    entries: (f: Formats, n: string) => `${f.digits(n)} ${n === '1' ? 'entry' : 'entries'}`,
  },
};
