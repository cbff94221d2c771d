// The built-in wallets of this user, and the account that is signed in.
import * as Wallet from '../wailsjs/go/api/Wallet';
import { call, type Plain } from './call';

export type WalletInfo = Plain<Awaited<ReturnType<typeof Wallet.List>>>[number];
export type WalletState = Plain<Awaited<ReturnType<typeof Wallet.State>>>;
export type WalletImport = Plain<Parameters<typeof Wallet.Import>[0]>;
export type WalletOptions = Plain<Awaited<ReturnType<typeof Wallet.Options>>>;
export type Account = Plain<Awaited<ReturnType<typeof Wallet.Current>>>;
export type SignRequest = WalletState['requests'][number];
export type BrowserSignIn = Plain<Awaited<ReturnType<typeof Wallet.BrowserBegin>>>;

/** A passphrase takes a second to try, and waits for others that are tried. */
const MaxKeyMs = 65_000;
/** The keychain may ask the person something. */
const MaxKeychainMs = 90_000;
/** A text waits two minutes for its answer. */
const MaxSignMs = 150_000;
/** A page in the browser lives for five minutes. */
const MaxBrowserMs = 370_000;

export const list = (): Promise<WalletInfo[]> => call(Wallet.List());
export const state = (): Promise<WalletState> => call(Wallet.State());
export const current = (): Promise<Account> => call(Wallet.Current());
export const create = (label: string, passphrase: string): Promise<WalletInfo> =>
  call(Wallet.Create(label, passphrase), MaxKeyMs);
export const importSecret = (what: WalletImport, secret: string, passphrase: string): Promise<WalletInfo> =>
  call(Wallet.Import(what, secret, passphrase), MaxKeyMs);
export const importKeystore = (
  what: WalletImport,
  secret: string,
  filePassphrase: string,
  passphrase: string,
): Promise<WalletInfo> => call(Wallet.ImportKeystore(what, secret, filePassphrase, passphrase), MaxKeyMs);
export const guessForm = (secret: string): Promise<string> => call(Wallet.GuessForm(secret));
export const checkPhrase = (words: string): Promise<string> => call(Wallet.CheckPhrase(words));
export const unlock = (id: string, passphrase: string): Promise<void> =>
  call(Wallet.Unlock(id, passphrase), passphrase === '' ? MaxKeychainMs : MaxKeyMs);
export const lock = (id: string): Promise<void> => call(Wallet.Lock(id));
export const lockAll = (): Promise<void> => call(Wallet.LockAll());
export const words = (id: string, passphrase: string): Promise<string> => call(Wallet.Words(id, passphrase), MaxKeyMs);
export const confirmWords = (id: string, answers: string): Promise<void> => call(Wallet.ConfirmWords(id, answers));
export const remindLater = (id: string): Promise<void> => call(Wallet.RemindLater(id));
export const rename = (id: string, label: string): Promise<WalletInfo> => call(Wallet.Rename(id, label), MaxKeyMs);
export const remove = (id: string): Promise<void> => call(Wallet.Remove(id), MaxKeyMs);
export const changePassphrase = (id: string, old: string, next: string): Promise<void> =>
  call(Wallet.ChangePassphrase(id, old, next), MaxKeyMs);
export const keychain = (id: string, on: boolean, passphrase: string): Promise<void> =>
  call(Wallet.Keychain(id, on, passphrase), MaxKeychainMs);
export const exportKeystore = (id: string, file: string, passphrase: string): Promise<void> =>
  call(Wallet.ExportKeystore(id, file, passphrase), MaxKeyMs);
export const options = (): Promise<WalletOptions> => call(Wallet.Options());
export const setOptions = (to: WalletOptions): Promise<void> => call(Wallet.SetOptions(to));
export const signIn = (id: string, chain: string): Promise<Account> => call(Wallet.SignIn(id, chain), MaxSignMs);
export const answer = (request: string, approve: boolean): Promise<void> => call(Wallet.Answer(request, approve));
export const signOut = (): Promise<void> => call(Wallet.SignOut());
export const browserBegin = (): Promise<BrowserSignIn> => call(Wallet.BrowserBegin());
export const browserWait = (id: string): Promise<Account> => call(Wallet.BrowserWait(id), MaxBrowserMs);
export const browserCancel = (id: string): Promise<void> => call(Wallet.BrowserCancel(id));
