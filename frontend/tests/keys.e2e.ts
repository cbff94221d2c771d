// Keys: what somebody does with values all day must work, by mouse and by keyboard,
// and never lose anything silently.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { accessFaults, launch, leave, visit, type Visit } from './support/page';

let browser: Browser;
let node: TestNode;
let at: Visit;
let folder: string;

beforeAll(async () => {
  [browser, node, folder] = await Promise.all([launch(), TestNode.start(), mkdtemp(join(tmpdir(), 'debros-keys-'))]);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await browser.close();
  await node.close();
});
beforeEach(async () => {
  at = await visit(browser, node, '#/keys');
});
afterEach(async () => {
  await leave(at);
});

async function put(key: string, value: string): Promise<void> {
  const { page } = at;
  await page.getByRole('button', { name: 'New key' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New key' });
  await dialog.getByLabel('Key', { exact: true }).fill(key);
  await dialog.getByLabel('Value', { exact: true }).fill(value);
  await dialog.getByRole('button', { name: 'Put' }).click();
  await dialog.waitFor({ state: 'detached' });
}

const value = () => at.page.getByTestId('value').innerText();
const row = (name: string) => at.page.getByRole('treeitem').filter({ hasText: name });

test('put, list, view: the same bytes come back, numbers exact', async () => {
  await put('order:1', '{"id": 12345678901234567890, "paid": true}');
  await expect.poll(value).toContain('12345678901234567890');
  await row('order:').click();
  await row('1').first().waitFor();
  await at.page.getByRole('radio', { name: 'Hex' }).click();
  await at.page.getByText('7b 22 69 64 22').waitFor();
  expect(await node.command('kv', 'get', '--namespace', 'default', 'order:1')).toContain('12345678901234567890');
  await at.page
    .getByText(/answered by this node \(leader\)/)
    .first()
    .waitFor();
});

test('a new key is taken away again by undo', async () => {
  await put('mistake', 'x');
  const { page } = at;
  await expect.poll(value).toBe('x');
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await page.getByText('Deleted mistake').waitFor();
  await expect.poll(() => row('mistake').count()).toBe(0);
});

test('an existing key is not overwritten by "New key"', async () => {
  await put('once', 'first');
  const { page } = at;
  await page.getByRole('button', { name: 'New key' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New key' });
  await dialog.getByLabel('Key', { exact: true }).fill('once');
  await dialog.getByRole('button', { name: 'Put' }).click();
  await dialog.getByText('There is such a key already').waitFor();
  await dialog.getByRole('button', { name: 'Open it' }).click();
  await expect.poll(value).toBe('first');
});

test('an edit that somebody overtook shows both and lets choose', async () => {
  await put('shared', 'base');
  const { page } = at;
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await node.command('kv', 'put', '--namespace', 'default', 'shared', 'theirs');
  await page.getByLabel('Value', { exact: true }).locator('visible=true').last().fill('mine');
  await page.keyboard.press('Control+s');
  const dialog = page.getByRole('dialog', { name: 'Somebody else changed this key' });
  expect(await dialog.getByTestId('mine').innerText()).toBe('mine');
  expect(await dialog.getByTestId('theirs').innerText()).toBe('theirs');
  await dialog.getByRole('button', { name: 'Store mine over it' }).click();
  await expect.poll(value).toBe('mine');

  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await node.command('kv', 'put', '--namespace', 'default', 'shared', 'newest');
  await page.getByLabel('Value', { exact: true }).locator('visible=true').last().fill('lost');
  await page.keyboard.press('Control+s');
  await dialog.getByRole('button', { name: 'Keep theirs' }).click();
  await expect.poll(value).toBe('newest');
});

test('a deleted key comes back by undo', async () => {
  await put('precious', 'do not lose');
  const { page } = at;
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText('Deleted precious').waitFor();
  await expect.poll(() => row('precious').count()).toBe(0);
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await page.getByText('Put back 1 key').waitFor();
  await expect.poll(value).toBe('do not lose');
});

test('time to live is set and taken away', async () => {
  await put('brief', 'x');
  const { page } = at;
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Time to live' }).click();
  const dialog = page.getByRole('dialog', { name: 'Time to live' });
  await dialog.getByLabel('Time to live').fill('2h');
  await dialog.getByRole('button', { name: 'Set' }).click();
  await expect.poll(() => page.getByTestId('expires').innerText()).toMatch(/in 2 hours|in 1 hour/);
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Time to live' }).click();
  await dialog.getByRole('button', { name: 'Keep for ever' }).click();
  await expect.poll(() => page.getByTestId('expires').innerText()).toBe('never');
});

test('a branch is deleted as a task, a large one only when its name is typed', async () => {
  const { page } = at;
  await page.evaluate(async () => {
    interface Bound {
      go: { api: { KV: { Put: (r: object) => Promise<unknown> } } };
    }
    const { KV } = (window as unknown as Bound).go.api;
    const puts = Array.from({ length: 1040 }, (_, i) => i);
    while (puts.length > 0) {
      await Promise.all(
        puts.splice(0, 40).map((i) =>
          KV.Put({
            namespace: 'default',
            key: `big:${String(i)}`,
            value_base64: 'eA==',
            ttl_seconds: 0,
            if_version: '',
            if_absent: false,
          }),
        ),
      );
    }
  });
  await row('big:').hover();
  await page.getByRole('button', { name: 'Branch big:' }).click();
  await page.getByRole('menuitem', { name: 'Delete branch…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete everything under “big:”?' });
  const button = dialog.getByRole('button', { name: /^Delete 1,040 keys$/ });
  await button.waitFor();
  expect(await button.isDisabled()).toBe(true);
  await dialog.getByLabel('Type “big:” to confirm').fill('big:');
  await button.click();
  await page.getByText('Deleted 1,040 keys under “big:”').waitFor();
  await expect.poll(() => row('big:').count()).toBe(0);
  await page.getByRole('button', { name: /task/ }).click();
  await page.getByRole('region', { name: 'Tasks' }).getByText(/1,040/).first().waitFor();
});

test('keyboard alone: walk the tree, open, edit, delete', async () => {
  await put('tree:a', 'A');
  await put('tree:b', 'B');
  const { page } = at;
  await page.evaluate(() => (location.hash = '#/keys?prefix=tree%3A&flat=1'));
  const tree = page.getByRole('tree');
  await row('tree:b').waitFor();
  await tree.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect.poll(value).toBe('B');
  await page.keyboard.press('Delete');
  await page.getByText('Deleted tree:b').waitFor();
});

test('the equal command is shown, quoted for a shell', async () => {
  await put("it's", 'x');
  const { page } = at;
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Show as command' }).click();
  await page.getByText(`debros kv get --namespace default 'it'\\''s'`).waitFor();
});

/** Puts many keys into a namespace of its own by the command line. */
async function load(namespace: string, lines: object[]): Promise<void> {
  const path = join(folder, `${namespace}.jsonl`);
  await writeFile(path, lines.map((line) => JSON.stringify(line)).join('\n'));
  await node.command('kv', 'import', '--namespace', namespace, path);
}

const go = (hash: string) => at.page.evaluate((to) => (location.hash = to), hash);

test('a lost race can be merged: nobody loses a line', async () => {
  await node.command('kv', 'put', '--namespace', 'default', 'poem', 'one\ntwo\nthree');
  const { page } = at;
  await go('#/keys?key=poem');
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const field = page.getByRole('textbox', { name: 'Value', exact: true });
  await field.waitFor();
  await node.command('kv', 'put', '--namespace', 'default', 'poem', 'one\ntwo\nthree\nfour');
  await field.fill('ONE\ntwo\nthree');
  await page.keyboard.press('Control+s');
  const dialog = page.getByRole('dialog', { name: 'Somebody else changed this key' });
  expect(await dialog.getByTestId('base').innerText()).toBe('one\ntwo\nthree');
  expect(await accessFaults(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Merge…' }).click();
  expect(await dialog.getByLabel('Merged').inputValue()).toBe('ONE\ntwo\nthree\nfour');
  await dialog.getByRole('button', { name: 'Store the merged value' }).click();
  await expect.poll(value).toBe('ONE\ntwo\nthree\nfour');
});

test('what others write appears by itself; a pause counts it and shows it later', async () => {
  const { page } = at;
  await go('#/keys?ns=live');
  await page.getByText('No keys in this namespace yet').waitFor();
  await node.command('kv', 'put', '--namespace', 'live', 'first', '1');
  await row('first').waitFor();
  await node.command('kv', 'put', '--namespace', 'live', 'deep:a', '1');
  await row('deep:').waitFor();
  await page.getByRole('button', { name: /^Live/ }).click();
  await node.command('kv', 'put', '--namespace', 'live', 'second', '2');
  await page.getByRole('button', { name: 'Paused, 1 change held back. Show them' }).click();
  await row('second').waitFor();
  await node.command('kv', 'del', '--namespace', 'live', 'first', 'deep:a');
  await expect.poll(() => page.getByRole('treeitem').allInnerTexts()).toHaveLength(1);
});

test('an open key that somebody changes says so, and shows it when it is wanted', async () => {
  await put('watched', 'before');
  const { page } = at;
  await expect.poll(value).toBe('before'); // what is not open yet cannot be changed under one's eyes
  await node.command('kv', 'put', '--namespace', 'default', 'watched', 'after');
  await page.getByText('Somebody changed this key just now.').waitFor();
  expect(await value()).toBe('before');
  await page.getByRole('button', { name: 'Show it' }).click();
  await expect.poll(value).toBe('after');
});

test('the past of a key: compared, and put back as a new version', async () => {
  for (const text of ['red', 'green', 'blue']) await node.command('kv', 'put', '--namespace', 'past', 'color', text);
  const { page } = at;
  await go('#/keys?ns=past&key=color&tab=history');
  const versions = page.getByRole('listbox', { name: 'Versions' });
  await versions.focus();
  await page.keyboard.press('End');
  await expect.poll(() => page.getByTestId('diff').innerText()).toContain('red');
  await page.getByRole('button', { name: 'Restore this version…' }).click();
  const dialog = page.getByRole('dialog', { name: /^Restore version/ });
  await dialog.getByText('blue').waitFor();
  await dialog.getByText(/debros kv revert --namespace past color \d+/).waitFor();
  expect(await accessFaults(page)).toEqual([]);
  await node.command('kv', 'put', '--namespace', 'past', 'color', 'black');
  await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
  await dialog.getByText('Somebody changed the key meanwhile.').waitFor();
  await dialog.getByText('black').waitFor();
  await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
  await page
    .getByText(/^Restored version/)
    .first()
    .waitFor();
  expect(await node.command('kv', 'get', '--namespace', 'past', 'color')).toBe('red');
});

test('every node is asked for a key, and the page says in one sentence that all hold the same', async () => {
  await put('everywhere', 'the same');
  const { page } = at;
  await page.getByRole('radio', { name: 'Value' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  const verdict = page.getByTestId('verdict');
  await verdict.getByText(/^The same everywhere at index/).waitFor();
  const nodes = page.getByTestId('compared-nodes');
  const sum = createHash('sha256').update('the same').digest('hex');
  await nodes.getByRole('row').filter({ hasText: 'this node (leader)' }).filter({ hasText: sum }).waitFor();
  expect(await accessFaults(page)).toEqual([]);
  const download = page.waitForEvent('download');
  await verdict.getByRole('button', { name: 'Save report' }).click();
  const report = JSON.parse(await readFile(await (await download).path(), 'utf8')) as { verdict: string };
  expect(report.verdict).toBe('same');
  await page.getByText('comparison.json was written.').waitFor();

  await node.command('kv', 'del', '--namespace', 'default', 'everywhere');
  await page.getByRole('button', { name: 'Ask again' }).click();
  await nodes.getByRole('row').filter({ hasText: 'not there' }).waitFor();
});

test('20,000 keys: only lines on screen are drawn, branches say how many, and each is found by a filter', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => ({
    key: `big:${String(i % 100).padStart(2, '0')}:${String(i).padStart(5, '0')}`,
    text: i === 15_042 ? 'The Needle' : 'hay',
  }));
  await load('many', [...lines, { key: 'flat', text: 'x' }]);
  const { page } = at;
  await go('#/keys?ns=many');
  await row('big:').getByText('1,000+').waitFor();
  await row('big:').click();
  await row('00:').getByText('200').waitFor();
  await page.getByRole('tree').press('End');
  expect(await page.getByRole('treeitem').count()).toBeLessThan(60);

  await page.getByRole('button', { name: 'Filter keys' }).click();
  await page.getByLabel('Value contains').fill('needle');
  await page.keyboard.press('Enter');
  await page.getByText('Looked at 20,001 keys, found 1').waitFor();
  await row('big:42:15042').waitFor();
  expect(await accessFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Clear filter' }).click();
  await page.getByLabel('Name is like').fill('big:?7:1999*');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.getByRole('treeitem').allInnerTexts()).toHaveLength(1);

  await go('#/keys?ns=many&view=sizes');
  const sizes = page.getByTestId('sizes');
  await sizes.getByRole('row').filter({ hasText: 'big:' }).filter({ hasText: '20,000' }).waitFor();
  expect(await accessFaults(page)).toEqual([]);
  await sizes.getByRole('button', { name: 'big:' }).click();
  await expect.poll(() => sizes.getByRole('row').count()).toBe(101);
});

test('several at once by keyboard: chosen, renamed, given an end, deleted, and brought back', async () => {
  await load(
    'several',
    ['a:1', 'a:2', 'a:3', 'b:1'].map((key) => ({ key, text: key })),
  );
  const { page } = at;
  await go('#/keys?ns=several&flat=1');
  await row('a:1').waitFor();
  await page.getByRole('tree').focus();
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await page.getByText('3 keys chosen').waitFor();
  expect(await accessFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Copy or rename…' }).click();
  const move = page.getByRole('dialog', { name: 'Copy or rename the chosen keys' });
  await move.getByText('3 keys in all.').waitFor();
  await move.getByLabel('Take away at the beginning').fill('a:');
  await move.getByLabel('Put there instead').fill('c:');
  await move.getByText('a:1 becomes c:1').waitFor();
  await move.getByRole('button', { name: 'Rename' }).click();
  await page.getByText('Done: 3 keys renamed').waitFor();
  await expect.poll(() => node.command('kv', 'get', '--namespace', 'several', 'c:2')).toBe('a:2');

  await row('c:1').waitFor();
  await page.getByRole('tree').focus();
  await page.keyboard.press('Control+a');
  await page.getByText('4 keys chosen').waitFor();
  await page.getByRole('button', { name: 'Time to live…' }).click();
  const ttl = page.getByRole('dialog', { name: 'Time to live of the chosen keys' });
  await ttl.getByLabel('Time to live').fill('1h');
  await ttl.getByRole('button', { name: 'Set' }).click();
  await page.getByText('Done: 4 keys changed').waitFor();

  await page.getByRole('tree').focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  const remove = page.getByRole('dialog', { name: 'Delete the chosen keys?' });
  await remove.getByRole('button', { name: 'Delete 4 keys' }).click();
  await page.getByText('Done: 4 keys deleted').waitFor();
  await expect.poll(() => page.getByRole('treeitem').count()).toBe(0);
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await page.getByText('Put back 4 keys').waitFor();
  expect(await node.command('kv', 'get', '--namespace', 'several', 'b:1')).toBe('b:1');
});

test('a CSV comes in by its columns, and goes out as lines that the command line reads', async () => {
  const path = join(folder, 'people.csv');
  await writeFile(path, 'Data;Name;TTL\n"a ""quoted"" one";person:1;3600\nplain;person:2;\n');
  const { page } = at;
  await go('#/keys?ns=table');
  await page.getByRole('button', { name: 'More for all keys' }).click();
  await page.getByRole('menuitem', { name: 'Import keys…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import keys' });
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    dialog.getByRole('button', { name: 'Choose a file…' }).click(),
  ]);
  await chooser.setFiles(path);
  await dialog.getByText('a "quoted" one').waitFor();
  await dialog.getByRole('button', { name: 'Keys: column Name' }).waitFor();
  expect(await accessFaults(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await page.getByText('Done: 2 keys stored').waitFor();
  expect(await node.command('kv', 'get', '--namespace', 'table', 'person:1')).toBe('a "quoted" one');

  await page.getByRole('button', { name: 'More for all keys' }).click();
  await page.getByRole('menuitem', { name: 'Export keys…' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('dialog').getByRole('button', { name: 'Export', exact: true }).click(),
  ]);
  const written = join(folder, 'out.jsonl');
  await download.saveAs(written);
  const lines = (await readFile(written, 'utf8')).trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { key: string }).key)).toEqual(['person:1', 'person:2']);
  await node.command('kv', 'import', '--namespace', 'copy', written);
  expect(await node.command('kv', 'get', '--namespace', 'copy', 'person:2')).toBe('plain');
});

test('a packed value is opened, a large one comes in parts', async () => {
  await load('packed', [
    { key: 'zip', base64: gzipSync('{"inside": 12345678901234567890}').toString('base64') },
    { key: 'large', text: 'x'.repeat(600_000) },
  ]);
  const { page } = at;
  await go('#/keys?ns=packed&key=zip');
  await page.getByText('Packed with gzip.').waitFor();
  await expect.poll(value).toContain('12345678901234567890');
  await page.getByRole('button', { name: 'Show as stored' }).click();
  await page.getByText('1f 8b 08').waitFor();
  await go('#/keys?ns=packed&key=large');
  await page.getByText('256 KiB of 586 KiB shown.').waitFor();
  await page.getByRole('button', { name: 'Load more' }).click();
  await page.getByText('512 KiB of 586 KiB shown.').waitFor();
});

test('the separator stays with the namespace', async () => {
  await load('paths', [{ key: 'a/b', text: '1' }]);
  const { page } = at;
  await go('#/keys?ns=paths');
  await row('a/b').waitFor();
  await page.getByRole('button', { name: 'Separator: :' }).click();
  await page.getByRole('menuitemradio', { name: '/' }).click();
  await row('a/').waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Separator: /' }).waitFor();
  await expect.poll(() => page.getByRole('treeitem').allInnerTexts()).toHaveLength(1);
});

test('a topic: what others send is heard, what is sent here goes out', async () => {
  const { page } = at;
  await go('#/keys?ns=talk&view=topics&topic=news');
  await page.getByText('listening', { exact: true }).waitFor();
  await node.command('pubsub', 'pub', '--namespace', 'talk', 'news', '{"from": "outside"}');
  await expect.poll(() => page.getByTestId('message').innerText()).toContain('"from": "outside"');
  await page.getByLabel('Message').and(page.getByRole('textbox')).fill('from the page');
  await page.keyboard.press('Control+Enter');
  await page.getByRole('option').filter({ hasText: 'from the page' }).waitFor();
  await page.getByText('2 messages', { exact: false }).first().waitFor();
  expect(await accessFaults(page)).toEqual([]);
});
