// What happened by itself and concerns the person: the node's health, groups that
// lost their leader, long work that ended. Kept in a list behind the bell, with
// the number of those not yet looked at.
import type { NodeStatus } from '../api/node';
import type { Task } from '../api/tasks';

/** Alerts that are kept; the oldest go first. */
export const MaxAlerts = 100;

/** What an alert is about; the words are the language's. */
export type Event =
  | { kind: 'health'; state: string; parts: string[] }
  | { kind: 'leader'; group: string; lost: boolean }
  | { kind: 'open'; address: string }
  | { kind: 'task'; title: string; state: string; said: string };

/** One line behind the bell. */
export interface Alert {
  id: number;
  time: number;
  event: Event;
  seen: boolean;
}

/** Whether an alert tells of something bad. */
export function isBad(event: Event): boolean {
  if (event.kind === 'health') return event.state !== 'ok';
  if (event.kind === 'leader') return event.lost;
  return event.kind === 'open' || event.state === 'failed';
}

/** Whether the gateway can be used by strangers: from outside, or without a credential. */
export const exposed = (status: NodeStatus): boolean =>
  status.gateway !== '' && (status.gateway_open || !status.gateway_auth);

const leaderless = (status: NodeStatus | null): Set<string> =>
  new Set(status?.groups.filter((g) => g.awake && g.leader === '').map((g) => g.name));

/** What changed between two looks at the node. The first look tells of trouble only. */
export function nodeEvents(before: NodeStatus | null, after: NodeStatus): Event[] {
  const events: Event[] = [];
  const parts = after.checks.filter((c) => c.state === 'degraded' || c.state === 'down').map((c) => c.name);
  const same = before === null ? after.state === 'ok' : before.state === after.state;
  if (!same) events.push({ kind: 'health', state: after.state, parts });
  const [was, is] = [leaderless(before), leaderless(after)];
  for (const group of is) if (!was.has(group)) events.push({ kind: 'leader', group, lost: true });
  // A group that went to sleep meanwhile has no leader and no trouble.
  const awake = new Set(after.groups.filter((g) => g.awake).map((g) => g.name));
  for (const group of was) if (!is.has(group) && awake.has(group)) events.push({ kind: 'leader', group, lost: false });
  if (exposed(after) && (before === null || !exposed(before))) events.push({ kind: 'open', address: after.gateway });
  return events;
}

/** Tasks that ended between two looks at the list. */
export function taskEvents(before: Task[], after: Task[]): Event[] {
  const running = new Set(before.filter((t) => t.state === 'running').map((t) => t.id));
  return after
    .filter((t) => t.state !== 'running' && running.has(t.id))
    .map(({ title, state, error, result }) => ({ kind: 'task', title, state, said: error || result }));
}

/** The list behind the bell. */
export class Alerts {
  list = $state.raw<Alert[]>([]);
  unread = $derived(this.list.filter((a) => !a.seen).length);
  /** Since when a group has had no leader, and under `peers` since when no other node has been in sight. */
  since = $state.raw<Readonly<Record<string, number | undefined>>>({});
  #next = 1;
  #status: NodeStatus | null = null;
  #tasks: Task[] = [];

  /** Takes the newest status and tasks, and notes what changed. */
  follow(status: NodeStatus | null, tasks: Task[]): void {
    const time = Date.now();
    const events = status === null ? [] : nodeEvents(this.#status, status);
    if (status !== null) this.#time(status, time);
    events.push(...taskEvents(this.#tasks, tasks));
    this.#status = status ?? this.#status;
    this.#tasks = tasks;
    if (events.length === 0) return;
    const fresh = events.map((event) => ({ id: this.#next++, time, event, seen: false }));
    this.list = [...fresh.reverse(), ...this.list].slice(0, MaxAlerts);
  }

  #time(status: NodeStatus, time: number): void {
    const now = [...leaderless(status), ...(status.peers === 0 ? ['peers'] : [])];
    const before = this.since;
    if (now.length === Object.keys(before).length && now.every((name) => name in before)) return;
    this.since = Object.fromEntries(now.map((name) => [name, before[name] ?? time]));
  }

  /** All were looked at. */
  see(): void {
    if (this.unread > 0) this.list = this.list.map((a) => ({ ...a, seen: true }));
  }

  clear(): void {
    this.list = [];
  }
}

/** The app's alerts. */
export const alerts = new Alerts();
