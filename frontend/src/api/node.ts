// The node: state of its parts, log, configuration.
import * as Node from '../wailsjs/go/api/Node';
import { call, type Plain } from './call';

export type NodeStatus = Plain<Awaited<ReturnType<typeof Node.Status>>>;
export type Check = NodeStatus['checks'][number];
export type Group = NodeStatus['groups'][number];
export type LogLine = Plain<Awaited<ReturnType<typeof Node.Logs>>>[number];
export type ConfigValue = Plain<Awaited<ReturnType<typeof Node.Config>>>[number];
export type LogQuery = Plain<Parameters<typeof Node.Logs>[0]>;

/** Everything the node says about itself. */
export const getStatus = (): Promise<NodeStatus> => call(Node.Status());

/** Lines of the log, newest last. */
export const getLogs = (query: LogQuery): Promise<LogLine[]> => call(Node.Logs(query));

/** The level of each part that has one of its own. */
export const getLogLevels = (): Promise<Record<string, string>> => call(Node.LogLevels());

/** Sets how much one part tells, until the node ends. */
export const setLogLevel = (part: string, level: string): Promise<void> => call(Node.SetLogLevel(part, level));

/** The configuration as it is in effect, and where each value came from. */
export const getConfig = (): Promise<ConfigValue[]> => call(Node.Config());
