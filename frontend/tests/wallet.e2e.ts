// Wallets and identity: made, unlocked, signed in, given rights and taken away, on
// a real node, mostly by keyboard.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { accessFaults, launch, leave, visit } from './support/page';
import { enter, Host } from './support/signin';

const passphrase = 'canary horse battery';
const bob = '0x52908400098527886E0F7030069857D2E4169EE7';

let browser: Browser;
let node: TestNode;

beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), TestNode.start({ '--log-level': 'debug' })]);
});
afterAll(async () => {
  await browser.close();
  await node.close();
});

const open = (hash: string) => visit(browser, node, hash, { reducedMotion: 'reduce' });
const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();
const field = (page: Page, name: string) => page.getByRole('dialog').getByLabel(name, { exact: true });
const toast = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor({ timeout: 30_000 });
const go = (page: Page, tab: string) => page.getByRole('link', { name: tab, exact: true }).click();

/** Opens the wallet "home" and signs in with it, by keyboard. */
async function signIn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign in with Ethereum' }).focus();
  await page.keyboard.press('Enter');
  const heading = page.getByRole('heading', { name: /^Unlock home|^A signature/ });
  await heading.waitFor();
  if ((await heading.textContent())?.startsWith('Unlock') === true) {
    await page.keyboard.type(passphrase);
    await page.keyboard.press('Enter');
  }
  await page.getByRole('heading', { name: 'A signature is asked for' }).waitFor({ timeout: 30_000 });
}

// Someone with no terminal has a name in the network within seconds; what is
// signed was read, and a refusal signs nobody in.
test('a wallet is made, refuses once, and signs in, by keyboard alone', async () => {
  const here = await open('#/wallet');
  const { page } = here;
  await page.getByText('No wallet yet').waitFor();
  await page.keyboard.press('n');
  await page.keyboard.type('home');
  await page.keyboard.press('Tab');
  await page.keyboard.type('short');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').first().waitFor();
  await field(page, 'New passphrase').fill(passphrase);
  await field(page, 'The same again').fill(passphrase);
  await page.keyboard.press('Enter');
  await toast(page, 'The wallet home is made.');

  await signIn(page);
  const text = await page.getByRole('region', { name: 'The whole text' }).textContent();
  expect(await accessFaults(page)).toEqual([]);
  expect(text).toMatch(
    /wants you to sign in with your Ethereum account:\n0x[0-9a-fA-F]{40}\n\nSign in to namespace 'default'/,
  );
  // The focus is on what signs nothing.
  await page.keyboard.press('Enter');
  await toast(page, 'You refused the signature; nothing was signed.');
  expect(await page.getByTestId('account').textContent()).toContain('No wallet is signed in');

  await signIn(page);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  const address = /0x[0-9a-fA-F]{40}/.exec(text ?? '')?.[0] ?? '';
  expect(await page.getByTestId('account').textContent()).toContain(address);

  await go(page, 'Sign-ins');
  expect(await page.getByTestId('sessions').getByRole('row').nth(1).textContent()).toContain('this one');
  expect(await accessFaults(page)).toEqual([]);
  await leave(here);
});

