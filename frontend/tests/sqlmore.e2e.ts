// SQL beyond the editor: tables are designed, looked at from all nodes, followed
// live, drawn, saved and brought back, and nothing is lost by accident.
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { accessFaults, launch, leave, visit } from './support/page';

let browser: Browser;
let node: TestNode;

beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), TestNode.start()]);
  await node.command('sql', 'exec', 'CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT)');
  await node.command(
    'sql',
    'exec',
    'CREATE TABLE visit (id INTEGER PRIMARY KEY, who INTEGER NOT NULL REFERENCES person(id), host INTEGER REFERENCES person(id))',
  );
  await node.command('sql', 'exec', "INSERT INTO person VALUES (1, 'Ann', 'Oslo'), (2, 'Bo', 'Rome')");
});
afterAll(async () => {
  await browser.close();
  await node.close();
});

async function run(page: Page, text: string): Promise<void> {
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Run all' }).click();
}

const menu = async (page: Page, of: string, item: string): Promise<void> => {
  await page.getByRole('button', { name: of, exact: true }).click();
  await page.getByRole('menuitem', { name: item }).click();
};

test('a table is designed by keyboard, shown as SQL before it runs, changed and dropped', async () => {
  const at = await visit(browser, node, '#/sql');
  const { page } = at;
  await menu(page, 'Tables and data', 'New table…');
  const dialog = page.getByRole('dialog', { name: 'New table' });
  await dialog.getByLabel('Name of the table').fill('note');
  await dialog.getByRole('button', { name: 'Add column' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.type('text');
  await dialog.getByRole('group', { name: 'text' }).getByLabel('Not null').check();
  await expect
    .poll(() => dialog.getByTestId('design-sql').innerText())
    .toBe('CREATE TABLE note (\n  id INTEGER PRIMARY KEY,\n  text TEXT NOT NULL\n) STRICT;');
  expect(await accessFaults(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Create table' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'note', exact: true }).waitFor();
  await node.command('sql', 'exec', "INSERT INTO note (text) VALUES ('kept')");

  // What ALTER TABLE cannot do is made anew in one batch, and the rows stay.
  await menu(page, 'Actions for note', 'Change its design…');
  const change = page.getByRole('dialog', { name: 'Design of note' });
  await change.getByRole('group', { name: 'text' }).getByLabel('Unique').check();
  await change.getByText('the table is made anew').waitFor();
  await change.getByRole('button', { name: 'Change table' }).click();
  await change.waitFor({ state: 'detached' });
  expect(await node.command('sql', 'query', 'SELECT text FROM note')).toContain('kept');
  expect(await node.command('sql', 'query', "SELECT sql FROM sqlite_schema WHERE name = 'note'")).toContain('UNIQUE');

  // A table that others refer to is not replaced under them.
  await menu(page, 'Actions for person', 'Change its design…');
  const person = page.getByRole('dialog', { name: 'Design of person' });
  await person.getByRole('group', { name: 'city' }).getByLabel('Not null').check();
  await person.getByText('while others refer to it (visit)').waitFor();
  expect(await person.getByRole('button', { name: 'Change table' }).isEnabled()).toBe(false);
  await page.keyboard.press('Escape');

  await menu(page, 'Actions for note', 'Drop…');
  const drop = page.getByRole('dialog', { name: 'Drop note' });
  await drop.getByText('note holds 1 row. The table is deleted with them on 1 node, for good.').waitFor();
  expect(await drop.getByRole('button', { name: 'Drop', exact: true }).isEnabled()).toBe(false);
  await drop.getByLabel('Type “note” to confirm').fill('note');
  expect(await accessFaults(page)).toEqual([]);
  await page.keyboard.press('Enter');
  await drop.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'note', exact: true }).waitFor({ state: 'detached' });
  await leave(at);
});

test('a plan marks what is read whole and names the index that helps', async () => {
  const at = await visit(browser, node, '#/sql');
  const { page } = at;
  await run(page, "SELECT * FROM person WHERE city = 'Oslo'");
  await page.getByRole('tab', { name: 'Rows' }).focus();
  await page.keyboard.press('ArrowRight');
  const plan = page.getByTestId('plan');
  await plan.getByText('1 table is read whole.').waitFor();
  await plan.getByText('CREATE INDEX person_city ON person (city)').waitFor();
  expect(await accessFaults(page)).toEqual([]);
  await run(page, 'SELECT * FROM person WHERE id = 1');
  await page.getByRole('tab', { name: 'Plan' }).click();
  await plan.getByText('Every table is searched by a key or an index.').waitFor();
  await leave(at);
});

test('a live query shows what a commit changed, counts on while paused and can be stopped', async () => {
  const at = await visit(browser, node, '#/sql');
  const { page } = at;
  await run(page, 'SELECT id, name FROM person ORDER BY id');
  await page.getByRole('tab', { name: 'Live' }).click();
  const live = page.getByTestId('live');
  await live.getByText('Ann').waitFor();
  await node.command('sql', 'exec', "UPDATE person SET name = 'Anna' WHERE id = 1");
  await live.getByText('Anna').waitFor();
  expect((await live.locator('td.on').allInnerTexts()).map((x) => x.replace(/\s+/g, ' '))).toEqual(['changed: Anna']);
  await page.getByText('last: 0 added, 1 changed, 0 removed').waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await node.command('sql', 'exec', "INSERT INTO person VALUES (3, 'Cy', NULL)");
  await page.getByRole('button', { name: 'Go on (1 change since)' }).waitFor();
  expect(await live.locator('tbody tr').count()).toBe(2);
  expect(await accessFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Go on (1 change since)' }).click();
  await live.getByText('Cy').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: 'Watch' }).waitFor();
  await leave(at);
});

test('the diagram is drawn, moved by keys, listed in words and saved', async () => {
  const at = await visit(browser, node, '#/sql');
  const { page } = at;
  await menu(page, 'Tables and data', 'Diagram');
  const picture = page.getByTestId('diagram');
  await picture.getByText('person').waitFor();
  const before = await picture.getAttribute('viewBox');
  await picture.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('+');
  expect(await picture.getAttribute('viewBox')).not.toBe(before);
  await page.keyboard.press('0');
  expect(await picture.getAttribute('viewBox')).toBe(before);
  expect(await accessFaults(page)).toEqual([]);
  for (const [button, head] of [
    ['Save as SVG', '<svg xmlns='],
    ['Save as PNG', '\u0089PNG'],
  ] as const) {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: button }).click();
    const bytes = await readFile(await (await download).path());
    expect(bytes.toString('latin1').startsWith(head)).toBe(true);
  }
  await page.getByRole('radio', { name: 'List' }).click();
  await page.getByTestId('diagram-list').getByText('host → person (id)').waitFor();
  await page.goBack();
  await page.locator('.cm-content').waitFor();
  await leave(at);
});

