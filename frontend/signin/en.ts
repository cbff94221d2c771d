// Every word of the sign-in page in English. Other languages are typed by this
// file, so that a missing text fails the type check.

/** The English catalogue. */
export const en = {
  promise:
    'This page asks your wallet for its accounts and for one signature. It never asks for a chain, a balance or a transaction, and nothing is paid.',
  again: 'Try again',
  back: 'Back',
  looking: { title: 'Looking for wallets', text: 'Wallets of this browser are asked to say their names.' },
  none: {
    title: 'No wallet found in this browser',
    text: 'A wallet is an extension of the browser, for Ethereum or Solana. If yours is in another browser, start again and open the new link there. If it is switched off for this page, switch it on and look again.',
    builtIn: 'The program has a wallet of its own. To sign in with that, run in a terminal:',
    look: 'Look again',
  },
  choose: {
    title: 'Choose a wallet',
    text: 'You sign in by signing a text. The wallet’s own keys never leave it.',
    chains: { ETH: 'Ethereum', SOL: 'Solana' },
    key: (host: string) => `An API key will be handed to the program on this computer that waits at ${host}.`,
    keyHint: 'Go on only if your terminal or app names the same address.',
  },
  asking: (wallet: string) => ({
    title: `Waiting for ${wallet}`,
    text: 'The wallet asks which accounts this page may see. If you see no question, open the wallet.',
  }),
  account: { title: 'Choose an account', text: 'The account that you choose is who you will be.' },
  making: { title: 'Asking for the text', text: 'It is made for this account alone.' },
  read: {
    title: 'Read, then sign',
    code: 'Code',
    codeHint: 'Your terminal or app shows the same six digits. If it shows others, do not sign: close this page.',
    text: 'This is the whole text that the wallet will show:',
    account: 'Account',
    sign: (wallet: string) => `Sign with ${wallet}`,
    other: 'Choose another account',
  },
  signing: (wallet: string) =>
    `Waiting for ${wallet}. Compare the text, then sign it there. If you see no question, open the wallet.`,
  checking: { title: 'Checking the signature', text: 'This takes a moment.' },
  handing: { title: 'Handing the key over', text: 'The program on this computer takes it now.' },
  done: { title: 'You are signed in', text: 'Close this tab. The program that opened it goes on by itself.' },
  faults: {
    refused: {
      title: 'You refused in the wallet',
      text: 'Nothing was signed. You can try again, or close this page.',
    },
    pending: {
      title: 'The wallet has another question open',
      text: 'Open the wallet, answer or close what it asks, then try again.',
    },
    account: {
      title: 'That is another account',
      text: 'The wallet no longer offers the account that you chose. Choose it in the wallet, or choose another one here.',
    },
    empty: {
      title: 'The wallet offered no account',
      text: 'Unlock it and allow an account for this page, then try again.',
    },
    contract: {
      title: 'Contract wallets cannot sign in',
      text: 'This signature is not of a plain key but of a contract, such as a shared or a smart wallet. What it is worth changes on its chain, so it proves nothing for later. Choose an account with a key of its own.',
    },
    text: {
      title: 'The wallet signed another text',
      text: 'It is not the text that this page shows. Nothing was sent. Use another wallet.',
    },
    wallet: { title: 'The wallet could not sign', text: 'The reason:' },
    signature: {
      title: 'The signature was not accepted',
      text: 'Did the wallet sign with another account? The answer says:',
    },
    answer: { title: 'This did not work', text: 'The answer says:' },
    unreachable: { title: 'No answer', text: 'The gateway did not answer. Check the connection, then try again.' },
    over: {
      title: 'The time is over',
      text: 'This page works for five minutes and for one answer, while the program that opened it waits. Start the sign-in again.',
    },
    link: {
      title: 'This page needs a fresh link',
      text: 'Its address works once and is gone after a reload. Close this tab and start the sign-in again.',
    },
    unsafe: {
      title: 'The key would go to a stranger',
      text: 'The address that waits for it is not on this computer. Nothing was asked or sent.',
    },
  },
};

/** The shape of a catalogue. */
export type Words = typeof en;

/** What can go wrong, each told in words of its own. */
export type Fault = keyof Words['faults'];
