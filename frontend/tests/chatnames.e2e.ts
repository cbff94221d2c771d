// What somebody calls themselves in a room.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enrol, makeWallet, type Person, press, sit, slow } from './support/chat';
import { TestNode } from './support/node';
import { accessFaults, launch, leave } from './support/page';

let browser: Browser;
let node: TestNode;
let ann: Person;

beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), TestNode.start()]);
  await makeWallet(node, 'ann');
  ann = await sit(browser, node);
  await enrol(ann, 'Ethereum');
}, 120_000);
afterAll(async () => {
  await browser.close();
  await node.close();
});

// Addresses are hard to tell apart, and a name must not look like one that the reader gave.
test('somebody says by keyboard what they are called, and it stands with its mark', async () => {
  const { page } = ann;
  await press(page, 'New room or chat');
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Garden');
  await press(page, 'Make the room');
  await page.getByRole('heading', { name: 'Garden' }).first().waitFor(slow);
  const panel = page.getByRole('region', { name: 'About this room' });
  if (!(await panel.isVisible())) await press(page, 'About this room');
  await panel.getByRole('radio', { name: 'For me', exact: true }).click();
  await panel.getByLabel('My name here').fill('Ann');
  expect(await accessFaults(page)).toEqual([]);
  await page.keyboard.press('Enter');
  await page.getByRole('log').getByText('You took the name Ann').waitFor(slow);
  await panel.getByRole('radio', { name: 'People', exact: true }).click();
  await panel.getByText('~Ann (you)').first().waitFor(slow);
  await leave(ann);
});
