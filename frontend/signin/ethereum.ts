// Ethereum wallets: they announce themselves by window events (EIP-6963) and
// answer requests (EIP-1193). Two methods are used and no other.
import { Problem } from './problem';
import { ask, shortName, type Wallet } from './wallet';

interface Provider {
  request: (call: { method: string; params?: unknown[] }) => Promise<unknown>;
}

interface Announced {
  info?: { uuid?: unknown; name?: unknown; rdns?: unknown };
  provider?: Provider;
}

/** A plain key's signature in hex: 0x, then r, s and v. A contract's proof is longer. */
const signatureLength = 132;

/** Tells found of each wallet that announces itself, and returns what asks all of them to. */
export function findEthereum(found: (wallet: Wallet) => void): () => void {
  window.addEventListener('eip6963:announceProvider', (event) => {
    const { info, provider } = ((event as CustomEvent<Announced | null>).detail ?? {}) satisfies Announced;
    if (typeof info?.uuid !== 'string' || typeof provider?.request !== 'function') return;
    found(ethereumWallet(info.uuid, shortName(info.name) || 'Ethereum', provider));
  });
  return () => {
    window.dispatchEvent(new Event('eip6963:requestProvider'));
  };
}

function ethereumWallet(uuid: string, name: string, provider: Provider): Wallet {
  const addresses = async (): Promise<string[]> => {
    const answer = await ask(provider.request({ method: 'eth_requestAccounts' }));
    return (Array.isArray(answer) ? answer : []).filter((a): a is string => typeof a === 'string');
  };
  return {
    id: `eip6963:${uuid}`,
    name,
    chain: 'ETH',
    accounts: async () => (await addresses()).map((address) => ({ address, label: '' })),
    sign: async (address, text) => {
      // Somebody may have changed the account in the wallet meanwhile.
      const now = await addresses();
      if (!now.some((one) => one.toLowerCase() === address.toLowerCase())) throw new Problem('account');
      const params = [hex(new TextEncoder().encode(text)), address];
      const answer = await ask(provider.request({ method: 'personal_sign', params }));
      const given = typeof answer === 'string' && /^0x[0-9a-f]*$/i.test(answer) ? answer : '';
      if (given.length > signatureLength) throw new Problem('contract');
      if (given.length < signatureLength) throw new Problem('wallet', 'signature < 65 bytes');
      return given;
    },
  };
}

const hex = (bytes: Uint8Array): string => `0x${[...bytes].map((b) => b.toString(16).padStart(2, '0')).join('')}`;
