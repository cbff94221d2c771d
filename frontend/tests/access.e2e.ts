// Access: each screen in each look without a finding of axe, wide and narrow.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { accessFaults, launch, leave, visit } from './support/page';

let browser: Browser;
let node: TestNode;

beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), TestNode.start()]);
  await node.command(
    'kv',
    'put',
    '--namespace',
    'default',
    'user:1',
    '{"name": "Ann", "age": 42, "tags": [true, null]}',
  );
  await node.command('kv', 'put', '--namespace', 'default', 'plain', 'text');
});
afterAll(async () => {
  await browser.close();
  await node.close();
});

const screens: { name: string; hash: string; ready: (page: Page) => Promise<unknown> }[] = [
  { name: 'node', hash: '#/node', ready: (page) => page.locator('[data-check]').first().waitFor() },
  { name: 'log', hash: '#/node/logs', ready: (page) => page.getByRole('log').waitFor() },
  { name: 'settings', hash: '#/node/config', ready: (page) => page.getByRole('row').nth(3).waitFor() },
  { name: 'network', hash: '#/network', ready: (page) => page.getByTestId('members').waitFor() },
  { name: 'peers', hash: '#/peers', ready: (page) => page.getByText('No peer yet').waitFor() },
  {
    name: 'keys',
    hash: '#/keys?key=user%3A1',
    ready: async (page) => {
      await page.getByTestId('value').waitFor();
      await page.getByRole('treeitem').filter({ hasText: 'user:' }).click();
      await page.getByRole('treeitem').nth(2).waitFor();
    },
  },
  {
    name: 'sql',
    hash: '#/sql',
    ready: async (page) => {
      await page.locator('.cm-content').click();
      await page.keyboard.press('Control+a');
      await page.keyboard.insertText("SELECT 1 AS n, 'a' AS t, NULL AS none; SELECT * FROM missing;");
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Run all' }).click();
      await page.getByTestId('sql-error').waitFor();
      expect(await accessFaults(page)).toEqual([]);
      await page.getByRole('tab', { name: 'Statement 1' }).click();
      await page.getByRole('gridcell').first().waitFor();
    },
  },
  {
    name: 'palette',
    hash: '#/node',
    ready: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('option').first().waitFor();
    },
  },
  {
    name: 'a dialog',
    hash: '#/peers',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
    },
  },
];

describe.each(['light', 'dark', 'contrast'] as const)('%s', (theme) => {
  test.each(screens)('$name', async ({ hash, ready }) => {
    const here = await visit(browser, node, hash, { reducedMotion: 'reduce' });
    await here.page.evaluate((to) => (document.documentElement.dataset.theme = to), theme);
    await ready(here.page);
    expect(await accessFaults(here.page)).toEqual([]);
    await leave(here);
  });
});

test.each(screens.slice(0, 7))('narrow: $name fits without scrolling sideways', async ({ hash, ready }) => {
  const here = await visit(browser, node, hash, { viewport: { width: 400, height: 800 }, reducedMotion: 'reduce' });
  await ready(here.page);
  expect(await accessFaults(here.page)).toEqual([]);
  expect(await here.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
  await leave(here);
});

test.each(['light', 'dark'] as const)("the gateway's page about its routes: %s, also narrow", async (colorScheme) => {
  const context = await browser.newContext({ colorScheme, viewport: { width: 400, height: 800 } });
  const page = await context.newPage();
  await page.goto(`${node.run.gateway}/docs`);
  await page.getByRole('heading', { name: 'storage', exact: true }).waitFor();
  expect(await accessFaults(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
  await context.close();
});
