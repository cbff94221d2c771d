// Who one is in the network: sign-ins, namespaces, grants, keys, apps.
import * as Identity from '../wailsjs/go/api/Identity';
import { call, type Plain } from './call';

/** Whom a call acts as: who runs the node, or the wallet that is signed in. */
export type As = 'operator' | 'account';
export type SignInSession = Plain<Awaited<ReturnType<typeof Identity.Sessions>>>[number];
export type NamespaceRole = Plain<Awaited<ReturnType<typeof Identity.Namespaces>>>[number];
export type Grant = Plain<Awaited<ReturnType<typeof Identity.Grants>>>[number];
export type Key = Plain<Awaited<ReturnType<typeof Identity.Keys>>>[number];
export type MadeKey = Plain<Awaited<ReturnType<typeof Identity.CreateKey>>>;
export type NewKey = Plain<Parameters<typeof Identity.CreateKey>[2]>;
export type RegisteredApp = Plain<Awaited<ReturnType<typeof Identity.Apps>>>[number];
export type NodeIdentity = Plain<Awaited<ReturnType<typeof Identity.Node>>>;

export const sessions = (): Promise<SignInSession[]> => call(Identity.Sessions());
export const revokeSession = (id: string): Promise<void> => call(Identity.RevokeSession(id));
export const revokeAllSessions = (): Promise<number> => call(Identity.RevokeAllSessions());
export const namespaces = (as: As): Promise<NamespaceRole[]> => call(Identity.Namespaces(as));
export const createNamespace = (as: As, name: string): Promise<NamespaceRole> =>
  call(Identity.CreateNamespace(as, name));
export const grants = (as: As, namespace: string): Promise<Grant[]> => call(Identity.Grants(as, namespace));
export const grant = (as: As, namespace: string, wallet: string, role: string): Promise<void> =>
  call(Identity.Grant(as, namespace, wallet, role));
export const checkAddress = (text: string): Promise<string> => call(Identity.CheckAddress(text));
export const keys = (as: As, namespace: string): Promise<Key[]> => call(Identity.Keys(as, namespace));
export const createKey = (as: As, namespace: string, key: NewKey): Promise<MadeKey> =>
  call(Identity.CreateKey(as, namespace, key));
export const revokeKey = (as: As, namespace: string, id: string): Promise<void> =>
  call(Identity.RevokeKey(as, namespace, id));
export const apps = (as: As, namespace: string): Promise<RegisteredApp[]> => call(Identity.Apps(as, namespace));
export const createApp = (as: As, namespace: string, name: string, publicKey: string): Promise<RegisteredApp> =>
  call(Identity.CreateApp(as, namespace, name, publicKey));
export const deleteApp = (as: As, namespace: string, id: string): Promise<void> =>
  call(Identity.DeleteApp(as, namespace, id));
export const nodeIdentity = (): Promise<NodeIdentity> => call(Identity.Node());