// A right that is given to the wrong wallet, or a key that cannot be revoked, opens
// somebody's data.
test('a namespace is claimed by the account, shared, and opened by a key', async () => {
  const here = await open('#/wallet/namespaces');
  const { page } = here;
  await page.getByRole('radio', { name: /^Account 0x/ }).click();
  await page.getByText('No namespace yet').waitFor();
  await press(page, 'New namespace');
  await field(page, 'Namespace').fill('shop');
  await page.keyboard.press('Enter');
  await toast(page, 'The namespace shop is yours.');
  await page.getByTestId('grants').getByText('you').waitFor();

  await press(page, 'Give a role');
  await field(page, 'Address of the wallet').fill(bob.replace('E7', 'e7'));
  await page.keyboard.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'capital letters' }).waitFor();
  await field(page, 'Address of the wallet').fill(bob);
  await page.keyboard.press('Enter');
  await toast(page, /is reader now/);
  expect(await page.getByTestId('grants').getByRole('row').count()).toBe(3);
  expect(await accessFaults(page)).toEqual([]);
  await press(page, 'Undo');
  await toast(page, 'Put back as it was.');
  expect(await page.getByTestId('grants').getByRole('row').count()).toBe(2);

  await go(page, 'API keys');
  await press(page, 'New key');
  await field(page, 'What it is for').fill('backup');
  await page.keyboard.press('Enter');
  const key = (await page.getByTestId('new-key').textContent()) ?? '';
  expect(key).toMatch(/^ak_/);
  expect(await accessFaults(page)).toEqual([]);
  await press(page, 'Copy key');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  await press(page, 'I have kept it');
  expect(await page.content()).not.toContain(key);
  expect(await accessFaults(page)).toEqual([]);
  const asked = async () =>
    (await fetch(`${node.run.gateway}/v1/auth/whoami`, { headers: { 'X-API-Key': key } })).status;
  expect(await asked()).toBe(200);
  await page.getByTestId('keys').getByRole('button', { name: 'Revoke' }).click();
  await page.keyboard.press('Enter'); // on Cancel
  expect(await page.getByTestId('keys').getByRole('row').count()).toBe(2);
  await page.getByTestId('keys').getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await toast(page, 'The key is revoked.');
  expect(await asked()).toBe(401);

  await go(page, 'Apps');
  await press(page, 'Register');
  await field(page, 'Name').fill('till');
  await page.keyboard.press('Enter');
  await toast(page, 'till is registered.');
  await page.getByTestId('apps').getByText('till').waitFor();
  expect(await accessFaults(page)).toEqual([]);
  await leave(here);
});

// Whoever has no words on paper loses the wallet with the computer.
test('the words are shown against the passphrase and three of them asked back', async () => {
  const here = await open('#/wallet');
  const { page } = here;
  await press(page, 'Write them down');
  await page.keyboard.type('wrong horse');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'passphrase is wrong' }).waitFor({ timeout: 30_000 });
  await field(page, 'Passphrase').fill(passphrase);
  await page.keyboard.press('Enter');
  await page.getByTestId('words').waitFor({ timeout: 30_000 });
  const words = await page.getByTestId('words').locator('b').allTextContents();
  expect(words).toHaveLength(12);
  expect(await accessFaults(page)).toEqual([]);
  await press(page, 'I have written them down');
  const dialog = page.getByRole('dialog');
  for (const input of await dialog.getByRole('textbox').all()) await input.fill('abandon');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'That is not word' }).waitFor();
  expect(await accessFaults(page)).toEqual([]);
  for (const label of await dialog.locator('label').allTextContents())
    await dialog.getByLabel(label, { exact: true }).fill(words[Number(label.replace('Word ', '')) - 1] ?? '');
  await page.keyboard.press('Enter');
  await toast(page, 'The words are checked. Keep the paper safe.');
  await page.reload();
  await page.locator('[data-wallet=home]').waitFor();
  expect(await page.getByText('Words not written down yet').count()).toBe(0);
  // They are nowhere but on paper, nor is the passphrase.
  const seen = await Promise.all([node.dataDir, node.userDir].map(everything));
  for (const secret of [passphrase, words.join(' '), words.slice(0, 3).join(' ')])
    expect(seen.join('').includes(secret)).toBe(false);
  expect(seen[0]?.includes('a call of the page failed')).toBe(true); // the log is among it
  await leave(here);
});

/** All that lies in a folder, as text. */
async function everything(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((name) => name.isFile()).map((name) => join(name.parentPath, name.name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')));
  return texts.join('\n');
}

// A wallet moves to another computer as a file, and the test people's to nobody.
test('a wallet is saved as a keystore file, removed, and imported again', async () => {
  const here = await open('#/wallet');
  const { page } = here;
  await press(page, 'More for home');
  await page.getByRole('menuitem', { name: 'Save as keystore file…' }).click();
  const download = page.waitForEvent('download', { timeout: 30_000 });
  await page.keyboard.type(passphrase);
  await page.keyboard.press('Enter');
  const file = await (await download).path();
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ version: 3, crypto: { cipher: 'aes-128-ctr' } });

  await press(page, 'More for home');
  await page.getByRole('menuitem', { name: 'Remove…' }).click();
  const remove = page.getByRole('dialog').getByRole('button', { name: 'Remove' });
  expect(await remove.isDisabled()).toBe(true);
  await page.keyboard.type('home');
  await page.keyboard.press('Enter');
  await toast(page, 'home is removed.');
  await page.getByText('No wallet yet').waitFor();
  expect(await page.getByTestId('account').textContent()).toContain('No wallet is signed in');

  await page.keyboard.press('i');
  await field(page, 'Words or key').fill('test test test test test test test test test test test junk');
  await field(page, 'Passphrase for it here').fill(passphrase);
  await field(page, 'The same again').fill(passphrase);
  const send = page.getByRole('dialog').getByRole('button', { name: 'Import' });
  await send.click();
  await page.getByRole('alert').filter({ hasText: 'known to everybody' }).waitFor();
  await page.getByRole('dialog').locator('input[type=file]').setInputFiles(file);
  await field(page, 'Passphrase of the file').fill(passphrase);
  await field(page, 'Name').fill('back');
  await send.click();
  await toast(page, 'The wallet back is imported.');
  await page.locator('[data-wallet=back]').getByText('Ethereum key').waitFor();
  await leave(here);
});

