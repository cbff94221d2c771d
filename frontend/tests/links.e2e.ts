// debros: links: anybody may write one, so each leads to a question first, and to
// no more than it said.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { accessFaults, launch, leave, visit } from './support/page';

let browser: Browser;
let node: TestNode;

beforeAll(async () => {
  browser = await launch();
  node = await TestNode.start();
  await node.command('kv', 'put', 'a/b c', 'kept');
});
afterAll(async () => {
  await browser.close();
  await node.close();
});

/** Hands the node a link, as a second start of the program does. */
const offer = (link: string): Promise<string> => node.command('ui', '--link', link);
const question = (page: Page) => page.getByRole('dialog', { name: /^A link/ });

test('a statement lands in the editor and does not run', async () => {
  const here = await visit(browser, node);
  const { page } = here;
  await offer(`debros://query/default?sql=${encodeURIComponent('DELETE FROM everything')}`);
  const asked = question(page);
  await asked.getByText('DELETE FROM everything').waitFor();
  expect(await accessFaults(page)).toEqual([]);
  // The focus is on the answer that changes nothing.
  expect(await page.evaluate(() => document.activeElement?.textContent.trim())).toBe('Do nothing');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await asked.waitFor({ state: 'detached' });
  await page.locator('.cm-content').getByText('DELETE FROM everything').waitFor();
  await page.getByText('Nothing has been run yet').waitFor();
  await leave(here);
});

test('a link that waits is shown to a page that is opened later, and refusing it leaves all as it was', async () => {
  await offer('debros://key/default/a%2Fb%20c');
  const here = await visit(browser, node, '', { colorScheme: 'dark' });
  const { page } = here;
  const asked = question(page);
  await asked.getByText('a/b c', { exact: true }).waitFor();
  expect(await accessFaults(page)).toEqual([]);
  const before = await page.evaluate(() => location.hash);
  await page.keyboard.press('Enter');
  await asked.waitFor({ state: 'detached' });
  expect(await page.evaluate(() => location.hash)).toBe(before);
  await page.reload();
  await page.getByRole('navigation').waitFor();
  expect(await question(page).count()).toBe(0);

  await offer('debros://key/default/a%2Fb%20c');
  await asked.getByRole('button', { name: 'Show the key' }).click();
  await page.getByText('kept', { exact: true }).first().waitFor();
  await leave(here);
});

test('a ticket is shown before it is used, and leaves the address', async () => {
  const ticket = (JSON.parse(await node.command('invite', '-o', 'json')) as { link: string; text: string }).link;
  const here = await visit(browser, node);
  const { page } = here;
  await offer(ticket);
  await question(page).getByRole('button', { name: 'Look at the ticket' }).click();
  await page.getByRole('dialog', { name: /Join/ }).waitFor();
  await expect.poll(() => page.evaluate(() => location.href)).not.toContain('debros1');
  await leave(here);
});

test.each(['debros://run/rm', 'debros://key/system/a', 'javascript:alert(1)', 'debros://query/default?sql=a&run=1'])(
  '%s is refused where it comes in',
  async (link) => {
    await expect(offer(link)).rejects.toThrow();
  },
);
