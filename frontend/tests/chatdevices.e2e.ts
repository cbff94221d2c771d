// A second device of one wallet: it shows its code, is let in by the first, reads the
// history, and is ended.
import { cp } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enrol, makeWallet, type Person, press, sit, slow, unlock } from './support/chat';
import { TestNode } from './support/node';
import { accessFaults, launch, leave } from './support/page';

let browser: Browser;
let desk: Person;
let laptop: Person;

beforeAll(async () => {
  browser = await launch();
  const named = (name: string) => TestNode.start({ '--node-id': name });
  const [one, two] = await Promise.all([named('one'), named('two')]);
  await two.command('join', (await one.command('invite', '-o', 'raw')).trim(), '--yes', '--timeout', '60s');
  await makeWallet(one, 'home');
  await cp(one.userDir, two.userDir, { recursive: true });
  desk = await sit(browser, one);
  await enrol(desk, 'Solana');
  laptop = await sit(browser, two);
}, 180_000);
afterAll(async () => {
  await browser.close();
  await Promise.all([desk.node.close(), laptop.node.close()]);
});

const sees = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor(slow);
const go = (page: Page, hash: string) => page.evaluate((to) => (location.hash = to), hash);

/** Opens the note to self and reads or writes there. */
async function note(page: Page): Promise<void> {
  await go(page, '#/anchat');
  await page.getByText('Note to self').first().click(slow);
}

// Nobody has to lose the history with a computer that still runs.
test('a device is let in by its code and reads what was written before', async () => {
  await note(desk.page);
  await desk.page.getByRole('textbox', { name: /^Write/ }).fill('the ladder is in the shed');
  await desk.page.keyboard.press('Enter');
  await sees(desk.page, 'the ladder is in the shed');

  await enrol(laptop, 'Solana');
  await sees(laptop.page, 'None of your devices let this one in');
  expect(await accessFaults(laptop.page)).toEqual([]);
  await go(laptop.page, '#/anchat?page=devices');
  await laptop.page.getByRole('button', { name: 'Show this device’s code' }).first().click();
  const code = await laptop.page.getByRole('dialog').locator('code').innerText();
  await laptop.page.getByRole('img', { name: 'Code of this device' }).waitFor();
  expect(await accessFaults(laptop.page)).toEqual([]);
  await laptop.page.keyboard.press('Escape');

  await go(desk.page, '#/anchat?page=devices');
  await press(desk.page, 'Let a device in');
  const field = desk.page.getByLabel('Code of the new device');
  await field.fill(`${code.slice(0, -1)}${code.endsWith('0') ? '1' : '0'}`);
  await desk.page.keyboard.press('Enter');
  await desk.page.getByRole('alert').waitFor(slow);
  expect(await accessFaults(desk.page)).toEqual([]);
  await field.fill(code);
  await desk.page.keyboard.press('Enter');
  await sees(desk.page, /was let in\. The keys are on their way\./);

  await note(laptop.page);
  await sees(laptop.page, 'the ladder is in the shed');
});

// Who finds a lost computer must read nothing that is written from then on.
test('a device is ended after a question whose focus is on Cancel', async () => {
  const { page } = desk;
  await go(page, '#/anchat?page=devices');
  const cards = page.getByRole('region', { name: 'Devices' }).getByRole('listitem');
  await expect.poll(() => cards.count(), slow).toBe(2);
  await cards.nth(1).getByRole('button', { name: 'End…' }).click();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await cards.nth(1).getByRole('button', { name: 'End…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End…' }).click();
  await sees(page, /was ended\./);
  await cards
    .nth(1)
    .getByText(/^added .* ended /)
    .waitFor(slow);
  // The ended one knows it at the latest when its chat is opened again.
  await go(laptop.page, '#/anchat?page=settings');
  await laptop.page
    .getByRole('region', { name: 'Settings', exact: true })
    .getByRole('button', { name: 'Lock the chat' })
    .click();
  await unlock(laptop.page);
  await sees(laptop.page, 'This device was ended');
  expect(await accessFaults(laptop.page)).toEqual([]);
  expect(await accessFaults(page)).toEqual([]);
  await Promise.all([leave(desk), leave(laptop)]);
});
