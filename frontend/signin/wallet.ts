// What the page wants of a wallet, whichever chain it is for: its accounts and
// one signature. The only place that reads the errors of wallets.
import { Problem } from './problem';

/** The chains as the gateway's contract spells them. */
export type Chain = 'ETH' | 'SOL';

/** An account that a wallet lets the page see. */
export interface Account {
  address: string;
  /** The wallet's own name for it, if it has one. */
  label: string;
}

/** A wallet of this browser. Both methods fail with a Problem. */
export interface Wallet {
  /** Tells wallets apart; two can have one name. */
  id: string;
  name: string;
  chain: Chain;
  accounts: () => Promise<Account[]>;
  /** Signs exactly this text as this account. Ethereum: hex, Solana: base64. */
  sign: (address: string, text: string) => Promise<string>;
}

const maxName = 60;

/** The name of a wallet or an account as the page shows it: any extension may say anything. */
export function shortName(name: unknown): string {
  const text = typeof name === 'string' ? name.replace(/[\p{C}\s]+/gu, ' ').trim() : '';
  return text.length > maxName ? `${text.slice(0, maxName)}…` : text;
}

/** Numbers that Ethereum wallets give as reasons (EIP-1193, EIP-1474). */
const refused = 4001;
const unauthorized = 4100;
const pending = -32002;

/** Waits for a wallet. Whatever it throws comes out as a Problem. */
export async function ask<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (raw) {
    if (raw instanceof Problem) throw raw;
    const error = (typeof raw === 'object' && raw !== null ? raw : {}) as { code?: unknown; message?: unknown };
    const says = typeof error.message === 'string' ? error.message : String(raw);
    if (error.code === pending) throw new Problem('pending');
    if (error.code === unauthorized) throw new Problem('account');
    // Solana's standard has no numbers, so there the words decide.
    if (error.code === refused || /reject|denied|declin|cancel/i.test(says)) throw new Problem('refused');
    throw new Problem('wallet', says.slice(0, 300));
  }
}
