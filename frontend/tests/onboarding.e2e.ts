// The first steps: by keyboard alone and by the clock, by each way, and never for
// somebody who has worked with the node before.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { accessFaults, hear, launch, leave, type Visit, visit } from './support/page';

let browser: Browser;
const nodes: TestNode[] = [];

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await Promise.all(nodes.map((node) => node.close()));
});

/** A node that nobody has used. */
async function fresh(): Promise<TestNode> {
  const node = await TestNode.start({}, true);
  nodes.push(node);
  return node;
}

/** Opens the first steps. */
async function begin(node: TestNode): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
  const page = await context.newPage();
  const faults = hear(page);
  await page.goto(await node.link());
  await heading(page, 'Who are you?');
  return { page, faults };
}

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 }).waitFor();
const step = (page: Page, text: string) =>
  page.getByRole('navigation', { name: 'First steps' }).getByText(text).waitFor();

/** Tab until a thing has the focus, as a person does; fails when it cannot be reached. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let tries = 0; tries < 25; tries += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const now = document.activeElement;
      const labels = now instanceof HTMLInputElement ? [...(now.labels ?? [])].map((l) => l.textContent.trim()) : [];
      return [now?.textContent.trim() ?? '', ...labels];
    });
    if (at.some((text) => text.startsWith(name))) return;
  }
  throw new Error(`Tab does not reach ${name}`);
}

test('wallet, network and sample data by keyboard alone, in less than a minute', async () => {
  const node = await fresh();
  const here = await begin(node);
  const { page } = here;
  const { keyboard } = page;
  const began = performance.now();

  await step(page, '1 of 3');
  await tabTo(page, 'Make one here'); // preselected
  await tabTo(page, 'Passphrase');
  await keyboard.type('river tulip Moon 7');
  await page.getByText('Strong.').waitFor();
  await keyboard.press('Enter'); // too early
  await page.getByText('The two are not the same.').waitFor();
  await keyboard.press('Tab');
  await keyboard.type('river tulip Moon 7');
  await keyboard.press('Enter');

  await heading(page, 'Which network?');
  await step(page, '2 of 3');
  await tabTo(page, 'Start my own'); // preselected
  await tabTo(page, 'Its name');
  await keyboard.press('Control+a');
  await keyboard.type('Kitchen');
  await keyboard.press('Enter');

  await heading(page, 'You are set');
  await step(page, '3 of 3');
  await page.getByText('Kitchen').waitFor();
  await tabTo(page, 'Add sample data');
  await keyboard.press('Enter');
  await page.getByText('The sample data is there').waitFor();
  expect(await accessFaults(page)).toEqual([]);
  await tabTo(page, 'Look at keys');
  await keyboard.press('Enter');
  await page.getByRole('treeitem').filter({ hasText: 'user:' }).waitFor();

  const seconds = (performance.now() - began) / 1000;
  process.stdout.write(`first steps by keyboard: ${seconds.toFixed(1)} s of 60\n`);
  expect(seconds).toBeLessThan(60); // what the app promises

  // They do not come again, and the passphrase is nowhere in the clear.
  await page.reload();
  await page.getByRole('treeitem').filter({ hasText: 'user:' }).waitFor();
  const settings = await readFile(join(node.dataDir, 'settings.json'), 'utf8');
  expect(JSON.parse(settings)).toMatchObject({ welcomed: true });
  expect(settings).not.toContain('tulip');
  await leave(here);

  // The sample is real: its tables refer to each other, and it goes again as a whole.
  const sql =
    'SELECT count(*) AS n FROM order_items JOIN orders ON orders.id = order_id JOIN customers ON customers.id = customer_id';
  expect(await node.command('sql', 'query', '--namespace', 'sample', '-o', 'json', sql)).toMatch(/180|17\d|18\d/);
});

test('back, another way, not now; a reload starts over and offers the wallet that is there', async () => {
  const node = await fresh();
  const here = await begin(node);
  const { page } = here;
  await page.getByLabel('Passphrase', { exact: true }).fill('river tulip Moon 7');
  await page.getByLabel('Passphrase again').fill('river tulip Moon 7');
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'Which network?');
  await page.reload();

  await heading(page, 'Who are you?');
  await page.getByRole('radio', { name: 'Use My wallet', checked: true }).waitFor();
  await page.getByRole('radio', { name: 'Not now' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'Which network?');
  await page.getByRole('button', { name: 'Back' }).click();
  await page.getByRole('radio', { name: 'Use My wallet' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('radio', { name: 'Try the sandbox' }).click();
  await page.getByText('debros sandbox up').waitFor();
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'You are set');
  await page.getByText('My wallet').waitFor();

  // The sample comes and goes.
  await page.getByRole('button', { name: 'Add sample data' }).click();
  await page.getByRole('button', { name: 'Remove it again' }).click();
  await page.getByRole('button', { name: 'Add sample data' }).waitFor();
  expect(await node.command('kv', 'ls', '--namespace', 'sample', '-o', 'jsonl')).toBe('');
  await page.getByRole('button', { name: 'Open the app' }).click();
  await page.getByRole('navigation', { name: 'Screens' }).waitFor();
  await leave(here);
});

test('import: the form is guessed, wrong words are told, a key file is taken over', async () => {
  const here = await begin(await fresh());
  const { page } = here;
  await page.getByRole('radio', { name: 'Import one' }).click();
  const secret = page.getByLabel('Words or key');
  await secret.fill('abandon abandon abandon');
  await page.getByRole('alert').first().waitFor();
  await secret.fill('');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Paste the words or the key first.').waitFor();
  await secret.fill('legal winner thank year wave sausage worth useful legal winner thank yellow');
  await page.getByText('This looks like a phrase of words.').waitFor();
  await page.getByLabel('Passphrase', { exact: true }).fill('river tulip Moon 7');
  await page.getByLabel('Passphrase again').fill('river tulip Moon 7');
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'Which network?');
  await leave(here);
});

test('join by the QR code in a picture; an expired ticket says by how long', async () => {
  const host = await TestNode.start();
  nodes.push(host);
  const there = await visit(browser, host, '#/network/invite');
  const dialog = there.page.getByRole('dialog', { name: 'Invite' });
  await dialog.getByRole('button', { name: 'Invite', exact: true }).click();
  const picture = await dialog.getByRole('img', { name: 'The link as a QR code' }).screenshot();
  await leave(there);
  const old = (JSON.parse(await host.command('invite', '--ttl', '1s', '-o', 'json')) as { text: string }).text;

  const here = await begin(await fresh());
  const { page } = here;
  await page.getByRole('radio', { name: 'Not now' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('radio', { name: 'Join with a ticket' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Paste a ticket first.').waitFor();

  await page.getByLabel('Ticket or link').fill(old);
  await page.getByText(/It expired \d+ seconds? ago/).waitFor();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText(/this ticket expired \d+s ago/).waitFor();

  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Read a QR code from a picture' }).click();
  await (await chooser).setFiles({ name: 'code.png', mimeType: 'image/png', buffer: picture });
  await page.getByText(/Valid until/).waitFor();
  expect(await page.getByLabel('Ticket or link').inputValue()).toMatch(/^debros:\/\/join\/debros1/);
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'You are set');
  await page.getByText('member, one of 2').waitFor();
  await leave(here);
});

test('who has worked with the node before does not meet the first steps', async () => {
  const node = await fresh();
  await node.command('kv', 'put', '--namespace', 'default', 'old', 'data');
  await node.kill();
  await node.restart();
  const here = await visit(browser, node, '#/keys');
  await here.page.getByRole('treeitem').filter({ hasText: 'old' }).waitFor();
  const settings = JSON.parse(await readFile(join(node.dataDir, 'settings.json'), 'utf8')) as { welcomed: boolean };
  expect(settings.welcomed).toBe(true);
  await leave(here);
});
