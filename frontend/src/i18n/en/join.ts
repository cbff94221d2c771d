// The words of joining by a ticket, on the first steps and on the Network screen, in English.
import { type Formats } from '../formats';

export const join = {
  join: {
    ticket: 'Ticket or link',
    hint: 'Somebody in that network makes one with Invite.',
    none: 'Paste a ticket first.',
    picture: 'Read a QR code from a picture',
    pictureHint: 'A picture with the code can also be pasted or dropped here.',
    noCode: 'No QR code was found in this picture.',
    reading: 'Looking at the picture…',
    isFor: (network: string) => `For the network ${network}.`,
    known: (name: string) => `For ${name}, which this computer knows already.`,
    validUntil: (f: Formats, when: string, now: number) => `Valid until ${f.dateTime(when)}, ${f.ago(when, now)}.`,
    expired: (f: Formats, when: string, now: number) => `It expired ${f.ago(when, now)}. Ask for a new one.`,
    progress: 'Progress of joining',
    phases: {
      connect: 'Connect to a member',
      admit: 'The network checks the ticket',
      snapshot: 'Receive what the network knows',
      caught_up: 'Up to date',
    },
    marks: { before: 'not yet', now: 'under way', done: 'done', failed: 'failed' },
    entries: (f: Formats, done: string, total: string) => `${f.digits(done)} of ${f.digits(total)} entries`,
  },
};
