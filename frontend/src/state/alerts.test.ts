import { describe, expect, test, vi } from 'vitest';
import type { Group, NodeStatus } from '../api/node';
import type { Overview } from '../api/network';
import type { Task } from '../api/tasks';
import { Earlier } from './activity.svelte';
import { Alerts, exposed, MaxAlerts, nodeEvents, taskEvents } from './alerts.svelte';
import { Notices } from './notices.svelte';
import { Place } from './place.svelte';

const group = (name: string, leader: string, awake = true): Group => ({
  name,
  awake,
  state: awake ? 'follower' : 'asleep',
  leader,
  index: '1',
  commit_index: '1',
  size: '0',
});

const status = (over: Partial<NodeStatus> = {}): NodeStatus => ({
  state: 'ok',
  took_ms: 1,
  checks: [],
  peer_id: 'me',
  name: '',
  network: 'n',
  solana_wallet: '',
  role: 'member',
  version: '',
  started_at: '',
  addresses: [],
  gateway: 'http://127.0.0.1:1',
  gateway_open: false,
  gateway_auth: true,
  gateway_tls: false,
  ui: '',
  data_dir: '',
  peers: 1,
  relayed: 0,
  reachability: '',
  proxy: { name: '', state: 'off', detail: '' },
  database_size: '0',
  groups: [],
  goroutines: 1,
  memory_bytes: '1',
  descriptors: 1,
  ...over,
});

const task = (id: string, state: string, over: Partial<Task> = {}): Task => ({
  id,
  kind: 'x',
  title: `task ${id}`,
  phase: '',
  state,
  done: 0,
  total: 0,
  unit: '',
  rate: 0,
  eta_seconds: 0,
  cancellable: false,
  error: '',
  code: '',
  result: '',
  file_id: '',
  file_name: '',
  started_at: '',
  ended_at: '',
  ...over,
});

// A warning that is missed costs data; one that cries at every look is not read.
describe('alerts', () => {
  test('what was well and is well is no news; trouble at the first look is', () => {
    expect(nodeEvents(null, status())).toEqual([]);
    expect(nodeEvents(status(), status())).toEqual([]);
    const ill = status({ state: 'down', checks: [{ name: 'database', state: 'down', detail: '' }] });
    expect(nodeEvents(null, ill)).toEqual([{ kind: 'health', state: 'down', parts: ['database'] }]);
    expect(nodeEvents(ill, status())).toEqual([{ kind: 'health', state: 'ok', parts: [] }]);
  });

  test('a leader that goes and comes is told, a group that falls asleep is not', () => {
    const led = status({ groups: [group('ns::a', 'x')] });
    const lost = status({ groups: [group('ns::a', '')] });
    const asleep = status({ groups: [group('ns::a', '', false)] });
    expect(nodeEvents(led, lost)).toEqual([{ kind: 'leader', group: 'ns::a', lost: true }]);
    expect(nodeEvents(lost, led)).toEqual([{ kind: 'leader', group: 'ns::a', lost: false }]);
    expect(nodeEvents(led, asleep)).toEqual([]);
    expect(nodeEvents(lost, asleep)).toEqual([]);
  });

  test.each([
    ['closed and asking', {}, false],
    ['without authentication', { gateway_auth: false }, true],
    ['open to other computers', { gateway_open: true, gateway_tls: true }, true],
    ['off', { gateway: '', gateway_auth: false }, false],
  ])('the gateway %s: %s', (_, over, want) => {
    expect(exposed(status(over))).toBe(want);
    expect(nodeEvents(null, status(over)).some((e) => e.kind === 'open')).toBe(want);
  });

  test('a task is told once when it ends, and not when it was over before', () => {
    expect(taskEvents([], [task('a', 'done')])).toEqual([]);
    expect(taskEvents([task('a', 'running')], [task('a', 'failed', { error: 'full' })])).toEqual([
      { kind: 'task', title: 'task a', state: 'failed', said: 'full' },
    ]);
  });

  test('unread ones are counted until they were seen; the list is bounded', () => {
    const alerts = new Alerts();
    for (let i = 0; i <= MaxAlerts; i++) {
      alerts.follow(status({ state: i % 2 === 0 ? 'degraded' : 'ok' }), []);
    }
    expect(alerts.list).toHaveLength(MaxAlerts);
    expect(alerts.unread).toBe(MaxAlerts);
    alerts.see();
    expect(alerts.unread).toBe(0);
  });

  test('"since" stays what it was while the trouble lasts, and goes with it', () => {
    vi.useFakeTimers({ now: 1000 });
    const alerts = new Alerts();
    alerts.follow(status({ peers: 0, groups: [group('ns::a', '')] }), []);
    vi.setSystemTime(9000);
    alerts.follow(status({ peers: 0, groups: [group('ns::a', '')] }), []);
    expect(alerts.since).toEqual({ 'ns::a': 1000, peers: 1000 });
    alerts.follow(status({ groups: [group('ns::a', '')] }), []);
    expect(alerts.since).toEqual({ 'ns::a': 1000 });
    vi.useRealTimers();
  });
});

// The list of what was done is worth something only if it outlives the page.
describe('activity', () => {
  test('whatever is told is kept, with what is needed to find it', async () => {
    const kept: unknown[] = [];
    const notices = new Notices(undefined, (line) => kept.push(line));
    notices.tell({ text: 'Deleted a', namespace: 'red', index: '7' });
    await notices.attempt(() => Promise.reject(new Error('no')));
    expect(kept).toEqual([
      { time: '', failed: false, text: 'Deleted a', namespace: 'red', index: '7' },
      { time: '', failed: true, text: 'no', namespace: '', index: '' },
    ]);
  });

  test('lines of this visit are not shown twice', async () => {
    const line = (time: string) => ({ time, failed: false, text: time, namespace: '', index: '' });
    const earlier = new Earlier(
      {
        getActivities: () => Promise.resolve([line('2026-01-02T00:00:00Z'), line('2026-01-01T00:00:00Z')]),
        forgetActivities: () => Promise.resolve(),
      },
      Date.parse('2026-01-01T12:00:00Z'),
    );
    await earlier.find('');
    expect(earlier.lines.data?.map((l) => l.text)).toEqual(['2026-01-01T00:00:00Z']);
    await earlier.forget();
    expect(earlier.lines.data).toEqual([]);
  });
});

// Somebody who is named as missing and is there, or the other way round, sends people to the wrong machine.
test('who is missing: those not connected, and all when there is no peer at all', async () => {
  const member = (id: string, connected: boolean, self = false) => ({ id, name: '', connected, self });
  const answer = {
    networks: [{ id: 'abcdefghij', name: '', current: true }],
    members: [member('me', true, true), member('there', true), member('away', false)],
  };
  const place = new Place({ overview: () => Promise.resolve(answer as unknown as Overview) });
  expect(place.name).toBe('');
  await place.refresh();
  expect(place.name).toBe('abcdefgh');
  expect(place.missing(1).map((one) => one.id)).toEqual(['away']);
  expect(place.missing(0).map((one) => one.id)).toEqual(['there', 'away']);
});
