// Peers: real nodes find each other by an address handed over by hand. What no
// test machine has, peers all over the world, is planted; see support/plant.ts.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { accessFaults, launch, leave, visit } from './support/page';
import { idOf, plant, planted } from './support/plant';

let browser: Browser;
let one: TestNode;
let two: TestNode;

beforeAll(async () => {
  browser = await launch();
  [one, two] = await Promise.all([TestNode.start(), TestNode.start()]);
});
afterAll(async () => {
  await browser.close();
  await Promise.all([one.close(), two.close()]);
});

const row = (page: Page, node: TestNode) => page.locator(`[data-peer="${node.run.peer_id}"]`);

/** Chooses a line of a peer's menu by keyboard. */
async function act(page: Page, node: TestNode, line: string | RegExp): Promise<void> {
  await row(page, node).locator('[aria-haspopup]').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: line, exact: true }).focus();
  await page.keyboard.press('Enter');
}

/** Makes sure that the two are connected. */
async function connected(page: Page): Promise<void> {
  await one.command('peers', 'connect', two.run.p2p[0]!);
  await row(page, two).getByText('connected', { exact: true }).waitFor();
}

test('connect by address, seen on both sides, disconnect', async () => {
  const here = await visit(browser, one, '#/peers');
  const there = await visit(browser, two, '#/peers');

  await there.page.getByRole('button', { name: 'My addresses' }).click();
  const address = await there.page.getByTestId('addresses').locator('code').first().innerText();
  expect(address).toBe(two.run.p2p[0]);
  await there.page.getByRole('img', { name: 'This address as a QR code' }).waitFor();
  await there.page.keyboard.press('Escape');

  await here.page.getByRole('button', { name: 'Connect', exact: true }).click();
  const dialog = here.page.getByRole('dialog', { name: 'Connect to a peer' });
  await dialog.getByLabel('Address of the peer').fill(address);
  await dialog.getByRole('button', { name: 'Connect', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });

  const mirror = row(there.page, one);
  await row(here.page, two).getByText('connected', { exact: true }).waitFor();
  await mirror.getByText('connected', { exact: true }).waitFor();
  await row(here.page, two).getByText('we dialled').waitFor();
  await mirror.getByText('they dialled').waitFor();
  await mirror.getByText('this computer').first().waitFor();
  await here.page.getByRole('contentinfo').getByText('1 peer (1 direct, 0 relayed)').waitFor();

  await act(here.page, two, 'Disconnect');
  const ask = here.page.getByRole('dialog', { name: 'Disconnect from this peer?' });
  await expect
    .poll(() => ask.getByRole('button', { name: 'Cancel' }).evaluate((b) => b === document.activeElement))
    .toBe(true);
  await ask.getByRole('button', { name: 'Disconnect' }).click();
  await here.page.getByText(/^Disconnected from/).waitFor();
  await leave(there);
  await leave(here);
});

test('a slip is named at once, a dead address in the node’s words', async () => {
  const here = await visit(browser, one, '#/peers');
  const { page } = here;
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  const field = page.getByLabel('Address of the peer');
  await field.fill('192.168.1.20:4001');
  await page.keyboard.press('Enter');
  await page.getByText('A multiaddress begins with “/”').waitFor();
  await field.fill('/ip4/127.0.0.1/tcp/9/p2p/12D3KooWH3uVF6wv47WnArKHk5p6cvgCJEb74UTmxztmQDc298L3');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.getByRole('alert').innerText(), { timeout: 30_000 }).toMatch(/\w+/);
  expect(await page.getByRole('dialog').count()).toBe(1);
  await leave(here);
});

