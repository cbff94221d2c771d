// The way through the first steps, and what was chosen on it.
import { toError } from '../api/call';
import * as networkApi from '../api/network';
import type { Overview } from '../api/network';
import * as walletApi from '../api/wallet';
import type { WalletInfo } from '../api/wallet';

export type Step = 1 | 2 | 3;
export type WalletWay = 'have' | 'make' | 'import' | 'browser' | 'restore' | 'later';
export type NetworkWay = 'own' | 'ticket' | 'sandbox';

/** The address that a person sees first: that of Ethereum when there is one. */
export const addressOf = (wallet: WalletInfo): string =>
  (wallet.accounts.find((one) => one.chain === 'ETH') ?? wallet.accounts[0])?.address ?? '';

/** One way through. */
export class Onboarding {
  step = $state<Step>(1);
  walletWay = $state<WalletWay>('make');
  networkWay = $state<NetworkWay>('own');
  /** Wallets that are on this computer. */
  wallets = $state.raw<WalletInfo[]>([]);
  /** Who the person is now, '' for nobody. */
  address = $state('');
  label = $state('');
  network = $state.raw<Overview | null>(null);
  #wallets: typeof walletApi;
  #network: typeof networkApi;

  constructor(wallets = walletApi, network = networkApi) {
    this.#wallets = wallets;
    this.#network = network;
  }

  /** The wallet that is there already, if any. */
  get known(): WalletInfo | undefined {
    return this.wallets.find((one) => one.problem === '');
  }

  /** Whether the node is in a network with others, or was taken into one. */
  get together(): boolean {
    const view = this.network;
    return view !== null && (view.members.length > 1 || view.network.role === 'guest');
  }

  /** Looks for wallets; a failure only means that none can be offered. */
  async lookForWallets(): Promise<void> {
    try {
      this.wallets = await this.#wallets.list();
    } catch {
      this.wallets = [];
    }
    if (this.known !== undefined && this.walletWay === 'make') this.walletWay = 'have';
  }

  /** The node's network, for the steps that show it. */
  async lookAtNode(): Promise<void> {
    try {
      this.network = await this.#network.overview();
    } catch {
      // While the node starts or changes networks there is nothing to show yet.
    }
  }

  /** The person has this wallet now. */
  async own(wallet: WalletInfo): Promise<void> {
    this.is(addressOf(wallet), wallet.label);
    await this.lookForWallets();
    this.walletWay = 'have';
  }

  /** The person is this account now. */
  is(address: string, label: string): void {
    this.address = address;
    this.label = label;
  }

  /** Gives the network in use a name; the reason against it, or ''. */
  async nameNetwork(name: string): Promise<string> {
    try {
      const { network } = await this.#network.overview();
      if (name.trim() !== '' && name.trim() !== network.name) await this.#network.rename(network.id, name.trim());
      await this.lookAtNode();
      return '';
    } catch (raw) {
      return toError(raw).message;
    }
  }

  next(): void {
    if (this.step < 3) this.step = (this.step + 1) as Step;
  }

  back(): void {
    if (this.step > 1) this.step = (this.step - 1) as Step;
  }
}
