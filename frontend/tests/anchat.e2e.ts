// Two people on two nodes, an Ethereum and a Solana wallet: a room, an invitation,
// messages both ways, one who is away and comes back, and a new computer that reads
// the history again from the backup.
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enrol, makeWallet, passphrase, type Person, read, sit, slow, unlock, write } from './support/chat';
import { TestNode } from './support/node';
import { accessFaults, launch, leave } from './support/page';

let browser: Browser;
let host: TestNode;
let guest: TestNode;
let ann: Person;
let bob: Person;

beforeAll(async () => {
  browser = await launch();
  host = await TestNode.start({ '--node-id': 'host' });
  guest = await TestNode.start({ '--node-id': 'guest', '--bootstrap-peers': host.run.p2p[0] ?? '' });
  await Promise.all([makeWallet(host, 'ann'), makeWallet(guest, 'bob')]);
  [ann, bob] = await Promise.all([sit(browser, host), sit(browser, guest)]);
}, 120_000);

afterAll(async () => {
  await browser.close();
  await Promise.all([host.close(), guest.close()]);
});

/** The address that a person chats under. */
const addressOf = async ({ node }: Person, chain: 'ethereum' | 'solana'): Promise<string> => {
  const list = JSON.parse(await node.command('wallet', 'ls', '-o', 'json')) as { wallets: Record<string, string>[] };
  return list.wallets[0]?.[chain] ?? '';
};

// If this breaks, two people cannot talk at all.
test('two wallets of two chains meet in a room and write to each other', async () => {
  await enrol(ann, 'Ethereum');
  await enrol(bob, 'Solana');
  for (const { page } of [ann, bob]) await page.getByRole('link', { name: 'Note to self' }).waitFor(slow);
  expect(await accessFaults(ann.page)).toEqual([]);

  await ann.page.keyboard.press('n');
  const dialog = ann.page.getByRole('dialog', { name: 'New conversation' });
  await dialog.getByLabel('Name', { exact: true }).fill('Garden');
  await dialog.getByRole('textbox', { name: 'Invite' }).fill(await addressOf(bob, 'solana'));
  await ann.page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: 'Make the room' }).click();
  await ann.page.getByRole('heading', { name: 'Garden' }).waitFor(slow);
  await write(ann.page, 'Garden', 'Are the apples ripe?');
  await read(ann.page, 'Are the apples ripe?');

  await bob.page.getByRole('button', { name: 'Requests (1)' }).click(slow);
  await bob.page.getByRole('button', { name: 'Accept' }).click(slow);
  await bob.page.getByRole('heading', { name: 'Garden' }).waitFor(slow);
  await write(bob.page, 'Garden', 'Not yet. **Next** week.');
  await read(ann.page, 'Next');
  await write(ann.page, 'Garden', 'Then I come on Friday.');
  await read(bob.page, 'Then I come on Friday.');

  // The newest own message says how far it is, and its dialog which node has it.
  const far = ann.page.getByRole('button', { name: /^Your last message: stored/ });
  await far.click(slow);
  await ann.page.getByRole('dialog', { name: 'How far the message is' }).getByText('has it').waitFor(slow);
  expect(await accessFaults(ann.page)).toEqual([]);
  await ann.page.keyboard.press('Escape');
}, 180_000);

test('an answer, a change, a reaction and a deletion reach the other side', async () => {
  const { page } = bob;
  const said = page.getByRole('article', { name: /\. Then I come on Friday\.$/ });
  await said.focus();
  await page.keyboard.press('r');
  await page.keyboard.type('Good');
  await page.keyboard.press('Enter');
  await ann.page.getByRole('article').filter({ hasText: 'Good' }).getByTitle('Answers', { exact: false }).waitFor(slow);
  await read(page, 'Good');

  await said.focus();
  await page.keyboard.press('a');
  await page.getByRole('dialog', { name: 'React to the message' }).getByRole('button', { name: /🎉/ }).click();
  await ann.page.getByRole('button', { name: /🎉 by/ }).waitFor(slow);

  // Up in the empty field changes the last own message, once it is sent.
  await page.getByRole('button', { name: /^Your last message: stored/ }).waitFor(slow);
  await page.getByRole('textbox', { name: 'Write to Garden' }).press('ArrowUp');
  await page.getByText('Changing your message').waitFor();
  await page.keyboard.press('End');
  await page.keyboard.type(', bring a basket');
  await page.keyboard.press('Enter');
  await read(ann.page, 'Good, bring a basket');

  const first = ann.page.getByRole('article', { name: /Are the apples ripe\?$/ });
  await first.focus();
  await ann.page.keyboard.press('Delete');
  const asked = ann.page.getByRole('dialog', { name: 'Delete the message?' });
  await expect.poll(() => ann.page.evaluate(() => document.activeElement?.textContent)).toContain('Cancel');
  await asked.getByRole('button', { name: 'Delete for everyone' }).click();
  await ann.page.getByText(/deleted this message/).waitFor(slow);
}, 180_000);

