// What several parts of the Wallet screen do.
import type { WalletInfo } from '../../api/wallet';
import { m } from '../../i18n/index.svelte';
import { shortId } from '../../lib/text';
import { notices } from '../../state/notices.svelte';
import { cliName, wallets } from '../../state/wallet.svelte';

/** The one dialog that is open, and what it is about. */
export type Asked =
  | { what: 'create' }
  | { what: 'import' }
  | { what: 'browser' }
  | { what: 'command'; commands: string[][] }
  | { what: 'unlock'; wallet: WalletInfo; chain: string }
  | { what: 'words' | 'rename' | 'passphrase' | 'keychain' | 'export' | 'remove'; wallet: WalletInfo };

/** Locks everything that is open. */
export async function lockAll(): Promise<void> {
  await wallets.act((api) => api.lockAll());
  notices.tell({ text: m().wallet.lockedAll });
}

/** Signs an open wallet in, and tells how it ended. The text that is signed comes up meanwhile. */
export async function signIn(wallet: WalletInfo, chain: string): Promise<void> {
  try {
    const account = await wallets.signIn(wallet.id, chain);
    notices.tell({ text: m().wallet.signedIn(shortId(account.address)) });
  } catch (raw) {
    notices.fail(raw);
  }
}

/** The chains that a wallet has an account on. */
export const chainsOf = (wallet: WalletInfo): string[] => wallet.accounts.map((account) => account.chain);

/** The same for a terminal: all that can be done with one wallet. */
export function walletCommands(wallet: WalletInfo): string[][] {
  const name = cliName(wallet);
  return [
    ...chainsOf(wallet).map((chain) => ['auth', 'login', '--wallet', name, '--chain', chain]),
    ['auth', 'logout'],
    ...(wallet.forms.includes('words') ? [['wallet', 'export', name, '--form', 'words']] : []),
    ...(wallet.forms.includes('keystore')
      ? [['wallet', 'export', name, '--form', 'keystore', '--out', `${fileName(wallet.label)}.json`]]
      : []),
    ...(wallet.forms.includes('idjson') ? [['wallet', 'export', name, '--form', 'id.json']] : []),
    ['wallet', 'passphrase', name],
    ['wallet', 'keychain', wallet.keychain ? 'off' : 'on', name],
    ['wallet', 'rm', name],
  ];
}

/** A label as the name of a file. */
export const fileName = (label: string): string =>
  label.replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-').replace(/^[-.]+/, '') || 'wallet';
