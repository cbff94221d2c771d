// Sign-ins, namespaces with their grants, API keys and apps, in the name of
// whoever runs the node or of the wallet that is signed in.
import * as identityApi from '../api/identity';
import type {
  As,
  Grant,
  Key,
  MadeKey,
  NamespaceRole,
  NewKey,
  NodeIdentity,
  RegisteredApp,
  SignInSession,
} from '../api/identity';
import { overview, type Placement } from '../api/network';
import { toError } from '../api/call';
import { Loader } from './loader.svelte';

/** The roles, from most to least. */
export const Roles = ['owner', 'admin', 'writer', 'reader'] as const;

/** What an API key may do, from least to most. */
export const Scopes = ['read', 'write', 'schema', 'admin'] as const;

/** Whether a key can still be used. */
export function keyState(key: Key, now: number): 'good' | 'expired' | 'soon' {
  if (key.expires_at === '') return 'good';
  const left = Date.parse(key.expires_at) - now;
  if (left <= 0) return 'expired';
  return left < 7 * 86_400_000 ? 'soon' : 'good';
}

/** The node's reason, for a dialog that stays open. */
export const reason = (raw: unknown): string => toError(raw).message;

/** What the identity tabs show. */
export class Identity {
  as = $state<As>('operator');
  sessions = new Loader<SignInSession[]>();
  namespaces = new Loader<NamespaceRole[]>();
  grants = new Loader<Grant[]>();
  keys = new Loader<Key[]>();
  apps = new Loader<RegisteredApp[]>();
  node = new Loader<NodeIdentity>();
  /** Where namespaces lie; a guest does not know it. */
  placements = $state.raw<Placement[]>([]);
  #api: typeof identityApi;
  #overview: typeof overview;

  constructor(api = identityApi, network = overview) {
    this.#api = api;
    this.#overview = network;
  }

  /** Acts as another from now on; what the one before saw goes. */
  become(as: As): void {
    if (as === this.as) return;
    this.as = as;
    for (const loader of [this.namespaces, this.grants, this.keys, this.apps]) loader.clear();
  }

  loadSessions(): Promise<void> {
    return this.sessions.load(this.#api.sessions);
  }

  async loadNamespaces(): Promise<void> {
    await this.namespaces.load(() => this.#api.namespaces(this.as));
    try {
      this.placements = (await this.#overview()).groups;
    } catch {
      this.placements = [];
    }
  }

  placement(namespace: string): Placement | undefined {
    return this.placements.find((one) => one.namespace === namespace);
  }

  loadGrants(namespace: string): Promise<void> {
    return this.grants.load(() => this.#api.grants(this.as, namespace));
  }

  loadKeys(namespace: string): Promise<void> {
    return this.keys.load(() => this.#api.keys(this.as, namespace));
  }

  loadApps(namespace: string): Promise<void> {
    return this.apps.load(() => this.#api.apps(this.as, namespace));
  }

  loadNode(): Promise<void> {
    return this.node.load(this.#api.nodeIdentity);
  }

  async revokeSession(id: string): Promise<void> {
    await this.#api.revokeSession(id);
    await this.loadSessions();
  }

  async revokeAllSessions(): Promise<number> {
    const count = await this.#api.revokeAllSessions();
    this.sessions.clear();
    return count;
  }

  async createNamespace(name: string): Promise<NamespaceRole> {
    const made = await this.#api.createNamespace(this.as, name);
    await this.loadNamespaces();
    return made;
  }

  checkAddress(text: string): Promise<string> {
    return this.#api.checkAddress(text);
  }

  /** Gives a wallet a role; '' takes it away. The answer undoes it. */
  async grant(namespace: string, wallet: string, role: string): Promise<() => Promise<void>> {
    const before = this.grants.data?.find((one) => one.subject === wallet)?.role ?? '';
    const set = async (to: string) => {
      await this.#api.grant(this.as, namespace, wallet, to);
      await this.loadGrants(namespace);
    };
    await set(role);
    return () => set(before);
  }

  async createKey(namespace: string, key: NewKey): Promise<MadeKey> {
    const made = await this.#api.createKey(this.as, namespace, key);
    await this.loadKeys(namespace);
    return made;
  }

  async revokeKey(namespace: string, id: string): Promise<void> {
    await this.#api.revokeKey(this.as, namespace, id);
    await this.loadKeys(namespace);
  }

  async createApp(namespace: string, name: string, publicKey: string): Promise<RegisteredApp> {
    const made = await this.#api.createApp(this.as, namespace, name, publicKey);
    await this.loadApps(namespace);
    return made;
  }

  async deleteApp(namespace: string, id: string): Promise<void> {
    await this.#api.deleteApp(this.as, namespace, id);
    await this.loadApps(namespace);
  }
}

/** The identity tabs, which share whom they act as. */
export const identity = new Identity();
