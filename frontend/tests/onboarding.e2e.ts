// The first steps: by keyboard alone and by the clock, by each way, and never for
// somebody who has worked with the node before.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { accessFaults, hear, launch, leave, type Visit, visit } from './support/page';
import { enter, Host, screen } from './support/signin';

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

/** The bytes 1 to 32, and what stands before a seed in a PKCS #8 key. */
const seed = Buffer.from(Array.from({ length: 32 }, (_, i) => i + 1));
const ed25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

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

/** The files below some folders that hold a text. */
async function filesWith(text: string, ...folders: string[]): Promise<string[]> {
  const found: string[] = [];
  let looked = 0;
  for (const folder of folders) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      looked += 1;
      const name = join(entry.parentPath, entry.name);
      if ((await readFile(name)).includes(text)) found.push(name);
    }
  }
  expect(looked).toBeGreaterThan(5); // the folders are those that the node writes in
  return found;
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
  expect(JSON.parse(await readFile(join(node.dataDir, 'settings.json'), 'utf8'))).toMatchObject({ welcomed: true });
  expect(await filesWith('river tulip Moon 7', node.dataDir, node.userDir)).toEqual([]);
  await leave(here);

  // The sample is real: its tables refer to each other, and it goes again as a whole.
  const sql =
    'SELECT count(*) AS n FROM order_items JOIN orders ON orders.id = order_id JOIN customers ON customers.id = customer_id';
  expect(await node.command('sql', 'query', '--namespace', 'sample', '-o', 'json', sql)).toMatch(/\b180\b/);

  const after = await visit(browser, node, '#/network');
  await after.page.getByRole('button', { name: 'Actions for sample' }).press('Enter');
  await after.page.getByRole('menuitem', { name: 'Remove the sample data…' }).press('Enter');
  await after.page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).press('Enter');
  await after.page.getByText('The sample data is removed.').first().waitFor();
  expect(await node.command('kv', 'ls', '--namespace', 'sample', '-o', 'jsonl')).toBe('');
  await leave(after);
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
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Paste the words or the key first.').waitFor();
  await secret.fill('abandon abandon abandon');
  await page.getByRole('alert').filter({ hasText: /words/ }).waitFor();

  // The 64 bytes of a Solana key, as its tool writes them: the public half of the seed 1, 2, … 32.
  const pair = createPrivateKey({ key: Buffer.concat([ed25519, seed]), format: 'der', type: 'pkcs8' });
  const half = createPublicKey(pair).export({ format: 'der', type: 'spki' }).subarray(-32);
  const idJson = JSON.stringify([...seed, ...half]);
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose a file' }).click();
  await (await chooser).setFiles({ name: 'id.json', mimeType: 'application/json', buffer: Buffer.from(idJson) });
  await page.getByText('This looks like a Solana id.json.').waitFor();
  await page.getByLabel('Passphrase', { exact: true }).fill('river tulip Moon 7');
  await page.getByLabel('Passphrase again').fill('river tulip Moon 7');
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'Which network?');
  await leave(here);
});

