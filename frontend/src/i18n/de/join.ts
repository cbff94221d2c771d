// The words of joining by a ticket, on the first steps and on the Network screen, in German.
import type { Messages } from '../en';

export const join: Pick<Messages, 'join'> = {
  join: {
    ticket: 'Ticket oder Link',
    hint: 'Jemand in diesem Netzwerk macht eines mit Einladen.',
    none: 'Füge zuerst ein Ticket ein.',
    picture: 'QR-Code aus einem Bild lesen',
    pictureHint: 'Ein Bild mit dem Code kannst du auch hier einfügen oder ablegen.',
    noCode: 'In diesem Bild wurde kein QR-Code gefunden.',
    reading: 'Das Bild wird angesehen …',
    isFor: (network) => `Für das Netzwerk ${network}.`,
    known: (name) => `Für ${name}, das dieser Computer schon kennt.`,
    validUntil: (f, when, now) => `Gültig bis ${f.dateTime(when)}, ${f.ago(when, now)}.`,
    expired: (f, when, now) => `Es ist ${f.ago(when, now)} abgelaufen. Bitte um ein neues.`,
    progress: 'Fortschritt des Beitritts',
    phases: {
      connect: 'Mit einem Mitglied verbinden',
      admit: 'Das Netzwerk prüft das Ticket',
      snapshot: 'Empfangen, was das Netzwerk weiß',
      caught_up: 'Auf dem Stand',
    },
    marks: { before: 'noch nicht', now: 'läuft', done: 'fertig', failed: 'gescheitert' },
    entries: (f, done, total) => `${f.digits(done)} von ${f.digits(total)} Einträgen`,
  },
};