test('a name, with its undo; ping; kept connected; the command; all by keyboard', async () => {
  const here = await visit(browser, one, '#/peers');
  const { page } = here;
  await connected(page);

  await act(page, two, 'Name…');
  await page.getByLabel('Name', { exact: true }).fill('Büro');
  await page.keyboard.press('Enter');
  await row(page, two).getByRole('button', { name: 'Büro', exact: true }).waitFor();

  // Enter opens the peer beside the table; the address of the page leads back to it.
  await row(page, two).locator('[data-open]').focus();
  await page.keyboard.press('Enter');
  const detail = page.getByRole('complementary', { name: 'Peer' });
  await detail.getByRole('heading', { name: 'Büro' }).waitFor();
  expect(page.url()).toContain(`peer=${two.run.peer_id}`);
  await detail.getByRole('button', { name: 'Why this path?' }).click();
  await detail.getByText('this computer', { exact: false }).first().waitFor();

  await page.keyboard.press('Escape');
  await detail.waitFor({ state: 'detached' });
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Büro');

  await act(page, two, 'Ping');
  await page.getByText(/^Büro answered in [\d.]+ ms$/).waitFor();
  await act(page, two, /^Keep connected/);
  await page.getByText('Büro is kept connected').waitFor();
  await row(page, two).getByText('Keep connected').waitFor();

  await act(page, two, 'Show as command');
  // Each line works as it stands.
  const lines = await page.getByRole('dialog').locator('pre').allInnerTexts();
  expect(lines.map((line) => line.split(' ')[2])).toEqual([
    'show',
    'ping',
    'why',
    'name',
    'keep',
    'disconnect',
    'block',
  ]);
  for (const line of lines.slice(0, 5))
    expect(await one.command(...line.split(' ').slice(1)), line).toContain(two.run.peer_id);
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Activity' }).click();
  const named = page.getByRole('listitem').filter({ hasText: 'The peer is called Büro' });
  await named.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('The name was taken back').first().waitFor();
  expect(await row(page, two).getByRole('button', { name: 'Büro' }).count()).toBe(0);
  await leave(here);
});

test('who is blocked stays out until unblocked; who is offline stays known until forgotten', async () => {
  const here = await visit(browser, one, '#/peers');
  const { page } = here;
  await connected(page);

  await act(page, two, 'Block');
  await page.getByRole('dialog', { name: 'Block this peer?' }).getByRole('button', { name: 'Block' }).click();
  await row(page, two).getByText('blocked', { exact: true }).waitFor();
  // Whatever the other side believes for a moment, it is not let in.
  await two.command('peers', 'connect', one.run.p2p[0]!).catch(() => undefined);
  expect(await row(page, two).getByText('connected', { exact: true }).count()).toBe(0);
  await expect.poll(() => one.command('peers', 'ls')).not.toContain(two.run.peer_id);

  await act(page, two, 'Unblock');
  await row(page, two).getByText('offline', { exact: true }).waitFor();
  await act(page, two, 'Connect');
  await row(page, two).getByText('connected', { exact: true }).waitFor();

  await two.kill();
  await row(page, two)
    .getByText(/^seen /)
    .waitFor({ timeout: 30_000 });
  await act(page, two, 'Forget');
  await page.getByRole('dialog', { name: 'Forget this peer?' }).getByRole('button', { name: 'Forget' }).click();
  await row(page, two).waitFor({ state: 'detached' });
  await two.restart();
  await leave(here);
});

test('when all are near, the map is the graph and says why; arrows and Enter work in it', async () => {
  const here = await visit(browser, one, '#/peers');
  const { page } = here;
  await connected(page);
  await page.evaluate(() => (location.hash = '#/peers/map'));
  await page.getByText('A map would show nothing').waitFor();
  const graph = page.getByRole('group', { name: /^Graph of who is connected/ });
  await graph.locator('[data-node]').nth(1).waitFor();
  expect(await graph.locator('[tabindex="0"]').count()).toBe(1);
  await graph.locator('[tabindex="0"]').focus();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.getByRole('complementary', { name: 'Peer' }).getByText(two.run.peer_id).waitFor();
  // The same in words.
  await page.getByRole('region', { name: 'Who is connected to whom' }).getByRole('listitem').first().waitFor();
  await leave(here);
});