test('read-only refuses every write until it is switched off', async () => {
  const at = await visit(browser, node, '#/sql');
  const { page } = at;
  await menu(page, 'Tables and data', 'Make read-only');
  await page.getByTestId('read-only').waitFor();
  await run(page, "INSERT INTO person VALUES (9, 'No', NULL)");
  await page.getByTestId('sql-error').getByText('read-only').waitFor();
  expect(await accessFaults(page)).toEqual([]);
  await page.getByTestId('read-only').getByRole('button', { name: 'Allow changes' }).click();
  await page.getByTestId('read-only').waitFor({ state: 'detached' });
  await run(page, 'DELETE FROM person WHERE id = 3');
  await page.getByTestId('sql-done').waitFor();
  await leave(at);
});

test('a statement is taken back; a row that was changed since stays as it is', async () => {
  const at = await visit(browser, node, '#/sql');
  const { page } = at;
  await run(page, "UPDATE person SET city = 'Everywhere'");
  const undo = page.getByTestId('undo');
  await undo.getByText('What undo would run').click();
  await undo.getByText('UPDATE "person" SET "city" = \'Oslo\' WHERE "id" IS 1 AND "city" IS \'Everywhere\';').waitFor();
  await node.command('sql', 'exec', "UPDATE person SET city = 'Theirs' WHERE id = 2");
  await undo.getByRole('button', { name: 'Undo', exact: true }).click();
  await undo.getByText('1 row was changed since: 2').waitFor();
  expect(await accessFaults(page)).toEqual([]);
  await undo.getByRole('button', { name: 'Undo the other 1 row' }).click();
  await undo.getByText('Taken back: 1 row is as before.').waitFor();
  const now = await node.command('sql', 'query', 'SELECT group_concat(city) AS cities FROM person', '-o', 'json');
  expect(now).toContain('Oslo,Theirs');
  await leave(at);
});

