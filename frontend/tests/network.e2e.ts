// The network: one node invites, others join, all see each other; one hands over
// and leaves, one that does not come back is replaced.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { accessFaults, launch, leave, visit } from './support/page';

let browser: Browser;
let one: TestNode;
let two: TestNode;
let three: TestNode;

beforeAll(async () => {
  browser = await launch();
  const named = (name: string) => TestNode.start({ '--node-id': name });
  [one, two, three] = await Promise.all([named('one'), named('two'), named('three')]);
});
afterAll(async () => {
  await browser.close();
  await Promise.all([one, two, three].map((node) => node.close()));
});

const members = (page: Page) => page.getByTestId('members').locator('tbody tr');
const networks = (page: Page) => page.getByTestId('networks').locator('tbody tr');
const slow = { timeout: 30_000 };

/** Opens the menu of a row and chooses a line of it. A menu closes when its place is scrolled, as it is to reach it. */
async function choose(page: Page, row: string, line: string): Promise<void> {
  const button = page.getByRole('button', { name: `Actions for ${row}`, exact: true }).first();
  const item = page.getByRole('menuitem', { name: line });
  await button.scrollIntoViewIfNeeded();
  await expect
    .poll(async () => {
      if ((await button.getAttribute('aria-expanded')) !== 'true') await button.press('Enter');
      return item.isVisible();
    }, slow)
    .toBe(true);
  await item.press('Enter');
}

test('invite two at once, join, be listed on both sides, go back to the network of one', async () => {
  const here = await visit(browser, one, '#/network');
  const there = await visit(browser, two, '#/network');
  await here.page.getByText('This computer is the only member.').waitFor();
  const id = (await networks(here.page).locator('td').first().getAttribute('title')) ?? '';

  // A guest needs no ticket, only an address.
  await here.page.getByRole('button', { name: 'Invite', exact: true }).click();
  const invite = here.page.getByRole('dialog', { name: 'Invite a node' });
  await invite.getByRole('radio', { name: 'Guest' }).click();
  await invite.getByText(/debros node start --bootstrap-peers \/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3/).waitFor();
  await invite.getByRole('radio', { name: 'Member' }).click();
  await invite.getByRole('radio', { name: '2 nodes' }).click();
  await invite.getByRole('radio', { name: '1 hour' }).click();
  await invite.getByText('debros invite --ttl 1h').waitFor();
  await invite.getByRole('button', { name: 'Invite', exact: true }).click();
  const first = await invite.getByTestId('ticket').innerText();
  expect(first).toMatch(/^debros1/);
  await invite.getByRole('img', { name: 'The link as a QR code' }).waitFor();
  expect(await accessFaults(here.page)).toEqual([]);
  await invite.getByRole('button', { name: 'Next ticket' }).click();
  await invite.getByText('Ticket 2 of 2').waitFor();
  const second = await invite.getByTestId('ticket').innerText();
  expect(second).not.toBe(first);
  await here.page.keyboard.press('Escape');
  await expect.poll(() => here.page.getByTestId('tickets').getByText('open').count()).toBe(2);

  // A link may bring the ticket along: it waits in the dialog, and leaves the address.
  await there.page.evaluate((to) => (location.hash = `#/network/join?ticket=${to}`), second);
  const join = there.page.getByRole('dialog', { name: 'Join a network' });
  await expect.poll(() => join.getByLabel('Ticket or link').inputValue()).toBe(second);
  expect(there.page.url()).not.toContain('debros1');
  await there.page.keyboard.press('Escape');
  await join.waitFor({ state: 'detached' });

  // By keyboard: the dialog, a ticket that is cut off, then a whole one.
  await there.page.getByRole('button', { name: 'Join', exact: true }).focus();
  await there.page.keyboard.press('Enter');
  await join.waitFor();
  await there.page.keyboard.insertText(first.slice(0, -4));
  await there.page.keyboard.press('Enter');
  await join.getByText('the ticket is cut off').waitFor();
  await join.getByLabel('Ticket or link').fill(first);
  await join.getByText(`For the network ${id}.`).waitFor();
  await there.page.keyboard.press('Enter');
  await join.waitFor({ state: 'detached', ...slow });

  for (const { page } of [here, there]) {
    await expect.poll(() => members(page).count(), slow).toBe(2);
    await expect.poll(() => members(page).getByText('connected').count(), slow).toBe(2);
    await expect.poll(() => page.getByTestId('groups').locator('li').count(), slow).toBeGreaterThanOrEqual(2);
  }
  await here.page.getByRole('region', { name: 'Tickets' }).getByText('used').first().waitFor();
  const inUse = networks(there.page).filter({ hasText: 'in use' }).locator('td').first();
  expect(await inUse.getAttribute('title')).toBe(id);

  // A ticket that is still open is taken back after a question.
  await here.page.getByTestId('tickets').getByRole('button', { name: 'Revoke' }).click();
  await here.page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
  await here.page.getByTestId('tickets').getByText('revoked').waitFor();

  // The network of its own is still there, and so is the way back and forth.
  const own = (await networks(there.page).filter({ hasNotText: 'in use' }).locator('td').first().innerText()).trim();
  await choose(there.page, own, 'Switch to it');
  await there.page.getByText('This computer is the only member.').waitFor(slow);
  await choose(there.page, id, 'Switch to it');
  await expect.poll(() => members(there.page).count(), slow).toBe(2);
  await leave(here);
  await leave(there);
});

