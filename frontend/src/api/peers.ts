// Other nodes as this one knows them, and the ways between them.
import * as Peers from '../wailsjs/go/api/Peers';
import { call, type Plain } from './call';

export type Peer = Plain<Awaited<ReturnType<typeof Peers.List>>>[number];
export type Me = Plain<Awaited<ReturnType<typeof Peers.Me>>>;
export type PathMatrix = Plain<Awaited<ReturnType<typeof Peers.Matrix>>>;
export type PathChange = Plain<Awaited<ReturnType<typeof Peers.Timeline>>>[number];
export type Finding = Plain<Awaited<ReturnType<typeof Peers.Doctor>>>[number];
export type PathReason = Plain<Awaited<ReturnType<typeof Peers.Why>>>;
export type Gossip = Plain<Awaited<ReturnType<typeof Peers.Gossip>>>;
export type Traffic = Plain<Awaited<ReturnType<typeof Peers.Traffic>>>;

/** Dialling may wait for several addresses, each until its time is up. */
const MaxDialMs = 60_000;
/** The doctor writes to the disk and asks others. */
const MaxDoctorMs = 60_000;

/** Connected peers first, then those only known. */
export const listPeers = (): Promise<Peer[]> => call(Peers.List());

/** Dials a multiaddress that ends in /p2p/<id>. */
export const connectPeer = (address: string): Promise<void> => call(Peers.Connect(address), MaxDialMs);

/** Ends all connections to a peer. */
export const disconnectPeer = (id: string): Promise<void> => call(Peers.Disconnect(id));

/** Gives a peer a name that only this node knows; '' takes it back. */
export const namePeer = (id: string, name: string): Promise<void> => call(Peers.SetName(id, name));

/** Dials it again whenever it is lost, or ends that. */
export const keepPeer = (id: string, on: boolean): Promise<void> => call(Peers.Keep(id, on));

/** Cuts it off and lets it in no more, or ends that. */
export const blockPeer = (id: string, on: boolean): Promise<void> => call(Peers.Block(id, on));

/** Drops what is remembered of a peer that is not connected. */
export const forgetPeer = (id: string): Promise<void> => call(Peers.Forget(id));

/** Milliseconds that one answer takes. */
export const pingPeer = (id: string): Promise<number> => call(Peers.Ping(id));

/** Says that somebody looks, so that the node measures more often for a while. */
export const look = (): Promise<void> => call(Peers.Look());

/** Who measured whom. */
export const getMatrix = (): Promise<PathMatrix> => call(Peers.Matrix());

/** Changes of paths in the last hours, oldest first. */
export const getTimeline = (hours: number): Promise<PathChange[]> => call(Peers.Timeline(hours));

/** Examines how this node can be reached. */
export const runDoctor = (): Promise<Finding[]> => call(Peers.Doctor(), MaxDoctorMs);

/** Why the way to a peer is what it is. */
export const whyPath = (id: string): Promise<PathReason> => call(Peers.Why(id));

/** This node as others see it. */
export const getMe = (): Promise<Me> => call(Peers.Me());

/** What moved since the node started, by protocol. */
export const getTraffic = (): Promise<Traffic> => call(Peers.Traffic());

/** How the node finds others and hears from them. */
export const getGossip = (): Promise<Gossip> => call(Peers.Gossip());
