// Every word of the sign-in page in German, typed by the English catalogue.
import type { Words } from './en';

/** The German catalogue. */
export const de: Words = {
  promise:
    'Diese Seite fragt deine Wallet nach ihren Konten und nach einer Unterschrift. Sie fragt nie nach einer Chain, einem Guthaben oder einer Transaktion, und nichts wird bezahlt.',
  again: 'Noch einmal',
  back: 'Zurück',
  looking: { title: 'Suche nach Wallets', text: 'Die Wallets dieses Browsers werden nach ihren Namen gefragt.' },
  none: {
    title: 'Keine Wallet in diesem Browser gefunden',
    text: 'Eine Wallet ist eine Erweiterung des Browsers, für Ethereum oder Solana. Ist deine in einem anderen Browser, beginne noch einmal und öffne den neuen Link dort. Ist sie für diese Seite abgeschaltet, schalte sie ein und suche noch einmal.',
    builtIn: 'Das Programm hat eine eigene Wallet. Um dich mit ihr anzumelden, gib in einem Terminal ein:',
    look: 'Noch einmal suchen',
  },
  choose: {
    title: 'Wallet wählen',
    text: 'Du meldest dich an, indem du einen Text unterschreibst. Die Schlüssel der Wallet verlassen sie nie.',
    chains: { ETH: 'Ethereum', SOL: 'Solana' },
    key: (host) => `Ein API-Schlüssel geht an das Programm auf diesem Computer, das unter ${host} wartet.`,
    keyHint: 'Mach nur weiter, wenn dein Terminal oder deine App dieselbe Adresse nennt.',
  },
  asking: (wallet) => ({
    title: `Warten auf ${wallet}`,
    text: 'Die Wallet fragt, welche Konten diese Seite sehen darf. Siehst du keine Frage, öffne die Wallet.',
  }),
  account: { title: 'Konto wählen', text: 'Das Konto, das du wählst, bist danach du.' },
  making: { title: 'Der Text wird geholt', text: 'Er wird nur für dieses Konto gemacht.' },
  read: {
    title: 'Lesen, dann unterschreiben',
    code: 'Code',
    codeHint:
      'Dein Terminal oder deine App zeigt dieselben sechs Ziffern. Zeigt sie andere, unterschreibe nicht: Schließe diese Seite.',
    text: 'Das ist der ganze Text, den die Wallet zeigen wird:',
    account: 'Konto',
    sign: (wallet) => `Mit ${wallet} unterschreiben`,
    other: 'Anderes Konto wählen',
  },
  signing: (wallet) =>
    `Warten auf ${wallet}. Vergleiche den Text und unterschreibe dort. Siehst du keine Frage, öffne die Wallet.`,
  checking: { title: 'Die Unterschrift wird geprüft', text: 'Das dauert einen Moment.' },
  handing: { title: 'Der Schlüssel wird übergeben', text: 'Das Programm auf diesem Computer nimmt ihn jetzt an.' },
  done: {
    title: 'Du bist angemeldet',
    text: 'Schließe diesen Tab. Das Programm, das ihn geöffnet hat, macht von selbst weiter.',
  },
  faults: {
    refused: {
      title: 'Du hast in der Wallet abgelehnt',
      text: 'Nichts wurde unterschrieben. Versuche es noch einmal, oder schließe diese Seite.',
    },
    pending: {
      title: 'In der Wallet ist noch eine Frage offen',
      text: 'Öffne die Wallet, beantworte oder schließe die Frage, dann versuche es noch einmal.',
    },
    account: {
      title: 'Das ist ein anderes Konto',
      text: 'Die Wallet bietet das gewählte Konto nicht mehr an. Wähle es in der Wallet, oder wähle hier ein anderes.',
    },
    empty: {
      title: 'Die Wallet bot kein Konto an',
      text: 'Entsperre sie und erlaube dieser Seite ein Konto, dann versuche es noch einmal.',
    },
    contract: {
      title: 'Contract-Wallets können sich nicht anmelden',
      text: 'Diese Unterschrift stammt nicht von einem Schlüssel, sondern von einem Vertrag, etwa einer geteilten oder smarten Wallet. Was sie wert ist, ändert sich auf ihrer Chain; für später beweist sie nichts. Wähle ein Konto mit eigenem Schlüssel.',
    },
    text: {
      title: 'Die Wallet hat einen anderen Text unterschrieben',
      text: 'Es ist nicht der Text, den diese Seite zeigt. Nichts wurde gesendet. Nimm eine andere Wallet.',
    },
    wallet: { title: 'Die Wallet konnte nicht unterschreiben', text: 'Der Grund:' },
    signature: {
      title: 'Die Unterschrift wurde nicht angenommen',
      text: 'Hat die Wallet mit einem anderen Konto unterschrieben? Die Antwort sagt:',
    },
    answer: { title: 'Das ging nicht', text: 'Die Antwort sagt:' },
    unreachable: {
      title: 'Keine Antwort',
      text: 'Das Gateway hat nicht geantwortet. Prüfe die Verbindung, dann versuche es noch einmal.',
    },
    over: {
      title: 'Die Zeit ist um',
      text: 'Diese Seite gilt fünf Minuten und für eine Antwort, solange das Programm wartet, das sie geöffnet hat. Beginne die Anmeldung noch einmal.',
    },
    link: {
      title: 'Diese Seite braucht einen frischen Link',
      text: 'Ihre Adresse gilt einmal und ist nach einem Neuladen weg. Schließe diesen Tab und beginne die Anmeldung noch einmal.',
    },
    unsafe: {
      title: 'Der Schlüssel ginge an Fremde',
      text: 'Die Adresse, die auf ihn wartet, ist nicht auf diesem Computer. Nichts wurde gefragt oder gesendet.',
    },
  },
};
