// Ask every node, for rows and for a key: three real nodes hold the same, one is gone,
// and each time the page says so in one sentence.
import { createHash } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TestNode } from './support/node';
import { accessFaults, launch, leave, visit } from './support/page';

let browser: Browser;
let nodes: TestNode[];
const ns = ['--namespace', 'both'];

beforeAll(async () => {
  browser = await launch();
  nodes = await Promise.all([TestNode.start(), TestNode.start(), TestNode.start()]);
  for (const joining of nodes.slice(1)) {
    const { text } = JSON.parse(await nodes[0]!.command('invite', '-o', 'json')) as { text: string };
    await joining.command('join', text);
  }
  await nodes[0]!.command('sql', 'exec', 'CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)', ...ns);
  await vi.waitFor(
    async () => {
      const groups = JSON.parse(await nodes[0]!.command('network', 'groups', '-o', 'json')) as unknown;
      expect(/"namespace":"both"[^\]]*/.exec(JSON.stringify(groups))?.[0].match(/"node":/g)?.length).toBe(3);
    },
    { timeout: 60_000, interval: 500 },
  );
  await nodes[0]!.command('sql', 'exec', "INSERT INTO t VALUES (1, 'Ann'), (2, 'Bo')", ...ns);
}, 120_000);
afterAll(async () => {
  await browser.close();
  await Promise.all(nodes.map((n) => n.close()));
});

async function run(page: Page, text: string): Promise<void> {
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Run all' }).click();
  await page.getByRole('tab', { name: 'Every node' }).click();
}

test('a key is the same on three nodes, or is there on none', async () => {
  await nodes[1]!.command('kv', 'put', 'shared', 'value', ...ns);
  const at = await visit(browser, nodes[0]!, '#/keys?ns=both&key=shared&tab=nodes');
  const { page } = at;
  const verdict = page.getByTestId('verdict');
  await verdict.getByText(/^The same everywhere at index/).waitFor();
  const rows = page.getByTestId('compared-nodes').locator('tbody tr');
  const sum = createHash('sha256').update('value').digest('hex');
  expect(await rows.filter({ hasText: sum }).count()).toBe(3);
  expect(await page.getByTestId('compared-nodes').getByText('≠').count()).toBe(0);

  await nodes[2]!.command('kv', 'del', 'shared', ...ns);
  await page.getByRole('button', { name: 'Ask again' }).click();
  await expect.poll(() => rows.filter({ hasText: 'not there' }).count()).toBe(3);
  await verdict.getByText(/^The same everywhere at index/).waitFor();
  await leave(at);
});

test('the same everywhere, refusals with their reason, and a node that is gone', async () => {
  const at = await visit(browser, nodes[0]!, '#/sql?ns=both');
  const { page } = at;
  await run(page, 'SELECT * FROM t ORDER BY id');
  await page.getByText('Replicas of this namespace').waitFor();
  const ask = page.getByRole('button', { name: /^Ask (every node|again)$/ });
  await ask.click();
  const verdict = page.getByTestId('verdict');
  await verdict.getByText(/^The same everywhere at index/).waitFor();
  await verdict.getByText('2 rows are the same everywhere · rows paired by primary key').waitFor();
  await expect.poll(() => page.getByTestId('compared-nodes').locator('tbody tr').count()).toBe(3);
  expect(await accessFaults(page)).toEqual([]);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save report' }).click();
  expect((await download).suggestedFilename()).toBe('comparison.json');

  await run(page, 'SELECT random() AS dice');
  await ask.click();
  await page.getByText('Each node throws its own dice').waitFor();

  await nodes[2]!.kill();
  await run(page, 'SELECT * FROM t ORDER BY id');
  await ask.click();
  await verdict.getByText(/did not answer\.$/).waitFor({ timeout: 30_000 });
  expect(await page.getByTestId('compared-nodes').getByText('no answer').count()).toBe(1);
  await leave(at);
}, 120_000);
