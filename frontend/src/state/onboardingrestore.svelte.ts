// Restoring on the first step: a wallet from its keystore file, data from a backup.
import { toError } from '../api/call';
import type { PageFile } from '../api/files';
import * as welcomeApi from '../api/welcome';
import * as walletApi from '../api/wallet';
import type { WalletInfo } from '../api/wallet';
import { m } from '../i18n/index.svelte';
import { files } from './files.svelte';
import { WalletForm } from './onboardingwallet.svelte';
import { DefaultNamespace, validNamespace } from './session.svelte';

/** One or both of the two; the backup goes on as a task. */
export class RestoreRun {
  form: WalletForm;
  backup = $state.raw<PageFile | null>(null);
  namespace = $state(DefaultNamespace);
  namespaceFault = $state('');
  fault = $state('');
  busy = $state(false);
  /** What was restored. */
  wallet = $state.raw<WalletInfo | null>(null);
  task = $state('');
  /** Neither of the two was chosen. */
  missing = $derived.by(() => this.form.secret === '' && this.backup === null);
  #api: typeof welcomeApi;
  #files: Pick<typeof files, 'choose'>;

  constructor(api = welcomeApi, wallets = walletApi, chooser: Pick<typeof files, 'choose'> = files) {
    this.#api = api;
    this.#files = chooser;
    this.form = new WalletForm(m().onboarding.nameStart, wallets);
  }

  async chooseBackup(title: string): Promise<void> {
    this.fault = '';
    try {
      this.backup = (await this.#files.choose(title)) ?? this.backup;
    } catch (raw) {
      this.fault = toError(raw).message;
    }
  }

  /** Restores what was chosen; false when something is missing or refused. What was done is not done twice. */
  async go(): Promise<boolean> {
    this.fault = '';
    this.namespaceFault = validNamespace(this.namespace) ? '' : m().namespaces.rule;
    if (this.busy || this.missing || (this.backup !== null && this.namespaceFault !== '')) return false;
    this.busy = true;
    try {
      if (this.form.secret !== '' && this.wallet === null) {
        this.form.again = this.form.passphrase; // it is the file's own, typed once
        this.wallet = await this.form.takeOver();
        if (this.wallet === null) {
          this.fault = this.form.fault;
          return false;
        }
      }
      if (this.backup !== null && this.task === '') {
        this.task = await this.#api.restore(this.namespace, this.backup.id);
      }
      return true;
    } catch (raw) {
      this.fault = toError(raw).message;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
