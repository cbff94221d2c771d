// People of the chat on two nodes of one network: requests, roles, safety numbers,
// links, removal and block.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enrol, makeWallet, type Person, press, sit, slow } from './support/chat';
import { TestNode } from './support/node';
import { accessFaults, launch, leave } from './support/page';

let browser: Browser;
/** Somebody with an open chat, and the address of their wallet. */
type Member = Person & { address: string };

let ann: Member;
let bob: Member;

const sees = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor(slow);
const go = (page: Page, hash: string) => page.evaluate((to) => (location.hash = to), hash);

/** Opens the chat of a new wallet on a node. */
async function come(node: TestNode, name: string, chain: 'Ethereum' | 'Solana'): Promise<Member> {
  await makeWallet(node, name);
  const person = await sit(browser, node);
  await enrol(person, chain);
  const state = JSON.parse(await node.command('chat', 'status', '-o', 'json')) as { wallet: string };
  return { ...person, address: state.wallet };
}

beforeAll(async () => {
  browser = await launch();
  const named = (name: string) => TestNode.start({ '--node-id': name });
  const [one, two] = await Promise.all([named('one'), named('two')]);
  await two.command('join', (await one.command('invite', '-o', 'raw')).trim(), '--yes', '--timeout', '60s');
  ann = await come(one, 'ann', 'Ethereum');
  bob = await come(two, 'bob', 'Solana');
}, 180_000);
afterAll(async () => {
  await browser.close();
  await Promise.all([ann.node.close(), bob.node.close()]);
});

/** Opens the panel of the room on screen, at one of its parts. */
async function panel(page: Page, part: string): Promise<void> {
  const here = page.getByRole('region', { name: 'About this room' });
  const button = page.getByRole('button', { name: 'About this room' });
  if ((await button.getAttribute('aria-pressed')) !== 'true') await button.click();
  await here.getByRole('radio', { name: part, exact: true }).click();
}

const room = (page: Page, name: string) => page.getByRole('link', { name: new RegExp(name) }).first();

// A stranger's room learns nothing until it is accepted.
test('a room is made, its guest accepts, and both see who is in it', async () => {
  const { page } = ann;
  await press(page, 'New room or chat');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('Garden');
  await dialog.getByLabel('Invite', { exact: true }).fill(bob.address);
  await page.keyboard.press('Enter');
  await dialog.getByRole('list', { name: 'Chosen addresses' }).getByRole('listitem').waitFor();
  expect(await accessFaults(page)).toEqual([]);
  await press(page, 'Make the room');
  await room(page, 'Garden').waitFor(slow);

  await bob.page.getByRole('button', { name: /^Requests \(1\)/ }).click(slow);
  await bob.page.getByRole('heading', { name: 'Garden' }).waitFor();
  await sees(bob.page, ann.address);
  expect(await accessFaults(bob.page)).toEqual([]);
  await press(bob.page, 'Accept');
  await sees(bob.page, 'You are in Garden.');

  await room(page, 'Garden').click();
  await panel(page, 'People');
  const people = page.getByRole('list', { name: 'Members' });
  await expect.poll(() => people.getByRole('listitem').count(), slow).toBe(2);
  await expect.poll(() => people.getByText('invited').count(), slow).toBe(0);
  expect(await accessFaults(page)).toEqual([]);
});

// Two people who see the same number have nobody between them.
test('the safety numbers are the same on both sides, and one verifies the other', async () => {
  const number = async ({ page }: Member, of: string): Promise<string> => {
    await go(page, `#/anchat?page=people&person=${of}`);
    const groups = page.getByRole('list', { name: 'Safety number' }).getByRole('listitem');
    await groups.first().waitFor(slow);
    return (await groups.allInnerTexts()).join(' ');
  };
  const [mine, theirs] = await Promise.all([number(ann, bob.address), number(bob, ann.address)]);
  expect(mine).toMatch(/^\d{5}( \d{5}){11}$/);
  expect(theirs).toBe(mine);
  expect(await accessFaults(ann.page)).toEqual([]);
  await press(ann.page, 'The numbers are the same');
  await sees(ann.page, 'verified');

  await ann.page.getByLabel('Nickname').fill('Robert');
  await ann.page.keyboard.press('Enter');
  await sees(ann.page, 'You call them Robert now.');
});

// Whoever has a link may knock; whoever is removed reads nothing later.
test('a role is given, a link is made and ended, a member is removed and comes back by a link', async () => {
  const { page } = ann;
  await go(page, '#/anchat');
  await room(page, 'Garden').click();
  await panel(page, 'People');
  await press(page, 'Actions for Robert');
  await page.getByRole('menuitem', { name: /^Make an admin/ }).click();
  await sees(page, 'Robert is admin now.');

  await panel(page, 'Invite');
  await press(page, 'Make a link');
  const links = page.getByRole('list', { name: 'Invite links of this room' });
  const link = (await links.getByText(/^debros:\/\/room/).textContent(slow)) ?? '';
  expect(await accessFaults(page)).toEqual([]);

  await panel(page, 'People');
  await press(page, 'Actions for Robert');
  await page.getByRole('menuitem', { name: 'Remove…' }).click();
  // The focus is on what changes nothing.
  await page.keyboard.press('Enter');
  await press(page, 'Actions for Robert');
  await page.getByRole('menuitem', { name: 'Remove…' }).click();
  await press(page, 'Remove');
  await sees(page, 'Robert was removed. The room has new keys.');
  await expect.poll(() => page.getByRole('list', { name: 'Members' }).getByRole('listitem').count(), slow).toBe(1);

  await go(bob.page, '#/anchat');
  await press(bob.page, 'New room or chat');
  await bob.page.getByRole('radio', { name: 'By link' }).click();
  await bob.page.getByLabel('Invite link').fill(link);
  await sees(bob.page, /lets you in as soon as it is up/);
  await press(bob.page, 'Knock');
  await expect.poll(() => page.getByRole('list', { name: 'Members' }).getByRole('listitem').count(), slow).toBe(2);
});

// Who is blocked is not told, and is found again under People.
test('a person is blocked with a way back, and the screens end without a fault', async () => {
  await go(bob.page, `#/anchat?page=people&person=${ann.address}`);
  await press(bob.page, 'Block');
  await sees(bob.page, 'blocked');
  await press(bob.page, 'Undo');
  await sees(bob.page, /is no longer blocked/);
  await Promise.all([leave(ann), leave(bob)]);
});
