// People who chat: each with a node, a wallet in it and a browser of their own.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { TestNode } from './node';
import { type Visit, visit } from './page';

/** Seals wallets and chats in tests. */
export const passphrase = 'canary horse battery';

/** What goes through other nodes takes its time on a busy machine. */
export const slow = { timeout: 60_000 };

export const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click();

/** Makes a wallet in a node; its file is its user's. */
export async function makeWallet(node: TestNode, name: string): Promise<void> {
  const file = join(node.dataDir, 'passphrase');
  await writeFile(file, passphrase, { mode: 0o600 });
  await node.command('wallet', 'new', name, '--yes', '--passphrase-file', file);
}

/** Somebody at a node. */
export interface Person extends Visit {
  node: TestNode;
}

/** Opens the chat's screen at a node. */
export async function sit(browser: Browser, node: TestNode): Promise<Person> {
  const there = await visit(browser, node, '#/anchat', { reducedMotion: 'reduce' });
  return { ...there, node };
}

/** Fills the first steps and asks the wallet; its text then waits in a dialog, which is the answer. */
export async function askWallet(page: Page, chain: 'Ethereum' | 'Solana'): Promise<Locator> {
  const form = page.getByRole('region', { name: 'Opening the chat' });
  await form.waitFor(slow);
  await form.getByRole('radio', { name: chain }).click();
  const wallet = form.getByLabel(/^Passphrase of the wallet/);
  if (await wallet.isVisible()) await wallet.fill(passphrase);
  await form.getByLabel('Passphrase of the chat', { exact: true }).fill(passphrase);
  await form.getByLabel('The same again', { exact: true }).fill(passphrase);
  await press(page, 'Sign and open the chat');
  const asked = page.getByRole('dialog', { name: 'Add this computer to your chats?' });
  await asked.waitFor(slow);
  return asked;
}

/** Makes the node a device of its wallet: reads the text, signs it, and has an open chat. */
export async function enrol({ page }: Person, chain: 'Ethereum' | 'Solana'): Promise<void> {
  const asked = await askWallet(page, chain);
  await asked.getByText('anchat://link-device/v1').waitFor();
  await asked.getByRole('button', { name: 'Sign', exact: true }).click();
  await page.getByRole('navigation', { name: 'Rooms' }).waitFor(slow);
}

/** Opens the chat again after its program was started anew. */
export async function unlock(page: Page): Promise<void> {
  const form = page.getByRole('region', { name: 'Opening the chat' });
  await form.waitFor(slow);
  await form.getByLabel('Passphrase of the chat', { exact: true }).fill(passphrase);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation', { name: 'Rooms' }).waitFor(slow);
}

/** Writes a message by keyboard. */
export async function write(page: Page, room: string, text: string): Promise<void> {
  const field = page.getByRole('textbox', { name: `Write to ${room}` });
  await field.fill(text);
  await field.press('Enter');
}

/** Waits until a message can be read in the open room. */
export const read = (page: Page, text: string): Promise<void> =>
  page.getByRole('log').getByText(text, { exact: true }).waitFor(slow);
