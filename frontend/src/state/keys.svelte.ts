// The tree of keys. Only open branches are held, each page by page from the
// node; closing a branch forgets it. A million keys cost what is on screen.
import * as kvApi from '../api/kv';
import type { Change, Entry, Provenance } from '../api/kv';
import { type BackendError, toError } from '../api/call';

/** Keys asked for at once. */
export const PageSize = 200;
/** Rows that one branch holds; beyond, a narrower prefix finds more than scrolling. */
export const MaxBranchRows = 10_000;

type Node = { kind: 'key'; entry: Entry } | { kind: 'branch'; prefix: string };

interface Branch {
  nodes: Node[];
  next: string;
  loading: boolean;
  error: BackendError | null;
}

/** One line of the tree as it is drawn. */
export type Row =
  | { kind: 'key'; depth: number; label: string; entry: Entry }
  | { kind: 'branch'; depth: number; label: string; prefix: string; open: boolean }
  | { kind: 'more' | 'loading' | 'full' | 'empty'; depth: number; prefix: string }
  | { kind: 'error'; depth: number; prefix: string; error: BackendError };

/** What the tree shows. An empty separator makes a flat list. */
export interface KeyView {
  namespace: string;
  prefix: string;
  separator: string;
}

/** Merges the keys and folded branches of one page in key order. */
export function mergePage(items: Entry[], prefixes: string[]): Node[] {
  const nodes: (Node & { at: string })[] = [
    ...prefixes.map((prefix) => ({ kind: 'branch' as const, prefix, at: prefix })),
    ...items.map((entry) => ({ kind: 'key' as const, entry, at: entry.key })),
  ];
  nodes.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.kind === 'branch' ? -1 : 1));
  return nodes.map((n) => (n.kind === 'key' ? { kind: 'key', entry: n.entry } : { kind: 'branch', prefix: n.prefix }));
}

const nameOf = (n: Node) => (n.kind === 'key' ? n.entry.key : n.prefix);

