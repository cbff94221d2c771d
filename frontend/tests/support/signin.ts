// The hosts of the sign-in page, in a process of backend/signin's own tests, and
// wallets that stand in for extensions. Keys and signatures are real.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { hear, type Visit } from './page';

const root = resolve(import.meta.dirname, '../../..');

/** One page that waits. */
export interface SignIn {
  id: string;
  url: string;
  /** What the terminal shows beside it: six digits, or the address that waits for a key. */
  code: string;
}

/** Opens pages and says how they ended. */
export class Host {
  addresses!: Record<'ETH' | 'SOL', string>;
  #folder = '';
  #process: ChildProcess | undefined;
  control = '';

  static async start(): Promise<Host> {
    const host = new Host();
    host.#folder = await mkdtemp(join(tmpdir(), 'debros-signin-'));
    const binary = join(host.#folder, 'signin.test');
    await promisify(execFile)('go', ['test', '-c', '-o', binary, './backend/signin'], { cwd: root });
    const child = spawn(binary, ['-test.run', '^TestBrowserHost$', '-test.timeout', '5m'], {
      env: { ...process.env, DEBROS_SIGNIN_HOST: '1' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    host.#process = child;
    host.control = await new Promise<string>((found, failed) => {
      createInterface(child.stdout).on('line', (line) => {
        if (line.startsWith('control ')) found(line.slice('control '.length));
      });
      child.on('error', failed);
      child.on('exit', (code) => {
        failed(new Error(`the host of the page ended with ${String(code)}`));
      });
    });
    host.addresses = (await (await fetch(`${host.control}/addresses`)).json()) as Host['addresses'];
    return host;
  }

  /** Opens a page of the program, or of a gateway for a program that waits. */
  async open(kind: 'loopback' | 'gateway', lifeMs = 0): Promise<SignIn> {
    const answer = await fetch(`${this.control}/${kind}?life=${String(lifeMs)}`, { method: 'POST' });
    return (await answer.json()) as SignIn;
  }

  /** Waits for the end of a page, in the words of the program that opened it. */
  async ended(page: SignIn): Promise<string> {
    return (await fetch(`${this.control}/ended/${page.id}`)).text();
  }

  /** Signs as the wallet's key. */
  async sign(chain: string, message: number[]): Promise<string> {
    return (await fetch(`${this.control}/sign/${chain}`, { method: 'POST', body: new Uint8Array(message) })).text();
  }

  async close(): Promise<void> {
    const child = this.#process;
    if (child?.exitCode === null) {
      const ended = once(child, 'exit');
      child.stdin?.end();
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** How a wallet behaves. */
export interface Manner {
  chain: 'ETH' | 'SOL';
  name: string;
  accounts: string[];
  /** 'late' wallets come only when the page asks for the second time. */
  does?: 'refuse once' | 'contract' | 'swap' | 'wrap' | 'pending' | 'locked' | 'stranger' | 'late';
}

/** What the page asked of the wallets, in order, and the texts to sign. */
export interface Asked {
  calls: string[];
  texts: string[];
}

declare global {
  interface Window {
    asked: Asked;
    walletSign: (chain: string, message: number[]) => Promise<string>;
  }
}

/** Runs in the page before anything else, as extensions do. */
function extensions(manners: Manner[]): void {
  const asked: Asked = { calls: [], texts: [] };
  window.asked = asked;
  const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (b) => parseInt(b, 16));
  const refusals = new Map<Manner, number>();
  const refuse = (manner: Manner, error: unknown) => {
    const before = refusals.get(manner) ?? 0;
    refusals.set(manner, before + 1);
    if (before === 0) throw error;
  };
  const signed = async (manner: Manner, message: Uint8Array) => {
    asked.texts.push(new TextDecoder().decode(message));
    return window.walletSign(manner.chain, [...message, ...(manner.does === 'stranger' ? [33] : [])]);
  };
  let asks = 0;
  const provider = (manner: Manner) => {
    let seen = 0;
    return {
      request: async ({ method, params = [] }: { method: string; params?: unknown[] }) => {
        asked.calls.push(method);
        if (method === 'eth_requestAccounts') {
          seen += 1;
          if (manner.does === 'locked') return [];
          return manner.does === 'swap' && seen > 1 ? [`0x${'9'.repeat(40)}`] : manner.accounts;
        }
        if (method !== 'personal_sign') throw new Error(`unexpected ${method}`);
        if (manner.does === 'refuse once') refuse(manner, { code: 4001, message: 'User rejected the request.' });
        if (manner.does === 'pending') refuse(manner, { code: -32002, message: 'Request already pending' });
        const signature = await signed(manner, bytes(String(params[0]).slice(2)));
        return manner.does === 'contract' ? signature + '00'.repeat(200) : signature;
      },
    };
  };
  const standard = (manner: Manner) => {
    const accounts = manner.accounts.map((address) => ({
      address,
      publicKey: new Uint8Array(32),
      chains: ['solana:mainnet'],
      features: ['solana:signMessage'],
    }));
    return {
      version: '1.0.0',
      name: manner.name,
      icon: 'data:image/svg+xml,',
      chains: ['solana:mainnet'],
      accounts: [],
      features: {
        'standard:connect': {
          connect: () => {
            asked.calls.push('standard:connect');
            return Promise.resolve({ accounts });
          },
        },
        'solana:signMessage': {
          signMessage: async ({ message }: { message: Uint8Array }) => {
            asked.calls.push('solana:signMessage');
            if (manner.does === 'refuse once') refuse(manner, new Error('User rejected the request.'));
            const signature = bytes(await signed(manner, message));
            const signedMessage = manner.does === 'wrap' ? new TextEncoder().encode('wrapped') : message;
            return [{ signedMessage, signature }];
          },
        },
        'solana:signTransaction': {
          signTransaction: () => {
            asked.calls.push('solana:signTransaction');
          },
        },
      },
    };
  };
  const ethereum = manners.filter((m) => m.chain === 'ETH').map((manner) => ({ manner, provider: provider(manner) }));
  window.addEventListener('eip6963:requestProvider', () => {
    asks += 1;
    for (const { manner, provider: own } of ethereum) {
      if (manner.does === 'late' && asks < 2) continue;
      const info = { uuid: `uuid of ${manner.name}`, name: manner.name, icon: 'data:image/svg+xml,', rdns: 'example' };
      const detail = Object.freeze({ info, provider: own });
      window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }));
    }
  });
  const solana = manners.filter((m) => m.chain === 'SOL').map(standard);
  window.addEventListener('wallet-standard:app-ready', (event) => {
    const { register } = (event as CustomEvent<{ register: (...wallets: unknown[]) => void }>).detail;
    register(...solana);
  });
}

/** Opens a page in a browser that has these wallets. */
export async function enter(
  browser: Browser,
  host: Host,
  url: string,
  wallets: Manner[],
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  const faults = hear(page);
  await page.exposeFunction('walletSign', (chain: string, message: number[]) => host.sign(chain, message));
  await page.addInitScript(extensions, wallets);
  await page.goto(url);
  return { page, faults };
}

/** Waits until the page shows a screen. */
export const screen = async (page: Page, name: string): Promise<void> =>
  page.locator(`main[data-screen="${name}"]`).waitFor();
