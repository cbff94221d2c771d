// The network: one node invites, another joins, and both see each other.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { launch, leave, visit } from './support/page';

let browser: Browser;
let one: TestNode;
let two: TestNode;

beforeAll(async () => {
  browser = await launch();
  [one, two] = await Promise.all([TestNode.start(), TestNode.start()]);
});
afterAll(async () => {
  await browser.close();
  await Promise.all([one.close(), two.close()]);
});

test('invite, join, be listed on both sides, go back to the network of one', async () => {
  const here = await visit(browser, one, '#/network');
  const there = await visit(browser, two, '#/network');
  await here.page.getByText('This computer is the only member.').waitFor();
  const id = await here.page.getByTestId('networks').locator('td').first().getAttribute('title');

  await here.page.getByRole('button', { name: 'Invite', exact: true }).click();
  const invite = here.page.getByRole('dialog', { name: 'Invite a node' });
  await invite.getByRole('radio', { name: '1 hour' }).click();
  await invite.getByRole('button', { name: 'Invite', exact: true }).click();
  const ticket = await invite.getByTestId('ticket').innerText();
  expect(ticket).toMatch(/^debros1/);
  await invite.getByRole('img', { name: 'The link as a QR code' }).waitFor();
  await here.page.keyboard.press('Escape');

  await there.page.getByRole('button', { name: 'Join', exact: true }).click();
  const join = there.page.getByRole('dialog', { name: 'Join a network' });
  await join.getByLabel('Ticket or link').fill(ticket.slice(0, -4));
  await join.getByRole('button', { name: 'Join', exact: true }).click();
  await join.getByText('The ticket is cut off').waitFor();
  await join.getByLabel('Ticket or link').fill(ticket);
  await join.getByRole('button', { name: 'Join', exact: true }).click();
  await join.waitFor({ state: 'detached' });

  for (const { page } of [here, there]) {
    await expect.poll(() => page.getByTestId('members').locator('tbody tr').count(), { timeout: 20_000 }).toBe(2);
    await expect
      .poll(() => page.getByTestId('groups').locator('li').count(), { timeout: 20_000 })
      .toBeGreaterThanOrEqual(2);
  }
  await here.page.getByRole('region', { name: 'Tickets' }).getByText('used').first().waitFor();
  expect(
    await there.page
      .getByTestId('networks')
      .locator('tr', { hasText: 'in use' })
      .locator('td')
      .first()
      .getAttribute('title'),
  ).toBe(id);

  // The network of its own is still there, and so is the way back.
  await there.page.getByTestId('networks').getByRole('button', { name: 'Switch to it' }).click();
  await there.page.getByText('This computer is the only member.').waitFor({ timeout: 20_000 });
  await leave(here);
  await leave(there);
});