/** Where a name stands among the nodes, or would stand. */
function placeOf(nodes: Node[], name: string): number {
  let [from, to] = [0, nodes.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const at = nodes[middle];
    if (at !== undefined && nameOf(at) < name) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The nodes after a key of this very branch has changed. */
function withKey(branch: Branch, { operation, ...entry }: Change): Node[] {
  const at = placeOf(branch.nodes, entry.key);
  const same = [at, at + 1].find((i) => {
    const n = branch.nodes[i];
    return n?.kind === 'key' && n.entry.key === entry.key;
  });
  const nodes = [...branch.nodes];
  if (operation !== 'put') {
    if (same !== undefined) nodes.splice(same, 1);
  } else if (same !== undefined) nodes[same] = { kind: 'key', entry };
  // Behind the end of what is loaded it comes with its page.
  else if (branch.next === '' || at < nodes.length) nodes.splice(at, 0, { kind: 'key', entry });
  return nodes;
}

function withBranch(branch: Branch, name: string): Node[] {
  const at = placeOf(branch.nodes, name);
  const there = branch.nodes[at];
  if ((there?.kind === 'branch' && there.prefix === name) || (branch.next !== '' && at === branch.nodes.length))
    return branch.nodes;
  return branch.nodes.toSpliced(at, 0, { kind: 'branch', prefix: name });
}

/** The keys of one namespace, as far as they are open. */
export class KeyTree {
  view = $state.raw<KeyView>({ namespace: '', prefix: '', separator: ':' });
  provenance = $state.raw<Provenance | null>(null);
  #branches = $state.raw<ReadonlyMap<string, Branch>>(new Map());
  #api: Pick<typeof kvApi, 'listKeys'>;
  #turn = 0;

  /** Every line that exists now, from top to bottom. */
  rows = $derived.by(() => {
    const out: Row[] = [];
    this.#collect(this.view.prefix, 0, out);
    return out;
  });

  constructor(api: Pick<typeof kvApi, 'listKeys'> = kvApi) {
    this.#api = api;
  }

  get loading(): boolean {
    const root = this.#branches.get(this.view.prefix);
    return (root?.loading ?? true) && (root?.nodes.length ?? 0) === 0;
  }

  get error(): BackendError | null {
    const root = this.#branches.get(this.view.prefix);
    return root?.nodes.length === 0 ? root.error : null;
  }

  get empty(): boolean {
    const root = this.#branches.get(this.view.prefix);
    return root !== undefined && !root.loading && root.error === null && root.nodes.length === 0;
  }

  /** Shows another part of the keys; a change of view closes every branch. */
  async show(view: KeyView): Promise<void> {
    const same =
      view.namespace === this.view.namespace &&
      view.prefix === this.view.prefix &&
      view.separator === this.view.separator;
    this.view = view;
    if (same && this.#branches.size > 0) return this.refresh();
    this.#turn += 1;
    this.#branches = new Map();
    await this.#load(view.prefix);
  }

  /** Asks for the first page of each open branch anew. */
  async refresh(): Promise<void> {
    const open = [...this.#branches.keys()];
    await Promise.all((open.length === 0 ? [this.view.prefix] : open).map((prefix) => this.#load(prefix, true)));
  }

  isOpen(prefix: string): boolean {
    return this.#branches.has(prefix);
  }

  /** Opens or closes a branch. */
  async toggle(prefix: string): Promise<void> {
    if (!this.#branches.has(prefix)) return this.#load(prefix);
    const left = new Map(this.#branches);
    for (const open of left.keys()) if (open.startsWith(prefix) && open !== this.view.prefix) left.delete(open);
    this.#branches = left;
  }

  /**
   * Takes a change that happened elsewhere into the branches that are open. The
   * answer is the branch on screen that it happened in, '' when a key itself did.
   */
  apply(change: Change): string {
    const { separator } = this.view;
    let inside = '';
    for (const [prefix, branch] of this.#branches) {
      if (!change.key.startsWith(prefix) || branch.loading) continue;
      const cut = separator === '' ? -1 : change.key.indexOf(separator, prefix.length);
      if (cut === -1) this.#set(prefix, { ...branch, nodes: withKey(branch, change) });
      else {
        const name = change.key.slice(0, cut + separator.length);
        if (change.operation === 'put') this.#set(prefix, { ...branch, nodes: withBranch(branch, name) });
        if (!this.#branches.has(name)) inside = name;
      }
    }
    return inside;
  }

  /** Takes a branch away in which nothing is left. */
  dropBranch(name: string): void {
    for (const [prefix, branch] of this.#branches) {
      const nodes = branch.nodes.filter((n) => n.kind !== 'branch' || n.prefix !== name);
      if (nodes.length < branch.nodes.length) this.#set(prefix, { ...branch, nodes });
    }
  }

  /** Loads the next page of a branch. */
  async more(prefix: string): Promise<void> {
    const branch = this.#branches.get(prefix);
    if (branch === undefined || branch.loading || branch.next === '' || branch.nodes.length >= MaxBranchRows) return;
    await this.#load(prefix);
  }

  async #load(prefix: string, anew = false): Promise<void> {
    const turn = this.#turn;
    const before = this.#branches.get(prefix) ?? { nodes: [], next: '', loading: false, error: null };
    this.#set(prefix, { ...before, loading: true, error: null });
    try {
      const page = await this.#api.listKeys({
        namespace: this.view.namespace,
        prefix,
        separator: this.view.separator,
        cursor: anew ? '' : before.next,
        level: 'weak',
        limit: PageSize,
      });
      if (turn !== this.#turn || !this.#branches.has(prefix)) return;
      const fresh = mergePage(page.items, page.prefixes);
      this.provenance = page.provenance;
      this.#set(prefix, {
        nodes: anew ? fresh : [...before.nodes, ...fresh],
        next: page.next,
        loading: false,
        error: null,
      });
    } catch (raw) {
      if (turn !== this.#turn || !this.#branches.has(prefix)) return;
      this.#set(prefix, { ...before, loading: false, error: toError(raw) });
    }
  }

  #set(prefix: string, branch: Branch): void {
    this.#branches = new Map(this.#branches).set(prefix, branch);
  }

  #collect(prefix: string, depth: number, out: Row[]): void {
    const branch = this.#branches.get(prefix);
    if (branch === undefined) return;
    for (const node of branch.nodes) {
      if (node.kind === 'key')
        out.push({ kind: 'key', depth, label: this.#label(node.entry.key, prefix), entry: node.entry });
      else {
        const open = this.#branches.has(node.prefix);
        out.push({ kind: 'branch', depth, label: this.#label(node.prefix, prefix), prefix: node.prefix, open });
        if (open) this.#collect(node.prefix, depth + 1, out);
      }
    }
    if (branch.error !== null) out.push({ kind: 'error', depth, prefix, error: branch.error });
    else if (branch.loading) out.push({ kind: 'loading', depth, prefix });
    else if (branch.next !== '')
      out.push({ kind: branch.nodes.length >= MaxBranchRows ? 'full' : 'more', depth, prefix });
    else if (branch.nodes.length === 0 && depth > 0) out.push({ kind: 'empty', depth, prefix });
  }

  // In a tree the branch already says the beginning.
  #label(name: string, prefix: string): string {
    const from = this.view.separator === '' ? 0 : prefix.lastIndexOf(this.view.separator) + this.view.separator.length;
    return prefix.includes(this.view.separator) && from > 0 ? name.slice(from) || name : name;
  }
}

/** The app's tree; it keeps its open branches when another screen is looked at. */
export const keyTree = new KeyTree();
