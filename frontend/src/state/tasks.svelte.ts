// Long work in the node, as the task centre shows it.
import { listen } from '../api/events';
import * as tasksApi from '../api/tasks';
import type { Task } from '../api/tasks';
import { Loader } from './loader.svelte';

type Ended = (task: Task) => void;

/** The list of tasks, kept up to date by events. */
export class Tasks {
  list = new Loader<Task[]>();
  #api: typeof tasksApi;
  #waiting = new Map<string, Ended>();

  constructor(api = tasksApi) {
    this.#api = api;
  }

  get running(): Task[] {
    return (this.list.data ?? []).filter((t) => t.state === 'running');
  }

  /** Follows the node's tasks; the answer ends it. */
  start(): () => void {
    const stop = listen<Task[]>(
      'tasks',
      (tasks) => {
        this.take(tasks);
      },
      () => void this.refresh(),
    );
    void this.refresh();
    return stop;
  }

  /** Takes the newest list and wakes who waits for an end. */
  take(tasks: Task[]): void {
    this.list.set(tasks);
    for (const task of tasks) {
      if (task.state === 'running') continue;
      const ended = this.#waiting.get(task.id);
      this.#waiting.delete(task.id);
      ended?.(task);
    }
  }

  async refresh(): Promise<void> {
    await this.list.load(async () => {
      const tasks = await this.#api.listTasks();
      queueMicrotask(() => {
        this.take(tasks);
      });
      return tasks;
    });
  }

  /** Resolves with the task when it is over, however it ended. */
  async ended(id: string): Promise<Task> {
    const over = new Promise<Task>((resolve) => this.#waiting.set(id, resolve));
    // It may have ended before anybody listened.
    await this.refresh();
    return over;
  }

  cancel(id: string): Promise<void> {
    return this.#api.cancelTask(id);
  }

  async dismiss(id: string): Promise<void> {
    await this.#api.dismissTask(id);
    this.list.set((this.list.data ?? []).filter((t) => t.id !== id));
  }
}

/** The app's tasks. */
export const tasks = new Tasks();
