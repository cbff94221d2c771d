// Keys: what somebody does with values all day must work, by mouse and by keyboard,
// and never lose anything silently.
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
  at = await visit(browser, node, '#/keys');
});
afterEach(async () => {
  await leave(at);
});

async function put(key: string, value: string): Promise<void> {
  const { page } = at;
  await page.getByRole('button', { name: 'New key' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New key' });
  await dialog.getByLabel('Key', { exact: true }).fill(key);
  await dialog.getByLabel('Value', { exact: true }).fill(value);
  await dialog.getByRole('button', { name: 'Put' }).click();
  await dialog.waitFor({ state: 'detached' });
}

const value = () => at.page.getByTestId('value').innerText();
const row = (name: string) => at.page.getByRole('treeitem').filter({ hasText: name });

test('put, list, view: the same bytes come back, numbers exact', async () => {
  await put('order:1', '{"id": 12345678901234567890, "paid": true}');
  await expect.poll(value).toContain('12345678901234567890');
  await row('order:').click();
  await row('1').first().waitFor();
  await at.page.getByRole('radio', { name: 'Hex' }).click();
  await at.page.getByText('7b 22 69 64 22').waitFor();
  expect(await node.command('kv', 'get', '--namespace', 'default', 'order:1')).toContain('12345678901234567890');
  await at.page
    .getByText(/answered by this node \(leader\)/)
    .first()
    .waitFor();
});

test('an existing key is not overwritten by "New key"', async () => {
  await put('once', 'first');
  const { page } = at;
  await page.getByRole('button', { name: 'New key' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New key' });
  await dialog.getByLabel('Key', { exact: true }).fill('once');
  await dialog.getByRole('button', { name: 'Put' }).click();
  await dialog.getByText('There is such a key already').waitFor();
  await dialog.getByRole('button', { name: 'Open it' }).click();
  await expect.poll(value).toBe('first');
});

test('an edit that somebody overtook shows both and lets choose', async () => {
  await put('shared', 'base');
  const { page } = at;
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await node.command('kv', 'put', '--namespace', 'default', 'shared', 'theirs');
  await page.getByLabel('Value', { exact: true }).locator('visible=true').last().fill('mine');
  await page.keyboard.press('Control+s');
  const dialog = page.getByRole('dialog', { name: 'Somebody else changed this key' });
  expect(await dialog.getByTestId('mine').innerText()).toBe('mine');
  expect(await dialog.getByTestId('theirs').innerText()).toBe('theirs');
  await dialog.getByRole('button', { name: 'Store mine over it' }).click();
  await expect.poll(value).toBe('mine');

  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await node.command('kv', 'put', '--namespace', 'default', 'shared', 'newest');
  await page.getByLabel('Value', { exact: true }).locator('visible=true').last().fill('lost');
  await page.keyboard.press('Control+s');
  await dialog.getByRole('button', { name: 'Keep theirs' }).click();
  await expect.poll(value).toBe('newest');
});

test('a deleted key comes back by undo', async () => {
  await put('precious', 'do not lose');
  const { page } = at;
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText('Deleted precious').waitFor();
  await expect.poll(() => row('precious').count()).toBe(0);
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await page.getByText('Put back 1 key').waitFor();
  await expect.poll(value).toBe('do not lose');
});

test('time to live is set and taken away', async () => {
  await put('brief', 'x');
  const { page } = at;
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Time to live' }).click();
  const dialog = page.getByRole('dialog', { name: 'Time to live' });
  await dialog.getByLabel('Time to live').fill('2h');
  await dialog.getByRole('button', { name: 'Set' }).click();
  await expect.poll(() => page.getByTestId('expires').innerText()).toMatch(/in 2 hours|in 1 hour/);
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Time to live' }).click();
  await dialog.getByRole('button', { name: 'Keep for ever' }).click();
  await expect.poll(() => page.getByTestId('expires').innerText()).toBe('never');
});

test('a branch is deleted as a task, a large one only when its name is typed', async () => {
  const { page } = at;
  await page.evaluate(async () => {
    interface Bound {
      go: { api: { KV: { Put: (r: object) => Promise<unknown> } } };
    }
    const { KV } = (window as unknown as Bound).go.api;
    const puts = Array.from({ length: 1040 }, (_, i) => i);
    while (puts.length > 0) {
      await Promise.all(
        puts.splice(0, 40).map((i) =>
          KV.Put({
            namespace: 'default',
            key: `big:${String(i)}`,
            value_base64: 'eA==',
            ttl_seconds: 0,
            if_version: '',
            if_absent: false,
          }),
        ),
      );
    }
  });
  await page.getByRole('button', { name: 'Refresh' }).first().click();
  await row('big:').hover();
  await page.getByRole('button', { name: 'Branch big:' }).click();
  await page.getByRole('menuitem', { name: 'Delete branch…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete everything under “big:”?' });
  const button = dialog.getByRole('button', { name: /^Delete 1,040 keys$/ });
  await button.waitFor();
  expect(await button.isDisabled()).toBe(true);
  await dialog.getByLabel('Type “big:” to confirm').fill('big:');
  await button.click();
  await page.getByText('Deleted 1,040 keys under “big:”').waitFor();
  await expect.poll(() => row('big:').count()).toBe(0);
  await page.getByRole('button', { name: /task/ }).click();
  await page.getByRole('region', { name: 'Tasks' }).getByText(/1,040/).first().waitFor();
});

test('keyboard alone: walk the tree, open, edit, delete', async () => {
  await put('tree:a', 'A');
  await put('tree:b', 'B');
  const { page } = at;
  await page.evaluate(() => (location.hash = '#/keys?prefix=tree%3A&flat=1'));
  const tree = page.getByRole('tree');
  await row('tree:b').waitFor();
  await tree.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect.poll(value).toBe('B');
  await page.keyboard.press('Delete');
  await page.getByText('Deleted tree:b').waitFor();
});

test('the equal command is shown, quoted for a shell', async () => {
  await put("it's", 'x');
  const { page } = at;
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Show as command' }).click();
  await page.getByText(`debros kv get --namespace default 'it'\\''s'`).waitFor();
});