test('three members: who votes, what each keeps; one leaves after a dry run, one is replaced', async () => {
  await one.command('kv', 'put', '--namespace', 'shop', 'k', 'v');
  const ticket = (await one.command('invite', '-o', 'raw')).trim();
  await three.command('join', ticket);
  const here = await visit(browser, one, '#/network');
  await expect.poll(() => members(here.page).count(), slow).toBe(3);
  await expect.poll(() => members(here.page).getByText('voter', { exact: true }).count(), slow).toBe(3);
  await members(here.page).filter({ hasText: 'one' }).getByText(/shop/).waitFor();
  await expect
    .poll(() => here.page.getByTestId('groups').locator('tr', { hasText: 'shop' }).locator('li').count(), slow)
    .toBe(3);
  await here.page
    .getByTestId('groups')
    .getByText(/KiB|MiB/)
    .first()
    .waitFor();

  // Who is connected hands over by itself: the page says how.
  await choose(here.page, 'two', 'Drain…');
  await here.page.getByRole('dialog', { name: 'Drain two' }).getByText('debros leave').waitFor();
  await here.page.keyboard.press('Escape');

  // Leaving: the dry run, the name, and the groups that move.
  const there = await visit(browser, two, '#/network');
  await expect.poll(() => members(there.page).count(), slow).toBe(3);
  await there.page.getByRole('button', { name: 'Leave', exact: true }).click();
  const dialog = there.page.getByRole('dialog', { name: 'Leave the network' });
  await dialog.getByText(/This node keeps \d+ groups? and leads \d+\./).waitFor();
  await dialog.getByText('2 members take them over first.').waitFor();
  expect(await accessFaults(there.page)).toEqual([]);
  const verb = dialog.getByRole('button', { name: 'Leave', exact: true });
  expect(await verb.isDisabled()).toBe(true);
  const name = await there.page.locator('h2').first().innerText();
  await dialog.getByLabel(/Type/).fill(name);
  await verb.click();
  await there.page.getByText('This node has left the network.').first().waitFor({ timeout: 60_000 });
  await expect.poll(() => members(here.page).count(), slow).toBe(2);

  // What is left of it on that computer is deleted once its name is typed.
  await choose(there.page, name, 'Delete…');
  const remove = there.page.getByRole('dialog', { name: 'Delete a network' });
  await remove.getByLabel(/Type/).fill(name);
  await remove.getByRole('button', { name: 'Delete', exact: true }).click();
  await there.page.getByText('The network is deleted from this computer.').first().waitFor();
  await leave(there);

  // One that went away without a word is replaced.
  await three.kill();
  await members(here.page).filter({ hasText: 'three' }).getByText('away').waitFor(slow);
  await choose(here.page, 'three', 'Replace…');
  const replace = here.page.getByRole('dialog', { name: 'Remove three' });
  await replace.getByText(/Made anew: .*shop/).waitFor();
  expect(await here.page.evaluate(() => document.activeElement?.textContent.trim())).toBe('Cancel');
  await replace.getByRole('button', { name: 'Remove', exact: true }).click();
  await here.page.getByText('The member is being removed.').first().waitFor();
  await leave(here);
});
