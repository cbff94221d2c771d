// Long work; it lives in the node and outlives this page.
import * as Tasks from '../wailsjs/go/api/Tasks';
import { call, type Plain } from './call';

export type Task = Plain<Awaited<ReturnType<typeof Tasks.List>>>[number];

/** All tasks that are kept, newest first. */
export const listTasks = (): Promise<Task[]> => call(Tasks.List());

/** Asks a task to end. */
export const cancelTask = (id: string): Promise<void> => call(Tasks.Cancel(id));

/** Takes a finished task off the list. */
export const dismissTask = (id: string): Promise<void> => call(Tasks.Dismiss(id));
