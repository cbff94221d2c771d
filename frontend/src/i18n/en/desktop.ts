// The words of the desktop around the window in English.
interface Kind {
  title: string;
  will: string;
  verb: string;
}

export const desktop = {
  desktop: {
    link: {
      from: 'A link on a web page or in another program opened this.',
      trust: 'Go on only if you know where the link comes from.',
      refuse: 'Do nothing',
      inNamespace: (name: string) => `In the namespace ${name}.`,
      kinds: {
        join: {
          title: 'A link wants you to join a network',
          will: 'Next you see the ticket, and can join with it. Your node then leaves the network it is in; its data stays on this computer.',
          verb: 'Look at the ticket',
        },
        peer: {
          title: 'A link wants you to connect to a peer',
          will: 'Your node dials this peer. The peer then learns your address.',
          verb: 'Connect',
        },
        key: {
          title: 'A link wants to show you a key',
          will: 'The key is opened and nothing is changed.',
          verb: 'Show the key',
        },
        query: {
          title: 'A link brings you an SQL statement',
          will: 'It is put into the editor and does not run. Read it before you run it.',
          verb: 'Put it into the editor',
        },
        room: {
          title: 'A link invites you into a room of the chat',
          will: 'Next you see who invites you and until when, and can ask to be let in. The room then learns your wallet.',
          verb: 'Look at the invitation',
        },
      } as Record<string, Kind>,
    },
    close: {
      title: 'Close the window?',
      what: 'The node can go on without its window: it keeps its part of the data, and others reach it. Or it ends too.',
      remember: 'Do the same next time',
      background: 'Keep running',
      quit: 'Quit',
    },
    choices: {
      title: 'Desktop',
      closing: 'When the window is closed',
      ask: 'Ask me',
      background: 'Keep the node running',
      quit: 'Quit',
      withTray: 'The icon in the status area brings the window back.',
      withoutTray:
        'There is no status area here: the window stays in the task bar. Starting debros once more shows it, too.',
      login: 'Start in the background when I log in',
      notify: 'Tell me of trouble and of finished work while the window is away',
      noNotify: 'This desktop shows no notifications',
      graphics: {
        asked: 'Safe graphics are on, as the program was started with --safe-graphics.',
        unpainted: 'Safe graphics are on, as earlier starts showed nothing.',
      } as Record<string, string>,
      browser: 'This page is open in a browser. What closing means, and starting at login, belong to the window.',
    },
  },
};
