// Solana wallets: they register by the two window events of the Wallet Standard.
// Two of their features are used and no other.
import { Problem } from './problem';
import { ask, shortName, type Wallet } from './wallet';

interface StandardAccount {
  address: string;
  label?: string;
  chains: readonly string[];
  features: readonly string[];
}

interface StandardWallet {
  name: string;
  chains: readonly string[];
  features: {
    'standard:connect'?: { connect: () => Promise<{ accounts: readonly StandardAccount[] }> };
    'solana:signMessage'?: {
      signMessage: (of: {
        account: StandardAccount;
        message: Uint8Array;
      }) => Promise<readonly { signedMessage: Uint8Array; signature: Uint8Array }[]>;
    };
  };
}

interface Registry {
  register: (...wallets: StandardWallet[]) => () => void;
}

/** Tells found of each wallet that registers, and returns what asks all of them to. */
export function findSolana(found: (wallet: Wallet) => void): () => void {
  const known = new Map<StandardWallet, Wallet | undefined>();
  const registry: Registry = {
    register: (...wallets) => {
      for (const wallet of wallets) {
        if (!known.has(wallet)) known.set(wallet, solanaWallet(wallet, `standard:${String(known.size)}`));
        const usable = known.get(wallet);
        if (usable !== undefined) found(usable);
      }
      return () => undefined; // a wallet that leaves fails when it is asked
    },
  };
  window.addEventListener('wallet-standard:register-wallet', (event) => {
    const { detail } = event as CustomEvent<unknown>;
    if (typeof detail === 'function') (detail as (registry: Registry) => void)(registry);
  });
  return () => {
    window.dispatchEvent(new CustomEvent('wallet-standard:app-ready', { detail: registry }));
  };
}

const isSolana = (chains: unknown): boolean =>
  Array.isArray(chains) && chains.some((chain) => String(chain).startsWith('solana:'));

function solanaWallet(wallet: StandardWallet, id: string): Wallet | undefined {
  const connect = wallet.features['standard:connect'];
  const signer = wallet.features['solana:signMessage'];
  if (connect === undefined || signer === undefined || !isSolana(wallet.chains)) return undefined;
  const connected = async (): Promise<StandardAccount[]> => {
    const { accounts } = await ask(connect.connect());
    return accounts.filter((a) => isSolana(a.chains) && a.features.includes('solana:signMessage'));
  };
  return {
    id,
    name: shortName(wallet.name) || 'Solana',
    chain: 'SOL',
    accounts: async () => (await connected()).map((a) => ({ address: a.address, label: shortName(a.label) })),
    sign: async (address, text) => {
      // Somebody may have changed the account in the wallet meanwhile.
      const account = (await connected()).find((a) => a.address === address);
      if (account === undefined) throw new Problem('account');
      const message = new TextEncoder().encode(text);
      const [signed] = await ask(signer.signMessage({ account, message }));
      if (signed?.signature.length !== 64) throw new Problem('wallet', 'signature ≠ 64 bytes');
      // Some wallets wrap a text before they sign; such a signature proves nothing here.
      if (!same(signed.signedMessage, new TextEncoder().encode(text))) throw new Problem('text');
      return btoa(String.fromCharCode(...signed.signature));
    },
  };
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