// The code on both screens is what tells the right page from another program's.
test('a wallet of the browser signs in', async () => {
  const host = await Host.start();
  const here = await open('#/wallet');
  const { page } = here;
  await page.getByTestId('account').waitFor(); // the screen is there, and its keys with it
  await page.keyboard.press('b');
  const code = ((await page.getByTestId('code').textContent()) ?? '').replace(' ', '');
  const url = (await page.getByRole('link', { name: 'Open the sign-in page' }).getAttribute('href')) ?? '';
  const there = await enter(browser, host, url, [{ chain: 'ETH', name: 'Fox', accounts: [host.addresses.ETH] }]);
  await there.page.getByRole('button', { name: /Fox/ }).click();
  expect(await there.page.locator('.code').textContent()).toContain(code);
  await there.page.getByRole('button', { name: 'Sign with Fox' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  expect(await page.getByTestId('account').textContent()).toContain(host.addresses.ETH);
  expect(await page.getByTestId('account').textContent()).toContain('wallet of the browser');
  await page.keyboard.press('Tab');
  await press(page, 'Sign out');
  await toast(page, 'Signed out.');
  await there.page.context().close();
  await leave(here);
  await host.close();
});

// "Show as command" must not lie: what it says for looking runs as it stands.
test.each([
  ['', 'wallet ls'],
  ['namespaces', 'ns grants'],
  ['keys', 'auth key ls'],
  ['apps', 'app ls'],
  ['node', 'peer-id'],
])('the command of the tab "%s" works', async (tab, wanted) => {
  const here = await open(`#/wallet/${tab}`);
  await here.page.getByRole('button', { name: 'Show as command' }).first().click();
  const lines = await here.page.getByRole('dialog').locator('pre').allTextContents();
  const line = lines.find((one) => one.startsWith(`debros ${wanted}`)) ?? '';
  expect(line).not.toBe('');
  await node.command(...line.split(' ').slice(1)); // rejects when it fails
  await leave(here);
});

describe.each(['light', 'dark', 'contrast'] as const)('access: %s', (theme) => {
  test.each(['', 'signins', 'namespaces', 'keys', 'apps', 'node', 'token'])(
    'tab "%s", wide and narrow',
    async (tab) => {
      const here = await open(`#/wallet/${tab}`);
      const { page } = here;
      await page.evaluate((to) => (document.documentElement.dataset.theme = to), theme);
      await page.locator('main .page > *').first().waitFor();
      if (tab === 'token') await page.getByLabel(/Token or/).fill('eyJhIjoxfQ.eyJleHAiOjF9.x');
      await page.locator('main .skeleton').waitFor({ state: 'detached' });
      expect(await accessFaults(page)).toEqual([]);
      await page.setViewportSize({ width: 400, height: 800 });
      expect(await accessFaults(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
      await leave(here);
    },
  );

  test('its dialogs', async () => {
    const here = await open('#/wallet');
    const { page } = here;
    await page.evaluate((to) => (document.documentElement.dataset.theme = to), theme);
    await page.locator('[data-wallet=back]').waitFor();
    for (const key of ['n', 'i', 'b']) {
      await page.keyboard.press(key);
      await page.getByRole('dialog').waitFor();
      if (key === 'b') await page.getByTestId('code').waitFor();
      else await page.keyboard.press('Enter');
      expect(await accessFaults(page)).toEqual([]);
      await page.keyboard.press('Escape');
    }
    await press(page, 'More for back');
    await page.getByRole('menuitem', { name: 'Remove…' }).click();
    expect(await accessFaults(page)).toEqual([]);
    await leave(here);
  });
});