test('restore: a wallet from its keystore file and data from a backup', async () => {
  const old = await TestNode.start();
  nodes.push(old);
  await old.command('kv', 'put', '--namespace', 'shop', 'kept', 'as it was');
  const backup = join(old.dataDir, 'shop.backup');
  await old.command('ns', 'backup', 'shop', backup);
  const [pass, keystore] = [join(old.dataDir, 'pass'), join(old.dataDir, 'wallet.json')];
  await writeFile(pass, 'river tulip Moon 7', { mode: 0o600 });
  await old.command('wallet', 'new', 'Old', '--passphrase-file', pass, '-y');
  await old.command(
    'wallet',
    'export',
    'Old',
    '--form',
    'keystore',
    '--out',
    keystore,
    '--passphrase-file',
    pass,
    '-y',
  );
  const { address } = JSON.parse(await readFile(keystore, 'utf8')) as { address: string };

  const node = await fresh();
  const here = await begin(node);
  const { page } = here;
  await page.getByRole('radio', { name: 'Restore from a backup' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Choose a keystore file or a backup first.').waitFor();
  const group = page.getByRole('group', { name: 'Data: backup file' });
  const chooser = page.waitForEvent('filechooser');
  await group.getByRole('button', { name: 'Choose a file' }).click();
  await (await chooser).setFiles(backup);
  await group.getByText('Chosen: shop.backup').waitFor();
  await group.getByLabel('Into the namespace').fill('System!');
  await page.getByRole('button', { name: 'Continue' }).click();
  await group.getByText(/1 to 63 characters/).waitFor();
  await group.getByLabel('Into the namespace').fill('shop');

  const wallet = page.getByRole('group', { name: 'Wallet: keystore file' });
  const again = page.waitForEvent('filechooser');
  await wallet.getByRole('button', { name: 'Choose a file' }).click();
  await (await again).setFiles(keystore);
  await wallet.getByLabel('Passphrase of the file').fill('not the one');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page
    .getByRole('alert')
    .filter({ hasText: /passphrase/ })
    .waitFor();
  await wallet.getByLabel('Passphrase of the file').fill('river tulip Moon 7');
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'Which network?');
  await expect
    .poll(() => node.command('kv', 'get', '--namespace', 'shop', 'kept').catch(() => ''), { timeout: 20_000 })
    .toBe('as it was');
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'You are set');
  expect((await page.locator('dd code').getAttribute('title'))?.toLowerCase()).toContain(address);
  await leave(here);
});

test('a browser wallet: the same six digits on both screens, giving up, signing', async () => {
  const host = await Host.start(); // it signs as a wallet does
  const here = await begin(await fresh());
  const { page } = here;
  await page.getByRole('radio', { name: 'Use a browser wallet' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Sign in with your browser wallet first').waitFor();
  const open = page.getByRole('button', { name: 'Open the sign-in page' });
  await open.click();
  await page.getByRole('button', { name: 'Give up' }).click();
  await page.getByRole('alert').filter({ hasText: 'given up' }).waitFor();

  await open.click();
  const digits = await page.getByTestId('digits').innerText();
  const address = (await page.getByRole('link', { name: 'Sign-in link' }).getAttribute('href')) ?? '';
  const account = host.addresses.ETH;
  const wallet = await enter(browser, host, address, [{ chain: 'ETH', name: 'Fox', accounts: [account] }]);
  await wallet.page.getByRole('button', { name: /Fox/ }).click();
  await screen(wallet.page, 'read');
  expect(await wallet.page.locator('.code').textContent()).toContain(digits);
  await wallet.page.getByRole('button', { name: 'Sign with Fox' }).click();
  await screen(wallet.page, 'done');
  await leave(wallet);
  await page.getByText(`Signed in as ${account}`).waitFor();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'You are set');
  await page.getByTitle(account).waitFor();
  await leave(here);
  await host.close();
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

test.each([
  ['light', 1280],
  ['dark', 1280],
  ['contrast', 400],
] as const)('each step without a finding of axe, without scrolling sideways: %s, %i px', async (theme, width) => {
  const node = await fresh();
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    locale: theme === 'dark' ? 'de-DE' : 'en-GB',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const faults = hear(page);
  await page.goto(await node.link());
  const look = async () => {
    await page.evaluate((to) => (document.documentElement.dataset.theme = to), theme);
    expect(await accessFaults(page)).toEqual([]);
    expect(await page.evaluate(() => document.querySelector('main')?.scrollWidth ?? 0)).toBeLessThanOrEqual(width);
  };
  const onward = () => page.locator('form button[type=submit]').click();
  for (const step of [1, 2]) {
    await page
      .locator('[aria-current=step]')
      .filter({ hasText: String(step) })
      .waitFor();
    const ways = page.getByRole('radio');
    for (let i = 0; i < (await ways.count()); i += 1) {
      await ways.nth(i).click();
      await look();
    }
    if (step === 2) await ways.first().click(); // start my own; step 1 ends on "not now"
    await onward();
  }
  await page.locator('[aria-current=step]').filter({ hasText: '3' }).waitFor();
  await page.locator('dl').waitFor();
  await look();
  await leave({ page, faults });
});
