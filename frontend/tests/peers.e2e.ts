// Peers: two real nodes find each other by an address handed over by hand.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { launch, leave, visit } from './support/page';

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

test('connect by address, seen on both sides, disconnect', async () => {
  const here = await visit(browser, one, '#/peers');
  const there = await visit(browser, two, '#/peers');

  await there.page.getByRole('button', { name: 'My addresses' }).click();
  const address = await there.page.getByTestId('addresses').locator('code').first().innerText();
  expect(address).toBe(two.run.p2p[0]);
  await there.page.keyboard.press('Escape');

  await here.page.getByRole('button', { name: 'Connect', exact: true }).click();
  const dialog = here.page.getByRole('dialog', { name: 'Connect to a peer' });
  await dialog.getByLabel('Address of the peer').fill(address);
  await dialog.getByRole('button', { name: 'Connect', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });

  const row = here.page.locator(`[data-peer="${two.run.peer_id}"]`);
  const mirror = there.page.locator(`[data-peer="${one.run.peer_id}"]`);
  await row.getByText('connected').waitFor();
  await mirror.getByText('connected').waitFor();
  await row.getByText('we dialled').waitFor();
  await mirror.getByText('they dialled').waitFor();
  await here.page.getByRole('contentinfo').getByText('1 peer (1 direct, 0 relayed)').waitFor();

  const before = await row.locator('[data-since]').getAttribute('data-since');
  await row.getByRole('button', { name: /^Disconnect/ }).click();
  const ask = here.page.getByRole('dialog', { name: 'Disconnect from this peer?' });
  await expect
    .poll(() => ask.getByRole('button', { name: 'Cancel' }).evaluate((b) => b === document.activeElement))
    .toBe(true);
  await ask.getByRole('button', { name: 'Disconnect' }).click();
  await here.page.getByText(/^Disconnected from/).waitFor();
  // Discovery may dial again at once: then it is another connection.
  await expect.poll(() => row.locator('[data-since]').getAttribute('data-since')).not.toBe(before);
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
