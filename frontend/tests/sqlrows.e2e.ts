// Rows: edited only as they were seen, opened however many there are, filtered,
// copied, saved and brought in as files.
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { accessFaults, launch, leave, visit, type Visit } from './support/page';

let browser: Browser;
let node: TestNode;
let at: Visit;

const exec = (sql: string) => node.command('sql', 'batch', '--namespace', 'default', sql);
const read = async (sql: string) =>
  (await node.command('sql', 'query', '--namespace', 'default', sql, '-o', 'csv')).trim().split(/\r?\n/).slice(1);

beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), TestNode.start()]);
  await exec(`CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT);
    INSERT INTO city VALUES (1, 'Bonn'), (2, 'Ulm');
    CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, age INTEGER, city INTEGER REFERENCES city(id), photo BLOB);
    INSERT INTO people VALUES (1, 'Ann', 42, 1, NULL), (2, 'Bob', NULL, 2, x'00ff'), (3, '', 7, NULL, NULL);
    CREATE TABLE loose (x);
    INSERT INTO loose VALUES ('a'), ('b');
    CREATE TABLE d (v); INSERT INTO d VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);
    CREATE TABLE big (id INTEGER PRIMARY KEY, v TEXT);
    INSERT INTO big (v) SELECT 'row ' || (a.v * 10000 + b.v * 1000 + c.v * 100 + e.v * 10 + f.v) FROM d a, d b, d c, d e, d f`);
});
afterAll(async () => {
  await browser.close();
  await node.close();
});
beforeEach(async () => {
  at = await visit(browser, node, '#/sql');
  // Tabs outlive a visit; each test begins with one of its own.
  await at.page.getByRole('button', { name: 'New tab' }).click();
  await at.page.locator('.cm-content').waitFor();
});
afterEach(async () => {
  await leave(at);
});

async function openTable(name: string): Promise<void> {
  const { page } = at;
  await page.getByRole('button', { name, exact: true, expanded: false }).hover();
  await page.getByRole('button', { name: `Open ${name}`, exact: true }).click();
  await page.getByRole('grid', { name: `Rows of ${name}` }).waitFor();
}

const cell = (text: string) => at.page.getByRole('gridcell', { name: text, exact: true });
const tab = () => at.page.getByRole('tab', { selected: true }).first();

async function closeTab(): Promise<void> {
  await tab().focus();
  await at.page.keyboard.press('Delete');
}

