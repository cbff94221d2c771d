// SQL: what runs is what was meant, what failed is shown where it failed, and a
// runaway query can be stopped.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { launch, leave, visit, type Visit } from './support/page';

let browser: Browser;
let node: TestNode;
let at: Visit;

beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), TestNode.start()]);
});
afterAll(async () => {
  await browser.close();
  await node.close();
});
beforeEach(async () => {
  at = await visit(browser, node, '#/sql');
});
afterEach(async () => {
  await leave(at);
});

async function write(text: string): Promise<void> {
  await at.page.locator('.cm-content').click();
  await at.page.keyboard.press('Control+a');
  await at.page.keyboard.insertText(text);
  await at.page.keyboard.press('Escape');
}

const runAll = () => at.page.getByRole('button', { name: 'Run all' }).click();
const cells = () => at.page.getByRole('gridcell').allInnerTexts();

test('create, insert, select: cells are exact', async () => {
  const { page } = at;
  await write(`CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, x TEXT, b BLOB);
INSERT INTO t (n, x, b) VALUES (9007199254740993, '', x'00ff'), (NULL, NULL, NULL);
SELECT * FROM t ORDER BY id;`);
  await runAll();
  await page.getByRole('grid').waitFor();
  await expect.poll(cells).toEqual(['1', '9007199254740993', '', "x'00ff'", '2', 'NULL', 'NULL', 'NULL']);
  expect(await page.getByTestId('row-count').innerText()).toBe('2 rows');
  await page
    .getByTestId('strip')
    .getByText(/weak · answered by this node \(leader\) · index/)
    .waitFor();
  await page.getByRole('button', { name: 't', exact: true, expanded: false }).waitFor();
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await page.getByRole('menuitem', { name: 'JSON' }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain('"n": 9007199254740993');
});

test('Ctrl+Enter runs the statement under the cursor only', async () => {
  const { page } = at;
  await write("SELECT 'first' AS a;\nSELECT 'second' AS a;");
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('Control+Enter');
  await expect.poll(cells).toEqual(['first']);
  await page.keyboard.press('Control+End');
  await page.keyboard.press('Control+Enter');
  await expect.poll(cells).toEqual(['second']);
});

test('an error is told and marked in the text', async () => {
  const { page } = at;
  await write('SELECT 1;\nSELECT * FROM no_such_thing;\nSELECT 2;');
  await runAll();
  await page
    .getByTestId('sql-error')
    .getByText(/no such table: no_such_thing/)
    .waitFor();
  await expect.poll(() => page.locator('.cm-fault').allInnerTexts()).toEqual(['no_such_thing']);
  await page.getByRole('tab', { name: 'Statement 1' }).click();
  await expect.poll(cells).toEqual(['1']);
});

test('a batch that fails leaves nothing behind', async () => {
  const { page } = at;
  await write(
    'CREATE TABLE account (id INTEGER PRIMARY KEY, saldo INTEGER CHECK (saldo >= 0));\nINSERT INTO account VALUES (1, 10);',
  );
  await runAll();
  await page.getByRole('tab', { name: 'Statement 2' }).waitFor();
  await write(
    'UPDATE account SET saldo = saldo + 5 WHERE id = 1;\nUPDATE account SET saldo = saldo - 100 WHERE id = 1;',
  );
  await page.getByRole('button', { name: 'As one atomic batch' }).click();
  await page.getByTestId('sql-error').getByText('Nothing was applied').waitFor();
  await write('SELECT saldo FROM account;');
  await runAll();
  await expect.poll(cells).toEqual(['10']);
});

test('a runaway query can be cancelled', async () => {
  const { page } = at;
  await write('WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n;');
  await runAll();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByTestId('sql-error').waitFor();
  await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
  await write('SELECT 42 AS still_alive;');
  await runAll();
  await expect.poll(cells).toEqual(['42']);
});

test('ten thousand rows: few are drawn, all can be reached, sorted and copied', async () => {
  const { page } = at;
  await write(
    'WITH d(v) AS (VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) SELECT a.v*1000 + b.v*100 + c.v*10 + e.v AS n FROM d a, d b, d c, d e ORDER BY n;',
  );
  await runAll();
  await expect.poll(() => page.getByTestId('row-count').innerText()).toBe('10,000 rows');
  expect(await page.getByRole('gridcell').count()).toBeLessThan(400);
  await page.getByRole('grid').focus();
  await page.keyboard.press('Control+End');
  await page.getByRole('gridcell', { name: '9999', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Sort by n' }).click();
  await page.getByRole('button', { name: 'Sort by n' }).click();
  await page.keyboard.press('Control+Home');
  await page.getByRole('grid').focus();
  await page.keyboard.press('Control+Home');
  await expect.poll(async () => (await cells())[0]).toBe('9999');
});

test('tabs and history outlive a reload', async () => {
  const { page } = at;
  await write('SELECT 7 AS kept;');
  await runAll();
  await expect.poll(cells).toEqual(['7']);
  await page.reload();
  await page.locator('.cm-content').getByText('kept').waitFor();
  await page.getByRole('button', { name: 'History' }).click();
  await page.getByRole('dialog', { name: 'History' }).getByText('SELECT 7 AS kept;').waitFor();
});
