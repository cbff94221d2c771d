// The network that the node is in: members, groups, tickets, other networks.
import * as Network from '../wailsjs/go/api/Network';
import { call, type Plain } from './call';

export type Overview = Plain<Awaited<ReturnType<typeof Network.Overview>>>;
export type Ticket = Plain<Awaited<ReturnType<typeof Network.Invite>>>[number];
export type Invitation = Plain<Awaited<ReturnType<typeof Network.Read>>>;
export type Member = Overview['members'][number];
export type Placement = Overview['groups'][number];
export type NetworkInfo = Overview['network'];

/** Changing networks starts and stops databases. */
const MaxChangeMs = 60_000;
/** Leaving waits until the others have taken everything over. */
const MaxLeaveMs = 310_000;

export const overview = (): Promise<Overview> => call(Network.Overview());
/** Makes a ticket for each node; only this answer holds their secrets. */
export const invite = (hours: number, nodes: number): Promise<Ticket[]> => call(Network.Invite(hours, nodes));
/** What a ticket's text is for; it is not used by this. */
export const readTicket = (text: string): Promise<Invitation> => call(Network.Read(text));
export const revoke = (id: string): Promise<void> => call(Network.Revoke(id));
export const join = (ticket: string): Promise<void> => call(Network.Join(ticket), MaxChangeMs);
export const leave = (force: boolean): Promise<void> => call(Network.Leave(force), MaxLeaveMs);
export const use = (id: string): Promise<void> => call(Network.Use(id), MaxChangeMs);
export const rename = (id: string, name: string): Promise<void> => call(Network.Rename(id, name));
export const remove = (id: string): Promise<void> => call(Network.Remove(id), MaxChangeMs);
export const removeMember = (id: string): Promise<void> => call(Network.RemoveMember(id));
export const keepReplica = (namespace: string, keep: boolean): Promise<void> =>
  call(Network.KeepReplica(namespace, keep));