// "Lost while offline" is what people complain of most.
test('who was away finds everything when they are back, and what they wrote meanwhile goes out', async () => {
  await guest.kill();
  const missed = Array.from({ length: 5 }, (_, i) => `While you were away, ${String(i + 1)}`);
  for (const text of missed) await write(ann.page, 'Garden', text);
  await read(ann.page, missed.at(-1) ?? '');

  await guest.restart();
  await leave(bob);
  bob = await sit(browser, guest);
  await unlock(bob.page);
  await bob.page.getByRole('link', { name: /Garden/ }).click(slow);
  for (const text of missed) await read(bob.page, text);
  // All that came while away is told apart from what was read.
  await bob.page.getByRole('log').getByText('New', { exact: true }).waitFor();
  await write(bob.page, 'Garden', 'I am back');
  await read(ann.page, 'I am back');
}, 180_000);

test('what was written is found by its words', async () => {
  const { page } = bob;
  await page.keyboard.press('Control+Shift+F');
  await page.getByRole('textbox', { name: 'Words to find' }).fill('basket');
  const hits = page.getByRole('list', { name: 'Found messages' });
  await hits.getByText('basket').first().waitFor(slow);
  expect(await accessFaults(page)).toEqual([]);
  await hits.getByRole('button').first().press('Enter');
  await page.getByRole('article', { name: /Good, bring a basket$/ }).waitFor();
}, 180_000);

// History that is missing on a new computer is the other great complaint.
test('a new computer of the same wallet reads the history again from the backup', async () => {
  const { page } = ann;
  await page.evaluate(() => (location.hash = '#/anchat?page=backup'));
  await page.getByRole('button', { name: 'Make a backup' }).first().click();
  const making = page.getByRole('dialog', { name: 'Make a backup' });
  await making.getByLabel('Passphrase of the backup', { exact: true }).fill(passphrase);
  await making.getByLabel('The same again', { exact: true }).fill(passphrase);
  await page.keyboard.press('Enter');
  await making.getByTestId('recovery').waitFor(slow);
  expect(await accessFaults(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByText('complete', { exact: true }).waitFor(slow);

  const fresh = await TestNode.start({ '--node-id': 'fresh', '--bootstrap-peers': host.run.p2p[0] ?? '' });
  try {
    await cp(join(host.userDir, 'wallets'), join(fresh.userDir, 'wallets'), { recursive: true });
    const again = await sit(browser, fresh);
    await enrol(again, 'Ethereum');
    // The chat says by itself that there is a backup.
    await again.page.getByText('Your wallet has a backup.').first().waitFor(slow);
    await again.page.evaluate(() => (location.hash = '#/anchat?page=backup'));
    await again.page
      .getByRole('region', { name: 'Backup', exact: true })
      .getByRole('button', { name: 'Restore', exact: true })
      .click(slow);
    const dialog = again.page.getByRole('dialog', { name: 'Restore from the backup' });
    await dialog.getByLabel('Passphrase or recovery code', { exact: true }).fill(passphrase);
    await again.page.keyboard.press('Enter');
    await dialog.getByRole('status').getByText(/\d/).waitFor(slow);
    await again.page.keyboard.press('Escape');
    await again.page.evaluate(() => (location.hash = '#/anchat'));
    await again.page.getByRole('link', { name: /Garden/ }).click(slow);
    for (const text of ['Good, bring a basket', 'I am back']) await read(again.page, text);
    await leave(again);
  } finally {
    await fresh.close();
  }
  await leave(ann);
}, 180_000);