test('members of a network share what they measure; who does not is named', async () => {
  const shy = await TestNode.start({ '--share-paths': 'false' });
  try {
    for (const node of [two, shy]) {
      const ticket = /debros1[^"\s]*/.exec(await one.command('invite', '-o', 'json'))?.[0];
      await node.command('join', ticket!);
    }
    const here = await visit(browser, one, '#/peers/paths');
    const { page } = here;
    const end = (node: TestNode) => `…${node.run.peer_id.slice(-5)}`;
    const line = (node: TestNode) =>
      page
        .getByRole('row')
        .filter({ has: page.locator('th', { hasText: end(node) }) })
        .last();
    // Measured there, told here.
    await line(two)
      .getByRole('gridcell', { name: /: [\d.]+ ms, this computer$/ })
      .first()
      .waitFor({ timeout: 50_000 });
    await line(shy).getByText('not shared').waitFor({ timeout: 50_000 });
    await page.getByText('This node shares what it measures').waitFor();
    await leave(here);
  } finally {
    await shy.close();
  }
}, 120_000);

test('the doctor tells each line with its evidence, as the command does', async () => {
  const here = await visit(browser, one, '#/peers/doctor');
  const { page } = here;
  const lines = page.locator('[data-finding]');
  await lines.first().waitFor();
  expect(await lines.count()).toBeGreaterThanOrEqual(10);
  await page.getByRole('button', { name: 'Copy the report' }).click();
  const report = await page.evaluate(() => navigator.clipboard.readText());
  for (const title of await lines.getByRole('heading').allInnerTexts()) expect(report).toContain(title);
  await page.getByRole('button', { name: 'Show as command' }).click();
  expect(await page.getByRole('dialog').locator('pre').innerText()).toBe('debros doctor');
  const told = await one.command('doctor');
  for (const title of await lines.getByRole('heading').allInnerTexts()) expect(told).toContain(title);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Examine again' }).click();
  await page.getByText(/^examined at/).waitFor();
  await leave(here);
});

describe('peers all over the world', () => {
  // A node without peers of its own.
  let alone: TestNode;
  beforeAll(async () => {
    alone = await TestNode.start();
  });
  afterAll(() => alone.close());

  test('the map by keyboard: nearest first, zoom, a list that says the same', async () => {
    const here = await visit(browser, alone);
    const { page } = here;
    await plant(page);
    await page.evaluate(() => (location.hash = '#/peers/map'));
    const map = page.getByRole('group', { name: /^Map of the peers/ });
    await map.locator('[data-mark="me"]').focus();
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
    expect(await focused()).toContain('This node');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toMatch(/^England, United Kingdom, 978 km: 1 peer: london$/);
    await page.keyboard.press('Enter');
    const list = page.getByRole('region', { name: 'By place' });
    await expect.poll(() => list.locator('[data-lit="true"]').innerText()).toContain('England');
    await page.keyboard.press('End');
    expect(await focused()).toContain('New South Wales');

    // Near enough, Berlin and Paris are marks of their own.
    await page.keyboard.press('Home');
    for (let i = 0; i < 6; i++) await page.keyboard.press('+');
    await map.getByRole('button', { name: /^Berlin, Germany, 424 km: 2 peers/ }).waitFor();
    await page.keyboard.press('0');
    await map.getByRole('button', { name: /^Oregon/ }).waitFor();

    const places = await list.getByRole('heading').allInnerTexts();
    expect(places.map((text) => text.split('\n')[0])).toEqual([
      'Berlin, Germany',
      'Île-de-France, France',
      'England, United Kingdom',
      'Oregon, United States',
      'Tokyo, Japan',
      'São Paulo, Brazil',
      'New South Wales, Australia',
      'Local network',
      'This computer',
      'Via relay paris',
      'Carrier or VPN network',
      'Unknown place',
    ]);
    const source = page.getByRole('link', { name: 'IP geolocation by DB-IP' });
    expect(await source.getAttribute('href')).toBe('https://db-ip.com');
    expect(await source.getAttribute('rel')).toContain('noopener');
    await leave(here);
  });

  test('hidden places are nowhere on the screen, also after a restart of the page', async () => {
    const here = await visit(browser, alone);
    const { page } = here;
    await plant(page);
    await page.evaluate(() => (location.hash = '#/peers/map'));
    await page.getByRole('button', { name: 'Hide places' }).click();
    await page.getByText('Places are hidden').waitFor();
    expect(await page.locator('[data-mark]').count()).toBe(0);
    await page.reload();
    await page.getByText('Places are hidden').waitFor();
    const words = ['Berlin', 'Germany', 'England', ' km'];
    for (const sub of ['map', '', 'graph']) {
      await page.evaluate((to) => (location.hash = `#/peers/${to}`), sub);
      await page.getByRole('main').getByText('berlin-1').first().waitFor();
      const text = await page.getByRole('main').innerText();
      expect(words.filter((word) => text.includes(word))).toEqual([]);
    }
    await page.evaluate(() => (location.hash = '#/peers/map'));
    await page.getByRole('button', { name: 'Hide places' }).click();
    await page.locator('[data-mark]').first().waitFor();
    await leave(here);
  });

  test('the matrix by keyboard: a cell tells value, path, age and the other direction', async () => {
    const here = await visit(browser, alone);
    const { page } = here;
    await plant(page);
    await page.evaluate(() => (location.hash = '#/peers/paths'));
    const grid = page.getByRole('grid');
    await grid.locator('[tabindex="0"]').focus();
    await page.keyboard.press('ArrowRight');
    await page
      .getByText('home to berlin-1: 14 ms, direct QUIC · measured 4 s ago · other way: 17 ms, direct QUIC')
      .waitFor();
    await page.keyboard.press('End');
    await page.getByText(/^home to tokyo: 240 ms/).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.getByText(/^berlin-1 to tokyo: unknown/).waitFor();
    await grid.getByText('not shared').waitFor();
    await leave(here);
  });

  test('the table is one tab stop, sorted by its heads, filtered, copied', async () => {
    const here = await visit(browser, alone);
    const { page } = here;
    const loaded: string[] = [];
    page.on('request', (request) => loaded.push(request.url()));
    await plant(page);
    await page.evaluate(() => (location.hash = '#/peers'));
    await page.locator('[data-open]').first().waitFor();
    // The map costs nothing while nobody opens it.
    expect(loaded.filter((url) => /MapTab|GraphTab/.test(url))).toEqual([]);
    expect(await page.locator('tbody [data-open][tabindex="0"]').count()).toBe(1);
    await page.getByRole('button', { name: 'Latency' }).click();
    const first = () => page.locator('[data-open]').first().innerText();
    expect(await first()).toBe('worker');
    await page.locator('[data-open]').first().focus();
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('nas');
    await page.getByLabel('Filter by name').fill('germany');
    await expect.poll(() => page.locator('[data-peer]').count()).toBe(2);
    await page.getByRole('button', { name: 'Copy the table' }).click();
    const lines = (await page.evaluate(() => navigator.clipboard.readText())).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toContain(idOf('berlin-1'));
    await leave(here);
  });

  const views = ['', 'map', 'graph', 'paths', 'doctor', 'gossip'];
  test.each([
    ['light', 1280],
    ['dark', 1280],
    ['contrast', 1280],
    ['light', 400],
  ] as const)('every view without a finding of axe: %s, %d pixels', async (theme, width) => {
    const here = await visit(browser, alone, '', { viewport: { width, height: 800 }, reducedMotion: 'reduce' });
    const { page } = here;
    await plant(page);
    await page.evaluate((to) => (document.documentElement.dataset.theme = to), theme);
    for (const view of views) {
      await page.evaluate(([sub, id]) => (location.hash = `#/peers/${sub!}?peer=${id!}`), [view, idOf('laptop')]);
      await page.getByRole('complementary', { name: 'Peer' }).getByRole('heading', { name: 'laptop' }).waitFor();
      await page.locator(planted[view]!).first().waitFor();
      expect(await accessFaults(page), `${view} in ${theme}`).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
    await leave(here);
  });
});
