// A hostile page in a real browser, against a gateway that asks for no
// credential: the worst that a person on loopback can have configured. The page
// tries everything that pages can send, under its own name that now resolves to
// the node (DNS rebinding) and across origins. The verdict is what passed on the
// wire, what the page could read, and the node's state.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { launch } from './support/page';
import { Wire } from './support/wire';

const canary = 'canary-4711';
const page = '<!doctype html><title>evil</title><p>evil';

/** How each attack must be seen on the wire: from the page's own origin, and across. */
const vectors: Record<string, [own: string, across: string]> = {
  'fetch get': ['GET', 'GET'],
  'fetch get opaque': ['GET', 'GET'],
  'fetch with a key': ['GET', 'OPTIONS'],
  'fetch json': ['POST', 'OPTIONS'],
  'fetch octets': ['PUT', 'OPTIONS'],
  'fetch text': ['POST', 'POST'],
  'fetch form': ['POST', 'POST'],
  'fetch no type': ['POST', 'POST'],
  'fetch sql': ['POST', 'POST'],
  'fetch delete': ['POST', 'POST'],
  'fetch grants': ['DELETE', 'OPTIONS'],
  'form text/plain': ['POST', 'POST'],
  'form application/x-www-form-urlencoded': ['POST', 'POST'],
  'form multipart/form-data': ['POST', 'POST'],
  'form get': ['GET', 'GET'],
  'beacon text': ['POST', 'POST'],
  'beacon json': ['POST', 'OPTIONS'],
  img: ['GET', 'GET'],
  script: ['GET', 'GET'],
  iframe: ['GET', 'GET'],
  embed: ['GET', 'GET'],
  video: ['GET', 'GET'],
  style: ['GET', 'GET'],
  socket: ['GET', 'GET'],
  'socket of rows': ['GET', 'GET'],
  events: ['GET', 'GET'],
};

let browser: Browser;
let node: TestNode;
let evil: Wire;
let straight: Wire;

beforeAll(async () => {
  [browser, node] = await Promise.all([
    launch(['--host-resolver-rules=MAP evil.test 127.0.0.1']),
    // The wire has another port than the gateway; the name is the one that loopback has.
    TestNode.start({ '--require-auth': 'false', '--allowed-hosts': '127.0.0.1' }),
  ]);
  await node.command('kv', 'put', 'secret', canary);
  [evil, straight] = await Promise.all([Wire.to(node.run.gateway, page), Wire.to(node.run.gateway)]);
});
afterAll(async () => {
  await browser.close();
  await Promise.all([evil.close(), straight.close()]);
  await node.close();
});

/** Nothing has changed: one key with its value, and no table. */
async function untouched(): Promise<void> {
  expect(await node.command('kv', 'get', 'secret')).toBe(canary);
  expect((await node.command('kv', 'ls', '-o', 'jsonl')).trim().split('\n')).toHaveLength(1);
  const schema = await fetch(`${node.run.gateway}/v1/db/schema`);
  expect(await schema.json()).toEqual({ tables: [] });
}

/** Attacks a base from the hostile page, and waits until all of it was sent. */
async function attackBy(base: string, wire: Wire, way: 0 | 1): Promise<void> {
  const context = await browser.newContext();
  const at = await context.newPage();
  evil.page = page;
  await at.goto(`http://evil.test:${String(evil.port)}`);
  evil.page = undefined; // from now on the name leads to the node
  const read = await at.evaluate(attack, base);
  expect(read.filter((text) => text.includes(canary))).toEqual([]);
  const missing = () => {
    const seen = new Set(wire.exchanges().map((e) => `${e.method} ${e.vector}`));
    return Object.entries(vectors)
      .map(([name, methods]) => `${methods[way]} ${name}`)
      .filter((line) => !seen.has(line));
  };
  await expect.poll(missing, { timeout: 15_000 }).toEqual([]);
  await expect.poll(() => wire.exchanges().filter((e) => e.status === 0), { timeout: 15_000 }).toEqual([]);
  await context.close();
}

/** Every attack was answered, each with a refusal, and not one byte of the secret came back. */
function refused(wire: Wire): void {
  const attacks = wire.exchanges().filter((e) => e.vector !== '');
  expect(attacks.length).toBeGreaterThanOrEqual(Object.keys(vectors).length);
  expect(attacks.filter((e) => e.status !== 403)).toEqual([]);
  expect(wire.told().includes(canary)).toBe(false);
}

test('is refused whatever it sends under a name that was rebound', async () => {
  await attackBy(`http://evil.test:${String(evil.port)}`, evil, 0);
  refused(evil);
  await untouched();
});

test('is refused whatever it sends across origins', async () => {
  await attackBy(`http://127.0.0.1:${String(straight.port)}`, straight, 1);
  refused(straight);
  // What needs leave was not sent after leave was refused.
  for (const { method, vector } of straight.exchanges())
    if (vectors[vector]?.[1] === 'OPTIONS') expect(method).toBe('OPTIONS');
  await untouched();
});

