// A hostile page in a real browser, against a gateway that asks for no
// credential: the worst that a person on loopback can have configured. The page
// tries everything that pages can send, under its own name that now resolves to
// the node (DNS rebinding) and across origins. The verdict is the node's state.
import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { launch } from './support/page';

let browser: Browser;
let node: TestNode;
let evil: Server;
let spliced = 0;

const page = '<!doctype html><title>evil</title><p>evil';

/** Answers as a web server first, then passes every byte to the node. */
function rebinding(gateway: URL): Server {
  let served = false;
  return createServer((socket) => {
    socket.on('error', () => socket.destroy());
    if (!served) {
      served = true;
      socket.once('data', () => {
        socket.end(
          `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${String(page.length)}\r\nConnection: close\r\n\r\n${page}`,
        );
      });
      return;
    }
    spliced++;
    const to = connect(Number(gateway.port), gateway.hostname);
    to.on('error', () => socket.destroy());
    socket.pipe(to).pipe(socket);
  });
}

beforeAll(async () => {
  [browser, node] = await Promise.all([
    launch(['--host-resolver-rules=MAP evil.test 127.0.0.1']),
    TestNode.start({ '--require-auth': 'false' }),
  ]);
  await node.command('kv', 'put', 'secret', 'canary-4711');
  evil = rebinding(new URL(node.run.gateway));
  await new Promise<void>((done) => evil.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  await browser.close();
  await node.close();
  evil.close();
});

test('changes nothing and reads nothing, under its own name and across origins', async () => {
  const context = await browser.newContext();
  const at = await context.newPage();
  const name = `http://evil.test:${String((evil.address() as AddressInfo).port)}`;
  await at.goto(name);
  for (const base of [name, node.run.gateway]) {
    const read = await at.evaluate(attack, base);
    expect(read.filter((text) => text.includes('canary-4711'))).toEqual([]);
  }
  expect(spliced).toBeGreaterThan(5);
  expect(await node.command('kv', 'get', 'secret')).toBe('canary-4711');
  expect((await node.command('kv', 'ls', '-o', 'jsonl')).trim().split('\n')).toHaveLength(1);
  // The same requests do change it when no page sends them, so that the above says something.
  const put = await fetch(`${node.run.gateway}/v1/storage/put?key=fair`, {
    method: 'POST',
    body: 'x',
    headers: { 'Content-Type': 'application/octet-stream' },
  });
  expect(put.status).toBe(201);
  await context.close();
});

/** Runs in the page: everything that it could read of the node. */
async function attack(base: string): Promise<string[]> {
  const read: string[] = [];
  const json = JSON.stringify({ key: 'evil', value: 'evil' });
  const tries: RequestInit[] = [
    { method: 'GET' },
    { method: 'GET', mode: 'no-cors' },
    { method: 'POST', body: json, headers: { 'Content-Type': 'application/json' } },
    { method: 'POST', body: json, headers: { 'Content-Type': 'text/plain' }, mode: 'no-cors' },
    { method: 'POST', body: new URLSearchParams({ key: 'evil', value: 'evil' }), mode: 'no-cors' },
    { method: 'POST', body: json, headers: { 'X-API-Key': 'x' } },
    { method: 'PUT', body: 'evil', headers: { 'Content-Type': 'application/octet-stream' } },
  ];
  const paths = [
    '/v1/storage/get?key=secret',
    '/v1/storage/put?key=evil',
    '/v1/storage?key=evil',
    '/v1/storage/delete?key=secret',
    '/v1/db/query',
    '/health',
  ];
  for (const path of paths) {
    for (const how of tries) {
      const answer = await fetch(base + path, how).catch(() => undefined);
      read.push((await answer?.text().catch(() => '')) ?? '');
    }
  }
  for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const frame = document.createElement('iframe');
    frame.name = `f${enctype}`;
    document.body.append(frame);
    const form = document.createElement('form');
    Object.assign(form, { method: 'post', enctype, target: frame.name, action: `${base}/v1/storage/put?key=evil` });
    form.innerHTML = `<input name='{"key":"evil","value":"evil","x":"' value='"}'>`;
    document.body.append(form);
    const loaded = new Promise((done) => frame.addEventListener('load', done, { once: true }));
    form.submit();
    await Promise.race([loaded, new Promise((done) => setTimeout(done, 1000))]);
    read.push(frame.contentDocument?.documentElement.innerText ?? '');
  }
  navigator.sendBeacon(`${base}/v1/storage/put?key=evil`, json);
  for (const tag of ['img', 'script', 'iframe', 'embed'] as const) {
    const element = document.createElement(tag);
    element.src = `${base}/v1/storage/get?key=secret`;
    const settled = new Promise((done) => {
      element.addEventListener('load', done, { once: true });
      element.addEventListener('error', done, { once: true });
    });
    document.body.append(element);
    await Promise.race([settled, new Promise((done) => setTimeout(done, 1000))]);
    if (element instanceof HTMLIFrameElement) read.push(element.contentDocument?.documentElement.innerText ?? '');
  }
  const socket = new WebSocket(`${base.replace('http', 'ws')}/v1/pubsub/ws?topic=t`);
  read.push(
    await new Promise<string>((done) => {
      socket.onopen = () => done('canary-4711: a socket was opened');
      socket.onerror = () => done('');
    }),
  );
  const events = new EventSource(`${base}/v1/storage/watch?prefix=&since=0`);
  read.push(
    await new Promise<string>((done) => {
      events.onmessage = (event) => done(String(event.data));
      events.addEventListener('put', (event) => done(`canary-4711 ${String(event.data)}`));
      events.onerror = () => done('');
    }),
  );
  events.close();
  return read;
}
