// The chat's first steps, its lock, own devices and the backup, on a real node.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askWallet, makeWallet, passphrase, press, slow } from './support/chat';
import { TestNode } from './support/node';
import { accessFaults, launch, leave, visit } from './support/page';

let browser: Browser;
let node: TestNode;
let recovery = '';

beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), TestNode.start({ '--log-level': 'debug' })]);
});
afterAll(async () => {
  await browser.close();
  await node.close();
});

const open = (hash: string) => visit(browser, node, hash, { reducedMotion: 'reduce' });
const sees = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor(slow);
const go = (page: Page, hash: string) => page.evaluate((to) => (location.hash = to), hash);

// One signature of a text that says what it is; a refusal makes no device.
test('a wallet is asked once, in full, and opens an empty chat', async () => {
  await makeWallet(node, 'home');
  const here = await open('#/anchat');
  const { page } = here;
  await page.getByRole('heading', { name: 'Start chatting' }).waitFor();
  expect(await accessFaults(page)).toEqual([]);
  await press(page, 'Sign and open the chat');
  await page.getByRole('alert').first().waitFor();

  await askWallet(page, 'Ethereum');
  const text = (await page.getByRole('region', { name: 'The whole text' }).textContent()) ?? '';
  expect(text).toMatch(
    /^localhost wants you to sign in with your Ethereum account:\n0x[0-9a-fA-F]{40}\n\nAdd a device to my chats/,
  );
  expect(text).toContain('URI: anchat://link-device/v1');
  await sees(page, /Whoever holds it writes and reads in your name/);
  expect(await accessFaults(page)).toEqual([]);
  // The focus is on what signs nothing.
  await page.keyboard.press('Enter');
  await sees(page, 'You refused the signature; nothing was signed.');

  await press(page, 'Sign and open the chat');
  await page.getByRole('heading', { name: 'Add this computer to your chats?' }).waitFor();
  await press(page, 'Sign');
  await page.getByRole('heading', { name: 'Rooms' }).waitFor(slow);
  await sees(page, 'Note to self');
  // Nothing was written, so that there is nothing to lose yet.
  expect(await page.getByText('Keep your history safe.').count()).toBe(0);
  expect(await accessFaults(page)).toEqual([]);
  await leave(here);
});

// The note to self needs nobody else, and the first message brings the offer of a backup.
test('a note is written, a backup is offered, and its code is asked back', async () => {
  const here = await open('#/anchat');
  const { page } = here;
  await press(page, 'New room or chat');
  await page.getByRole('radio', { name: 'Note to self' }).click();
  await press(page, 'Open');
  const field = page.getByRole('textbox', { name: /^Write/ });
  await field.fill('the spare key is under the blue pot');
  await page.keyboard.press('Enter');
  await sees(page, 'Keep your history safe.');
  await press(page, 'Make a backup');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Passphrase of the backup').fill('canary tall ship in a bottle');
  await dialog.getByLabel('The same again').fill('canary tall ship in a bottle');
  await press(page, 'Make the backup');
  const groups = dialog.getByTestId('recovery').getByRole('listitem');
  await groups.first().waitFor(slow);
  expect(await accessFaults(page)).toEqual([]);
  const code = (await groups.allInnerTexts()).map((group) => group.replace(/^\d+\s*/, '').trim());
  recovery = code.join('-');
  expect(recovery.length).toBeGreaterThan(20);
  await press(page, 'I have it');
  const asked = dialog.getByRole('textbox');
  await asked.nth(0).fill('wrong');
  await page.keyboard.press('Enter');
  await dialog.getByRole('alert').waitFor();
  for (const box of await asked.all()) {
    const label = (await box.evaluate((one: HTMLInputElement) => one.labels?.[0]?.textContent)) ?? '';
    await box.fill(code[Number(/\d+/.exec(label)?.[0]) - 1] ?? '');
  }
  await page.keyboard.press('Enter');
  await sees(page, 'The backup was made.');
  await go(page, '#/anchat?page=backup');
  await sees(page, 'complete');
  expect(await accessFaults(page)).toEqual([]);
  await leave(here);
});

