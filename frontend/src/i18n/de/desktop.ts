// The words of the desktop around the window in German.
import type { Messages } from '../en';

export const desktop: Pick<Messages, 'desktop'> = {
  desktop: {
    link: {
      from: 'Ein Link auf einer Webseite oder in einem anderen Programm hat dies geöffnet.',
      trust: 'Geh nur weiter, wenn du weißt, woher der Link kommt.',
      refuse: 'Nichts tun',
      inNamespace: (name: string) => `Im Namensraum ${name}.`,
      kinds: {
        join: {
          title: 'Ein Link will, dass du einem Netz beitrittst',
          will: 'Als Nächstes siehst du die Einladung und kannst damit beitreten. Dein Knoten verlässt dann sein jetziges Netz; dessen Daten bleiben auf diesem Rechner.',
          verb: 'Einladung ansehen',
        },
        peer: {
          title: 'Ein Link will dich mit einem Peer verbinden',
          will: 'Dein Knoten wählt diesen Peer an. Der Peer erfährt dabei deine Adresse.',
          verb: 'Verbinden',
        },
        key: {
          title: 'Ein Link will dir einen Schlüssel zeigen',
          will: 'Der Schlüssel wird geöffnet, geändert wird nichts.',
          verb: 'Schlüssel zeigen',
        },
        query: {
          title: 'Ein Link bringt dir eine SQL-Anweisung',
          will: 'Sie kommt in den Editor und läuft nicht. Lies sie, bevor du sie ausführst.',
          verb: 'In den Editor legen',
        },
        room: {
          title: 'Ein Link lädt dich in einen Raum des Chats ein',
          will: 'Als Nächstes siehst du, wer dich einlädt und bis wann, und kannst um Einlass bitten. Der Raum erfährt dann deine Wallet.',
          verb: 'Einladung ansehen',
        },
      },
    },
    close: {
      title: 'Fenster schließen?',
      what: 'Der Knoten kann ohne sein Fenster weiterlaufen: Er behält seinen Teil der Daten, und andere erreichen ihn. Oder er endet mit.',
      remember: 'Nächstes Mal genauso',
      background: 'Weiterlaufen lassen',
      quit: 'Beenden',
    },
    choices: {
      title: 'Desktop',
      closing: 'Wenn das Fenster geschlossen wird',
      ask: 'Mich fragen',
      background: 'Knoten weiterlaufen lassen',
      quit: 'Beenden',
      withTray: 'Das Symbol im Statusbereich bringt das Fenster zurück.',
      withoutTray:
        'Hier gibt es keinen Statusbereich: Das Fenster bleibt in der Taskleiste. Auch ein weiterer Start von debros zeigt es.',
      login: 'Im Hintergrund starten, wenn ich mich anmelde',
      notify: 'Über Störungen und fertige Arbeit berichten, solange das Fenster weg ist',
      noNotify: 'Dieser Desktop zeigt keine Benachrichtigungen',
      graphics: {
        asked: 'Sichere Grafik ist an, weil das Programm mit --safe-graphics gestartet wurde.',
        unpainted: 'Sichere Grafik ist an, weil frühere Starts nichts zeigten.',
      },
      browser:
        'Diese Seite ist in einem Browser offen. Was Schließen bedeutet und der Start bei der Anmeldung gehören zum Fenster.',
    },
  },
};
