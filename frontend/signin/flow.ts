// The way through the page: a wallet, an account, the text, the signature.
import type { Fault, Words } from './en';
import { findEthereum } from './ethereum';
import type { Host, Text } from './host';
import { Problem } from './problem';
import { findSolana } from './solana';
import { type Action, element, type Screen, show, verbatim } from './view';
import type { Account, Wallet } from './wallet';

/** Extensions answer within milliseconds; one that wakes up late still joins the list. */
const lookMs = 700;
/** An extension gone wrong must not fill the page. */
const maxWallets = 50;

/** Walks one person through signing in. */
export class Flow {
  readonly #wallets = new Map<string, Wallet>();
  #ask: (() => void)[] = [];
  #choosing = true;
  #ended = false;
  /** Counts steps: what a wallet answers after the person went on is dropped. */
  #step = 0;
  #timer = 0;

  constructor(
    readonly page: HTMLElement,
    readonly words: Words,
    readonly host: Host,
  ) {}

  /** Looks for wallets and shows them. */
  start(): void {
    const found = (wallet: Wallet) => {
      if (this.#wallets.size >= maxWallets && !this.#wallets.has(wallet.id)) return;
      this.#wallets.set(wallet.id, wallet);
      if (this.#choosing) this.#choose();
    };
    this.#ask = [findEthereum(found), findSolana(found)];
    this.#look();
  }

  #look(): void {
    this.#show({ name: 'looking', ...this.words.looking, tone: 'busy' });
    for (const ask of this.#ask) ask();
    setTimeout(() => {
      if (this.#choosing && this.#wallets.size === 0) this.#none();
    }, lookMs);
  }

  #show(screen: Screen): void {
    if (!this.#ended) show(this.page, screen);
  }

  #end(screen: Screen): void {
    this.#show(screen);
    this.#ended = true;
    this.#step += 1;
    clearTimeout(this.#timer);
  }

  #none(): void {
    const { title, text, builtIn, look } = this.words.none;
    const parts = [element('p', '', builtIn), verbatim('debros auth login', builtIn)];
    const run = () => {
      this.#look();
    };
    this.#show({ name: 'none', title, text, parts, actions: [{ label: look, main: true, run }] });
  }

  #choose(): void {
    this.#choosing = true;
    this.#step += 1;
    const { title, text, chains, key, keyHint } = this.words.choose;
    const goesTo = this.host.keyGoesTo;
    const actions = [...this.#wallets.values()].map((wallet): Action => {
      return { label: wallet.name, hint: chains[wallet.chain], run: () => void this.#accounts(wallet) };
    });
    const parts = goesTo === '' ? [] : [element('p', 'note', key(goesTo), ' ', keyHint)];
    this.#show({ name: 'choose', title, text, parts, actions, list: true });
  }

  /** Runs a step; what goes wrong in it becomes a screen, unless the person went on. */
  async #try(again: () => void, step: (current: () => boolean) => Promise<void>): Promise<void> {
    this.#choosing = false;
    this.#step += 1;
    const mine = this.#step;
    const current = () => mine === this.#step;
    try {
      await step(current);
    } catch (error) {
      if (current()) this.#fault(error instanceof Problem ? error : new Problem('wallet', String(error)), again);
    }
  }

  async #accounts(wallet: Wallet): Promise<void> {
    await this.#try(
      () => void this.#accounts(wallet),
      async (current) => {
        this.#show({ name: 'asking', ...this.words.asking(wallet.name), tone: 'busy', actions: [this.#back()] });
        const accounts = await wallet.accounts();
        if (!current()) return;
        const [first] = accounts;
        if (first === undefined) throw new Problem('empty');
        if (accounts.length === 1) await this.#text(wallet, first);
        else this.#account(wallet, accounts);
      },
    );
  }

  #account(wallet: Wallet, accounts: Account[]): void {
    const actions = accounts.slice(0, maxWallets).map((account): Action => {
      const named = account.label === '' ? {} : { hint: account.label };
      return { label: account.address, ...named, run: () => void this.#text(wallet, account) };
    });
    this.#show({ name: 'account', ...this.words.account, actions, list: true });
  }

  async #text(wallet: Wallet, account: Account): Promise<void> {
    await this.#try(
      () => void this.#text(wallet, account),
      async (current) => {
        this.#show({ name: 'making', ...this.words.making, tone: 'busy' });
        const text = await this.host.begin(account.address, wallet.chain);
        if (!current()) return;
        clearTimeout(this.#timer);
        this.#timer = window.setTimeout(() => {
          this.#end(this.#screenOf(new Problem('over')));
        }, text.lifeMs);
        this.#read(wallet, account, text);
      },
    );
  }

  #read(wallet: Wallet, account: Account, text: Text): void {
    const { title, sign, other } = this.words.read;
    this.#show({
      name: 'read',
      title,
      parts: this.#textParts(account, text),
      actions: [
        { label: sign(wallet.name), main: true, run: () => void this.#sign(wallet, account, text) },
        { label: other, run: () => void this.#accounts(wallet) },
        this.#back(),
      ],
    });
  }

  #textParts(account: Account, text: Text): Node[] {
    const words = this.words.read;
    const parts: Node[] = [];
    if (text.code !== '') {
      parts.push(
        element('p', 'code', element('span', 'hint', words.code), ' ', element('strong', '', text.code)),
        element('p', 'note', words.codeHint),
      );
    }
    parts.push(element('p', 'hint', `${words.account}: `, element('span', 'address', account.address)));
    parts.push(element('p', '', words.text), verbatim(text.message, words.text));
    return parts;
  }

  async #sign(wallet: Wallet, account: Account, text: Text): Promise<void> {
    let handed = false; // then the text is used up
    await this.#try(
      () => {
        if (handed) void this.#text(wallet, account);
        else this.#read(wallet, account, text);
      },
      async (current) => {
        const { signing, checking, read } = this.words;
        const parts = this.#textParts(account, text);
        const actions = [this.#back()];
        this.#show({ name: 'signing', title: read.title, text: signing(wallet.name), parts, actions, tone: 'busy' });
        const signature = await wallet.sign(account.address, text.message);
        if (!current()) return;
        this.#show({ name: 'checking', ...checking, tone: 'busy' });
        handed = true;
        const next = await this.host.finish(text, signature);
        if (!current()) return;
        if (next === '') this.#end({ name: 'done', ...this.words.done, tone: 'good' });
        else {
          this.#end({ name: 'handing', ...this.words.handing, tone: 'busy' });
          location.replace(next);
        }
      },
    );
  }

  #back(): Action {
    return {
      label: this.words.back,
      run: () => {
        this.#choose();
      },
    };
  }

  #screenOf(problem: Problem): Screen {
    const { title, text } = this.words.faults[problem.fault];
    const parts = problem.detail === '' ? [] : [verbatim(problem.detail, text)];
    return { name: `fault-${problem.fault}`, title, text, parts, tone: 'bad' };
  }

  #fault(problem: Problem, again: () => void): void {
    const final: Fault[] = ['over', 'link', 'unsafe'];
    if (final.includes(problem.fault)) {
      this.#end(this.#screenOf(problem));
      return;
    }
    const actions = [{ label: this.words.again, main: true, run: again }, this.#back()];
    this.#show({ ...this.#screenOf(problem), actions });
  }

  /** Ends the page with a fault, before anything was asked. */
  stop(fault: Fault): void {
    this.#end(this.#screenOf(new Problem(fault)));
  }
}
