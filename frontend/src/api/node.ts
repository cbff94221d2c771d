// The node: state of its parts, log, configuration, gateway, backups, numbers.
import * as Node from '../wailsjs/go/api/Node';
import { call, type Plain } from './call';
import type { PageFile } from './files';

export type NodeStatus = Plain<Awaited<ReturnType<typeof Node.Status>>>;
export type Check = NodeStatus['checks'][number];
export type Group = NodeStatus['groups'][number];
export type LogLine = Plain<Awaited<ReturnType<typeof Node.Logs>>>[number];
export type LogQuery = Plain<Parameters<typeof Node.Logs>[0]>;
export type ConfigView = Plain<Awaited<ReturnType<typeof Node.Settings>>>;
export type ConfigKey = ConfigView['keys'][number];
export type ConfigChange = Plain<Parameters<typeof Node.SaveSettings>[0]>[number];
export type GatewayRequest = Plain<Awaited<ReturnType<typeof Node.Requests>>>[number];
export type Backups = Plain<Awaited<ReturnType<typeof Node.Backups>>>;
export type Sample = Plain<Awaited<ReturnType<typeof Node.History>>>[number];
export type SupportFile = Plain<Awaited<ReturnType<typeof Node.Support>>>[number];

/** Everything the node says about itself. */
export const getStatus = (): Promise<NodeStatus> => call(Node.Status());

/** Lines of the log, newest last. */
export const getLogs = (query: LogQuery): Promise<LogLine[]> => call(Node.Logs(query));

/** The level of each part that has one of its own. */
export const getLogLevels = (): Promise<Record<string, string>> => call(Node.LogLevels());

/** Sets how much one part tells, until the node ends. */
export const setLogLevel = (part: string, level: string): Promise<void> => call(Node.SetLogLevel(part, level));

/** The configuration as it runs, and as the next start will find it. */
export const getConfig = (): Promise<ConfigView> => call(Node.Settings());

/** Changes the configuration file, all keys together or none. */
export const saveConfig = (changes: ConfigChange[]): Promise<void> => call(Node.SaveSettings(changes as never));

/** Sets a key whose value nobody may see. */
export const saveSecret = (name: string, value: string): Promise<void> => call(Node.SaveSecret(name, value));

/** The gateway's last requests after a number, oldest first; '' for all that are kept. */
export const getRequests = (after: string): Promise<GatewayRequest[]> => call(Node.Requests(after));

/** The schedule of backups and its files, newest first. */
export const getBackups = (): Promise<Backups> => call(Node.Backups());

/** Backs up now; answers with the task's id. */
export const backupNow = (title: string): Promise<string> => call(Node.BackupNow(title));

/** Ends the node, and this page with it. */
export const stopNode = (): Promise<void> => call(Node.Stop());

/** The node's numbers of the last ten minutes, oldest first. */
export const getHistory = (): Promise<Sample[]> => call(Node.History());

/** What a support bundle would hold. */
export const getSupport = (): Promise<SupportFile[]> => call(Node.Support());

/** Writes a support bundle; answers with the task's id. */
export const saveSupport = (title: string, to: PageFile): Promise<string> => call(Node.SaveSupport(title, to as never));