test('cells are edited by keyboard, shown as statements, and written as one batch that can be undone', async () => {
  const { page } = at;
  await openTable('people');
  await page.getByRole('grid').focus();
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('Änne');
  await page.keyboard.press('Tab'); // takes it and goes on to the age
  await page.keyboard.type('43');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await page.keyboard.type('1');
  await page.keyboard.press('Escape'); // reverts the cell
  await expect.poll(() => page.getByTestId('staged').innerText()).toBe('1 row to write');
  await page.keyboard.type('9');
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowUp');
  await expect.poll(() => page.getByTestId('staged').innerText()).toBe('2 rows to write');
  await page.keyboard.press('Escape'); // takes back what was staged
  await expect.poll(() => page.getByTestId('staged').innerText()).toBe('1 row to write');
  await page.keyboard.press('ArrowDown');
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('button', { name: 'Add row' }).click();
  await page.keyboard.press('Enter');
  await page.keyboard.type('Cid');
  await page.keyboard.press('Enter');
  expect(await accessFaults(page)).toEqual([]);
  await page.keyboard.press('Control+s');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('DELETE FROM "people"').waitFor();
  await dialog.getByText('UPDATE "people" SET "name" = ?, "age" = ? WHERE "id" IS ?').waitFor();
  await dialog.getByText('INSERT INTO "people"').waitFor();
  expect(await read('SELECT count(*) FROM people')).toEqual(['3']);
  expect(await accessFaults(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Write 3 rows' }).click();
  await page.getByText('3 rows written.').first().waitFor();
  expect(await read('SELECT id, name, age FROM people ORDER BY id')).toHaveLength(3);
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await page.getByText('3 rows put back.').first().waitFor();
  expect(await read('SELECT id, name, age FROM people ORDER BY id')).toEqual(['1,Ann,42', '2,Bob,', '3,,7']);
  await closeTab();
});

test('a row that somebody else changed stops the whole batch', async () => {
  const { page } = at;
  await openTable('people');
  for (const name of ['Ann', 'Bob']) {
    await cell(name).click();
    await page.keyboard.press('Enter');
    await page.keyboard.type(' staged');
    await page.keyboard.press('Enter');
  }
  await exec("UPDATE people SET name = 'Bert' WHERE id = 2");
  await page.keyboard.press('Control+s');
  await page.getByRole('button', { name: 'Write 2 rows' }).click();
  await page.getByRole('alert').getByText('changed or deleted by somebody else').waitFor();
  expect(await read('SELECT name FROM people ORDER BY id LIMIT 2')).toEqual(['Ann', 'Bert']);
  await page.getByRole('button', { name: 'Drop this edit' }).click();
  await cell('Bert').waitFor();
  await cell('Ann staged').waitFor();
  await page.getByRole('button', { name: 'Revert all' }).click();
  await exec("UPDATE people SET name = 'Bob' WHERE id = 2");
  await closeTab();
});

test('a result of one table can be edited, one of two cannot; rows without a key go by their number', async () => {
  const { page } = at;
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('SELECT id, name FROM people');
  await page.keyboard.press('Control+Enter');
  await page.getByTestId('edit-bar').waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('SELECT p.id, p.name FROM people p JOIN city c ON c.id = p.city');
  await page.keyboard.press('Control+Enter');
  await expect.poll(() => page.getByTestId('row-count').innerText()).toBe('2 rows');
  expect(await page.getByTestId('edit-bar').count()).toBe(0);
  await openTable('loose');
  await cell('b').click();
  await page.getByRole('button', { name: 'Set NULL' }).click();
  await page.keyboard.press('Control+s');
  await page.getByRole('button', { name: 'Write 1 row' }).click();
  await page.getByText('1 row written.').first().waitFor();
  expect(await read('SELECT count(*), count(x) FROM loose')).toEqual(['2,1']);
  await closeTab();
});

test('a hundred thousand rows: to the end, filtered, counted in the tree', async () => {
  const { page } = at;
  await openTable('big');
  await expect.poll(() => page.getByTestId('row-count').innerText()).toBe('100,000 rows');
  await page.getByRole('grid').focus();
  await page.keyboard.press('Control+End');
  await cell('row 99999').waitFor();
  expect(await page.getByRole('gridcell').count()).toBeLessThan(400);
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await page.getByRole('textbox', { name: 'Value' }).fill('row 4242');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.getByTestId('row-count').innerText()).toBe('11 rows');
  await page.getByRole('button', { name: 'big', exact: true, expanded: false }).hover();
  await page.getByRole('button', { name: 'Count the rows of big' }).click();
  await page.getByRole('button', { name: 'big 100,000' }).waitFor();
  await closeTab();
});

test('a selection is copied as Markdown and added up exactly', async () => {
  const { page } = at;
  await openTable('people');
  await cell('Ann').click();
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+ArrowDown');
  await expect.poll(() => page.getByTestId('sum').innerText()).toContain('Sum 42');
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Markdown' }).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toBe('| name | age |\n| --- | --- |\n| Ann | 42 |\n| Bob | NULL |\n');
  await closeTab();
});

test('a foreign key leads to its row; values can be hidden and opened', async () => {
  const { page } = at;
  await openTable('people');
  await cell('2').last().click();
  await page.getByRole('button', { name: 'Open city', exact: true }).last().click();
  await page.getByRole('grid', { name: 'Rows of city' }).waitFor();
  await cell('Ulm').waitFor();
  expect(await page.getByTestId('row-count').innerText()).toBe('1 row');
  await closeTab();
  await page.getByRole('grid', { name: 'Rows of people' }).waitFor();
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('menuitemradio', { name: 'Hide values' }).click();
  expect(
    await cell('Ann')
      .locator('.value')
      .evaluate((e) => getComputedStyle(e).filter),
  ).toContain('blur');
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('menuitemradio', { name: 'Hide values' }).click();
  await cell("x'00ff'").click();
  await page.keyboard.press('Enter');
  await page.getByTestId('cell-value').getByText('00 ff').waitFor();
  expect(await accessFaults(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await closeTab();
});

test('parameters are asked for, bound and typed', async () => {
  const { page } = at;
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText("SELECT typeof(:a) || ' ' || :a AS v");
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Enter');
  const form = page.getByRole('form', { name: 'Parameters' });
  await form.waitFor();
  await page.getByLabel('Value of :a').fill('9007199254740993');
  await page.keyboard.press('Enter');
  await cell('text 9007199254740993').waitFor();
  await form.getByRole('button', { name: 'Kind of :a' }).click();
  await page.getByRole('menuitemradio', { name: 'Integer' }).click();
  await page.getByLabel('Value of :a').press('Enter');
  await cell('integer 9007199254740993').waitFor();
  expect(await accessFaults(page)).toEqual([]);
});

test('rows go into a file, and a file into a table', async () => {
  const { page } = at;
  await openTable('people');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as', exact: true }).click();
  await page.getByRole('menuitem', { name: 'CSV' }).click();
  const text = await readFile(await (await download).path(), 'utf8');
  expect(text).toBe('id,name,age,city,photo\r\n1,Ann,42,1,\r\n2,Bob,,2,x\'00ff\'\r\n3,"",7,,\r\n');
  const file = join(tmpdir(), `debros-people-${String(process.pid)}.csv`);
  await writeFile(file, text);
  await page.getByRole('button', { name: 'Import a file' }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose a CSV or JSON file' }).click();
  await (await chooser).setFiles(file);
  await page.getByRole('region', { name: 'Columns' }).getByText('photo').first().waitFor();
  // The table that was open is the target; a copy needs a new one.
  await page.getByRole('button', { name: /^Into/ }).click();
  await page.getByRole('menuitemradio', { name: 'A new table' }).click();
  await page.getByLabel('Name of the table').fill('copy');
  expect(await accessFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.getByText('3 rows were stored in "copy".').first().waitFor();
  expect(await read('SELECT * FROM copy EXCEPT SELECT * FROM people')).toEqual([]);
  await closeTab();
});

test('a query is saved as a file of its own, found again, renamed and deleted with a way back', async () => {
  const { page } = at;
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('select   1 as saved');
  await page.keyboard.press('Alt+Shift+f');
  await expect.poll(() => page.locator('.cm-content').innerText()).toContain('SELECT\n  1 AS saved');
  await page.getByRole('button', { name: 'Saved queries' }).click();
  await page.getByRole('button', { name: 'Save as…' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('my query');
  await page.keyboard.press('Enter');
  await expect
    .poll(() => readFile(join(node.dataDir, 'queries', 'my query.sql'), 'utf8'))
    .toBe('SELECT\n  1 AS saved\n');
  await page.getByRole('button', { name: 'Saved queries' }).click();
  expect(await accessFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Delete: my query' }).click();
  await page.getByText('“my query” was deleted.').first().waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await page.getByRole('button', { name: 'Saved queries' }).click();
  await page.getByRole('dialog', { name: 'Saved queries' }).getByText('my query').waitFor();
});