// What the chat knows is gone from the memory, and comes back with the passphrase.
test('the lock holds against a wrong passphrase and over a crash', async () => {
  const here = await open('#/anchat?page=settings');
  const { page } = here;
  expect(await accessFaults(page)).toEqual([]);
  await page.getByRole('region', { name: 'Settings' }).getByRole('button', { name: 'Lock the chat' }).click();
  await page.getByRole('heading', { name: 'The chat is locked' }).waitFor();
  expect(await accessFaults(page)).toEqual([]);
  const field = page.getByLabel('Passphrase of the chat', { exact: true });
  await field.fill('canary wrong one');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor(slow);
  await field.fill(passphrase);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Rooms' }).waitFor(slow);
  await leave(here);

  await node.kill();
  await node.restart();
  const again = await open('#/anchat');
  await again.page.getByLabel('Passphrase of the chat', { exact: true }).fill(passphrase);
  await again.page.keyboard.press('Enter');
  await again.page.getByRole('heading', { name: 'Rooms' }).waitFor(slow);
  await again.page.getByText('Note to self').first().click();
  await sees(again.page, 'the spare key is under the blue pot');
  await leave(again);
});

// Whoever lost the passphrase begins anew and reads everything again.
test('the chat is taken off this computer and restored by the recovery code', async () => {
  const here = await open('#/anchat?page=settings');
  const { page } = here;
  await page.getByRole('region', { name: 'Settings' }).getByRole('button', { name: 'Lock the chat' }).click();
  await press(page, 'I do not have the passphrase…');
  const dialog = page.getByRole('dialog');
  const word = /“(.{4})”/.exec((await dialog.textContent()) ?? '')?.[1] ?? '';
  const confirm = dialog.getByRole('button', { name: 'Delete the chat here' });
  expect(await confirm.isDisabled()).toBe(true);
  await dialog.getByRole('textbox').fill(word);
  await page.keyboard.press('Enter');
  await sees(page, 'The chat was taken off this computer.');

  await askWallet(page, 'Ethereum');
  await press(page, 'Sign');
  await page.getByRole('heading', { name: 'Rooms' }).waitFor(slow);
  await sees(page, 'Your wallet has a backup. Open it to read your history here.');
  await go(page, '#/anchat?page=backup');
  await page.getByRole('region', { name: 'Backup', exact: true }).getByRole('button', { name: 'Restore' }).click();
  const secret = page.getByRole('dialog').getByLabel('Passphrase or recovery code', { exact: true });
  await secret.fill('canary not it');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor(slow);
  await secret.fill(recovery);
  await page.keyboard.press('Enter');
  await page
    .getByRole('dialog')
    .getByText(/messages are readable/)
    .waitFor(slow);
  expect(await accessFaults(page)).toEqual([]);
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await go(page, '#/anchat?page=devices');
  await sees(page, 'this device');
  expect(await accessFaults(page)).toEqual([]);
  await leave(here);
});

// Each page of the chat can be read in each look, wide and narrow.
test.each([
  ['light', 1280],
  ['dark', 400],
] as const)('the pages of the chat: %s, %i pixels wide', async (colorScheme, width) => {
  const here = await visit(browser, node, '#/anchat', {
    colorScheme,
    viewport: { width, height: 800 },
    reducedMotion: 'reduce',
  });
  const { page } = here;
  for (const [id, name] of Object.entries({
    devices: 'Devices',
    backup: 'Backup',
    people: 'People',
    settings: 'Settings',
    privacy: 'What the network sees',
    diagnostics: 'Diagnostics',
  })) {
    await go(page, `#/anchat?page=${id}`);
    await page.getByRole('region', { name, exact: true }).waitFor();
    expect({ id, faults: await accessFaults(page) }).toEqual({ id, faults: [] });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect({ id, wide }).toEqual({ id, wide: 0 });
  }
  await leave(here);
});

/** Every file under a folder. */
async function files(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if ((await stat(path)).isDirectory()) found.push(...(await files(path)));
    else found.push(path);
  }
  return found;
}

// A passphrase, a recovery code or a message in the log would be copied with every report of a fault.
test('nothing of it lies in the clear', async () => {
  const secrets = [passphrase, 'canary tall ship', 'the blue pot', recovery];
  for (const path of await files(node.dataDir)) {
    if (path.endsWith('/passphrase')) continue; // the test's own
    const content = await readFile(path);
    for (const secret of secrets) expect(content.includes(secret), `${path} has ${secret}`).toBe(false);
  }
});