test('the same requests do their work when no page sends them', async () => {
  const base = `http://127.0.0.1:${String(straight.port)}`;
  expect(await (await fetch(`${base}/v1/storage/get?key=secret`)).text()).toBe(canary);
  const json = JSON.stringify({ key: 'fair', value: 'fair' });
  const headers = { 'Content-Type': 'application/json' };
  expect((await fetch(`${base}/v1/storage/put`, { method: 'POST', body: json, headers })).status).toBe(201);
  expect(await node.command('kv', 'get', 'fair')).toBe('fair');
});

/** Runs in the page: everything that it could read of the node. */
async function attack(base: string): Promise<string[]> {
  const read: string[] = [];
  const json = JSON.stringify({ key: 'evil', value: 'evil' });
  const sql = JSON.stringify({ sql: 'CREATE TABLE evil (x)' });
  const url = (path: string, vector: string) =>
    `${base}${path}${path.includes('?') ? '&' : '?'}v=${encodeURIComponent(vector)}`;
  const soon = (of: EventTarget, ...names: string[]) =>
    Promise.race([
      ...names.map(
        (name) =>
          new Promise((done) => {
            of.addEventListener(name, done, { once: true });
          }),
      ),
      new Promise((done) => setTimeout(done, 2000)),
    ]);
  const type = (name: string) => ({ 'Content-Type': name });
  const put = '/v1/storage/put?key=evil';
  const get = '/v1/storage/get?key=secret';
  const tries: [vector: string, path: string, how: RequestInit][] = [
    ['fetch get', get, {}],
    ['fetch get opaque', get, { mode: 'no-cors' }],
    ['fetch with a key', get, { headers: { 'X-API-Key': 'x' } }],
    ['fetch json', put, { method: 'POST', body: json, headers: type('application/json') }],
    ['fetch octets', '/v1/storage?key=evil', { method: 'PUT', body: 'x', headers: type('application/octet-stream') }],
    ['fetch text', '/v1/storage/put', { method: 'POST', body: json, headers: type('text/plain'), mode: 'no-cors' }],
    ['fetch form', put, { method: 'POST', body: new URLSearchParams({ key: 'evil' }), mode: 'no-cors' }],
    ['fetch no type', put, { method: 'POST', body: new Blob(['x']), mode: 'no-cors' }],
    ['fetch sql', '/v1/db/query', { method: 'POST', body: sql, headers: type('text/plain'), mode: 'no-cors' }],
    ['fetch delete', '/v1/storage/delete?key=secret', { method: 'POST', mode: 'no-cors' }],
    ['fetch grants', '/v1/namespaces/default/grants?subject=x', { method: 'DELETE' }],
  ];
  for (const [vector, path, how] of tries) {
    const answer = await fetch(url(path, vector), how).catch(() => undefined);
    read.push((await answer?.text().catch(() => '')) ?? '');
  }
  for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'get']) {
    const frame = document.createElement('iframe');
    frame.name = `f ${enctype}`;
    document.body.append(frame);
    const form = document.createElement('form');
    const method = enctype === 'get' ? 'get' : 'post';
    const action = method === 'get' ? `${base}/v1/storage/get` : url(put, `form ${enctype}`);
    Object.assign(form, { method, enctype, target: frame.name, action });
    // As text/plain it is a JSON object; as a query it names the key and the vector.
    const inputs = method === 'get' ? { key: 'secret', v: 'form get' } : { '{"key":"evil","value":"evil","x":"': '"}' };
    for (const [name, value] of Object.entries(inputs)) {
      const input = document.createElement('input');
      Object.assign(input, { type: 'hidden', name, value });
      form.append(input);
    }
    document.body.append(form);
    const loaded = soon(frame, 'load');
    form.submit();
    await loaded;
    read.push(frame.contentDocument?.documentElement.textContent ?? '');
  }
  navigator.sendBeacon(url('/v1/storage/put', 'beacon text'), json);
  navigator.sendBeacon(url('/v1/storage/put', 'beacon json'), new Blob([json], { type: 'application/json' }));
  for (const tag of ['img', 'script', 'iframe', 'embed', 'video'] as const) {
    const element = document.createElement(tag);
    const settled = soon(element, 'load', 'error', 'loadeddata');
    element.src = url(get, tag);
    document.body.append(element);
    await settled;
    if (element instanceof HTMLIFrameElement) read.push(element.contentDocument?.documentElement.textContent ?? '');
  }
  const style = document.createElement('link');
  const styled = soon(style, 'load', 'error');
  Object.assign(style, { rel: 'stylesheet', href: url(get, 'style') });
  document.head.append(style);
  await styled;
  const sockets = { socket: '/v1/pubsub/ws?topic=t', 'socket of rows': "/v1/db/subscribe?sql=SELECT+'canary-4711'" };
  for (const [vector, path] of Object.entries(sockets)) {
    const socket = new WebSocket(url(path, vector).replace('http', 'ws'));
    socket.onopen = () => read.push('canary-4711: a socket was opened');
    socket.onmessage = (event) => read.push(String(event.data));
    await soon(socket, 'open', 'error', 'close');
    socket.close();
  }
  const events = new EventSource(url('/v1/storage/watch?prefix=&since=0', 'events'));
  for (const name of ['message', 'put', 'open'])
    events.addEventListener(name, () => read.push('canary-4711: events were told'));
  await soon(events, 'open', 'error');
  events.close();
  return read;
}
