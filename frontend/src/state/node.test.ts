import { describe, expect, test, vi } from 'vitest';
import type { ConfigKey, GatewayRequest, Group, Sample } from '../api/node';
import { companions, configCommand, ConfigState, wayBack } from './config.svelte';
import { HistoryState } from './history.svelte';
import { MaxRequests, passes, Requests } from './requests.svelte';
import { nodeSizes, parseSize } from './sizes';

const key = (name: string, over: Partial<ConfigKey> = {}): ConfigKey => ({
  name,
  value: 'now',
  origin: 'default',
  help: '',
  default: 'd',
  kind: 'text',
  choices: [],
  environment: '',
  flag: '',
  secret: false,
  in_file: false,
  next: 'now',
  restart: false,
  overruled: false,
  ...over,
});

// A setting that cannot be found, or an undo that sets another value, makes people afraid to change any.
describe('settings', () => {
  const keys = [
    key('gateway.addr', { help: 'host:port of the gateway' }),
    key('logging.level', { origin: 'node.yaml line 2', in_file: true }),
    key('ui.addr', { restart: true, in_file: true, next: 'later' }),
  ];
  const api = () => ({
    getConfig: vi.fn(() => Promise.resolve({ path: 'node.yaml', keys })),
    saveConfig: vi.fn(() => Promise.resolve()),
    saveSecret: vi.fn(() => Promise.resolve()),
  });

  test.each([
    ['', 'all', ['gateway.addr', 'logging.level', 'ui.addr']],
    ['GATEWAY port', 'all', ['gateway.addr']],
    ['later', 'all', ['ui.addr']],
    ['', 'changed', ['logging.level', 'ui.addr']],
    ['', 'waiting', ['ui.addr']],
    ['level', 'waiting', []],
  ] as const)('"%s" in %s', async (search, scope, want) => {
    const config = new ConfigState(api());
    await config.load();
    expect(config.matching(search, scope).map((k) => k.name)).toEqual(want);
  });

  test('what was saved is looked at again; a refusal is not swallowed', async () => {
    const a = api();
    const config = new ConfigState(a);
    await config.save([{ name: 'ui.addr', value: 'x', reset: false }]);
    expect(a.getConfig).toHaveBeenCalledOnce();
    a.saveConfig.mockRejectedValueOnce(new Error('it is bad'));
    await expect(config.save([])).rejects.toThrow('it is bad');
  });

  test.each([
    ['a value that was the default', key('a'), { name: 'a', value: '', reset: true }],
    ['a value of the file', key('a', { in_file: true, next: 'old' }), { name: 'a', value: 'old', reset: false }],
    ['a secret', key('a', { in_file: true, secret: true }), null],
    ['what a flag hides', key('a', { in_file: true, overruled: true }), null],
  ])('the way back of %s', (_, of, want) => {
    expect(wayBack(of)).toEqual(want);
  });

  test('the command is the same act, without a secret in it', () => {
    const change = (name: string, value: string) => ({ name, value, reset: false });
    expect(configCommand([change('a', '1'), change('b', '2')], false)).toEqual(['config', 'set', 'a', '1', 'b', '2']);
    expect(configCommand([change('a', 'hunter2')], true)).toEqual(['config', 'set', 'a', '-']);
    expect(companions('gateway.tls_key')).toContain('gateway.tls_certificate');
    expect(companions('gateway.addr')).toEqual([]);
  });
});

const request = (seq: number, over: Partial<GatewayRequest> = {}): GatewayRequest => ({
  seq: String(seq),
  time: '',
  method: 'GET',
  route: '/v1/version',
  status: 200,
  took_ms: 1,
  account: '',
  code: '',
  request_id: `id${String(seq)}`,
  ...over,
});

// A list of requests that repeats or loses them hides who knocks.
describe('requests', () => {
  test('each comes once, the newest first, and there is an end to them', async () => {
    const answers = [[request(1), request(2)], [request(3)], []];
    const getRequests = vi.fn((_after: string) => Promise.resolve(answers.shift() ?? []));
    const requests = new Requests({ getRequests });
    for (let i = 0; i < 3; i++) await requests.refresh();
    expect(requests.list.data?.map((r) => r.seq)).toEqual(['3', '2', '1']);
    expect(getRequests.mock.calls.map(([after]) => after)).toEqual(['', '2', '3']);
    answers.push(Array.from({ length: MaxRequests + 9 }, (_, i) => request(i + 4)));
    await requests.refresh();
    expect(requests.list.data).toHaveLength(MaxRequests);
  });

  test.each([
    [{ failed: true, search: '' }, { status: 200 }, false],
    [{ failed: true, search: '' }, { status: 404 }, true],
    [{ failed: false, search: 'VERSION' }, {}, true],
    [{ failed: false, search: 'denied' }, { code: 'denied', status: 403 }, true],
    [{ failed: false, search: 'put' }, {}, false],
  ])('%o for %o: %s', (filter, over, want) => {
    expect(passes(request(1, over), filter)).toBe(want);
  });
});

test('a curve is the samples of one number, in their order', async () => {
  const sample = (goroutines: number) => ({ goroutines }) as Sample;
  const history = new HistoryState({ getHistory: () => Promise.resolve([sample(3), sample(5)]) });
  expect(history.curve('goroutines')).toEqual([]);
  await history.refresh();
  expect(history.curve('goroutines')).toEqual([3, 5]);
});

// A disk that is full stops every write; whoever owns it should have been told.
describe('storage', () => {
  test.each([
    ['10GB', 10e9],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['512', 512],
    ['0', null],
    ['much', null],
    ['', null],
  ])('%s', (text, want) => {
    expect(parseSize(text)).toBe(want);
  });

  test('the largest comes first, compared with itself', () => {
    const group = (name: string, size: string): Group => ({
      name,
      size,
      awake: true,
      state: '',
      leader: '',
      index: '',
      commit_index: '',
    });
    const { rows, share } = nodeSizes([group('ns::a', '25'), group('ns::b', '100')], '125', '1kB');
    expect(rows).toEqual([
      { name: 'b', size: 100, share: 1 },
      { name: 'a', size: 25, share: 0.25 },
    ]);
    expect(share).toBe(0.125);
    expect(nodeSizes([], '5', '').most).toBeNull();
  });
});