test('a backup is written, and restored over other data only with its name typed', async () => {
  const at = await visit(browser, node, '#/sql?ns=saved');
  const { page } = at;
  await node.command('sql', 'exec', 'CREATE TABLE t (x)', '--namespace', 'saved');
  await node.command('sql', 'exec', "INSERT INTO t VALUES ('first')", '--namespace', 'saved');
  await menu(page, 'Tables and data', 'Back up, restore…');
  const dialog = page.getByRole('dialog', { name: 'Back up and restore saved' });
  const download = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Write file' }).click();
  const file = await (await download).path();
  await node.command('sql', 'exec', "INSERT INTO t VALUES ('second')", '--namespace', 'saved');

  const chooser = page.waitForEvent('filechooser');
  await dialog.getByRole('button', { name: 'Choose file' }).click();
  await (await chooser).setFiles(file);
  const restore = dialog.getByRole('button', { name: 'Restore', exact: true });
  await dialog.getByLabel('Type “saved” to confirm').waitFor();
  expect(await restore.isEnabled()).toBe(false);
  expect(await accessFaults(page)).toEqual([]);
  await dialog.getByLabel('Type “saved” to confirm').fill('saved');
  await restore.click();
  await expect
    .poll(() => node.command('sql', 'query', 'SELECT group_concat(x) AS x FROM t', '--namespace', 'saved'), {
      timeout: 20_000,
    })
    .not.toContain('second');
  await leave(at);
});

test.each(['dark', 'contrast', 'narrow'])('without a finding of axe: %s', async (look) => {
  const at = await visit(browser, node, '#/sql', {
    reducedMotion: 'reduce',
    ...(look === 'narrow' ? { viewport: { width: 400, height: 800 } } : {}),
  });
  const { page } = at;
  await page.evaluate((to) => (document.documentElement.dataset.theme = to), look === 'narrow' ? 'light' : look);
  const clean = async (): Promise<void> => {
    expect(await accessFaults(page)).toEqual([]);
  };
  await run(page, "SELECT * FROM person WHERE city = 'Oslo'");
  await page.getByRole('tab', { name: 'Plan' }).click();
  await page.getByTestId('plan').getByText('1 table is read whole.').waitFor();
  await clean();
  await page.getByRole('tab', { name: 'Every node' }).click();
  await page.getByRole('button', { name: 'Ask every node' }).click();
  await page.getByTestId('verdict').waitFor();
  await clean();
  await page.getByRole('tab', { name: 'Live' }).click();
  await page.getByTestId('live').waitFor();
  await clean();
  await menu(page, 'Tables and data', 'New table…');
  const design = page.getByRole('dialog', { name: 'New table' });
  await design.getByRole('button', { name: 'Details of id' }).click();
  await design.getByRole('button', { name: 'Add index' }).click();
  await design.getByRole('button', { name: 'Add rule' }).click();
  await clean();
  await page.keyboard.press('Escape');
  await menu(page, 'Tables and data', 'Back up, restore…');
  await page.getByTestId('holding').waitFor();
  await clean();
  await page.keyboard.press('Escape');
  await menu(page, 'Tables and data', 'Diagram');
  await page.getByTestId('diagram').getByText('person').waitFor();
  await clean();
  await page.getByRole('radio', { name: 'List' }).click();
  await page.getByTestId('diagram-list').waitFor();
  await clean();
  await leave(at);
});
