// Node: the state of its parts, its addresses, its log as it comes, its settings.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { launch, leave, visit, type Visit } from './support/page';

let browser: Browser;
let node: TestNode;
let at: Visit;

beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), TestNode.start()]);
});
afterAll(async () => {
  await browser.close();
  await node.close();
});
beforeEach(async () => {
  at = await visit(browser, node, '#/node');
});
afterEach(async () => {
  await leave(at);
});

test('parts, identity and addresses are those of the node', async () => {
  const { page } = at;
  await page.locator('[data-check]').first().waitFor();
  expect(await page.locator('[data-check="database"]').innerText()).toContain('OK');
  await page.getByText(node.run.peer_id, { exact: true }).waitFor();
  await page.getByText(node.run.gateway, { exact: true }).waitFor();
  await page
    .getByRole('button', { name: `Copy ${node.run.p2p[0] ?? ''}` })
    .first()
    .click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(node.run.p2p[0]);
});

test('the log is live, filters and pauses', async () => {
  const { page } = at;
  await page.getByRole('link', { name: 'Log' }).click();
  const log = page.getByRole('log');
  await log.getByText('ready', { exact: false }).first().waitFor();
  await page.getByRole('textbox', { name: 'Search the log' }).fill('group opened');
  await expect.poll(() => page.url()).toContain('q=group');
  await log.getByText('ns::system', { exact: false }).first().waitFor();
  await node.command('kv', 'put', '--namespace', 'fresh', 'k', 'v');
  await log.getByText('group=ns::fresh').waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await node.command('kv', 'put', '--namespace', 'later', 'k', 'v');
  await page.getByRole('button', { name: /Go on \(\d+ new\)/ }).waitFor();
  expect(await log.getByText('group=ns::later').count()).toBe(0);
  await page.getByRole('button', { name: /Go on/ }).click();
  await log.getByText('group=ns::later').waitFor();
  await page.goBack();
});

test('a part can be made to tell more', async () => {
  const { page } = at;
  await page.evaluate(() => (location.hash = '#/node/logs'));
  await page.getByRole('button', { name: 'Level per part' }).click();
  await page.getByRole('button', { name: /^database: / }).click();
  await page.getByRole('menuitemradio', { name: 'Debug' }).click();
  await page.getByRole('button', { name: 'database: Debug' }).waitFor();
});

test('settings say where they came from', async () => {
  const { page } = at;
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('textbox', { name: 'Search settings' }).fill('data_dir');
  const line = page.getByRole('row').filter({ hasText: 'node.data_dir' });
  expect(await line.innerText()).toContain(node.dataDir);
  await line.getByText('flag').waitFor();
});
