// The first steps: whether they are due, and what they offer; the network has a file of its own.
import * as Sample from '../wailsjs/go/api/Sample';
import * as Wallet from '../wailsjs/go/api/Wallet';
import * as Welcome from '../wailsjs/go/api/Welcome';
import { call, type Plain } from './call';

export type WalletInfo = Plain<Awaited<ReturnType<typeof Wallet.List>>>[number];
export type BrowserSignIn = Plain<Awaited<ReturnType<typeof Wallet.BrowserBegin>>>;
export type Account = Plain<Awaited<ReturnType<typeof Wallet.Current>>>;
export type SampleInfo = Plain<Awaited<ReturnType<typeof Sample.State>>>;

/** Whether the first steps are still to be shown. */
export const needed = (): Promise<boolean> => call(Welcome.Needed());
/** Reads a backup into a namespace without data; the answer is a task's id. */
export const restore = (namespace: string, file: string): Promise<string> => call(Welcome.Restore(namespace, file));

export const sampleState = (): Promise<SampleInfo> => call(Sample.State());
/** Adds the sample; the answer is a task's id. */
export const addSample = (): Promise<string> => call(Sample.Add());
/** Removes what addSample wrote; the answer is a task's id. */
export const removeSample = (): Promise<string> => call(Sample.Remove());

/** Deriving a key from a passphrase takes its time on purpose. */
const MaxWalletMs = 60_000;
/** A page in the browser lives five minutes. */
const MaxBrowserMs = 370_000;

export const listWallets = (): Promise<WalletInfo[]> => call(Wallet.List());
export const createWallet = (label: string, passphrase: string): Promise<WalletInfo> =>
  call(Wallet.Create(label, passphrase), MaxWalletMs);
/** Takes over a wallet; a keystore file opens with the passphrase. */
export const importWallet = (label: string, form: string, secret: string, passphrase: string): Promise<WalletInfo> =>
  call(Wallet.Import({ label, form }, secret, passphrase), MaxWalletMs);
export const guessForm = (secret: string): Promise<string> => call(Wallet.GuessForm(secret));
/** What is wrong with words; '' when nothing is. */
export const checkPhrase = (words: string): Promise<string> => call(Wallet.CheckPhrase(words));
export const useKeychain = (id: string, passphrase: string): Promise<void> =>
  call(Wallet.Keychain(id, true, passphrase), MaxWalletMs);

export const browserBegin = (): Promise<BrowserSignIn> => call(Wallet.BrowserBegin());
/** Resolves with who signed in. */
export const browserWait = (id: string): Promise<Account> => call(Wallet.BrowserWait(id), MaxBrowserMs);
export const browserCancel = (id: string): Promise<void> => call(Wallet.BrowserCancel(id));
