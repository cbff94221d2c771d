// Two hundred texts that would run as script if any part of the page took them for
// markup: as keys, values, cells, column and table names, and as the names that
// people give to nodes and networks. Each is shown; nothing runs, and the policy
// never has to step in.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { launch, leave, visit, type Visit } from './support/page';

const call = 'window.ran=1';
const tags = [
  `<script>${call}</script>`,
  `<img src=x onerror=${call}>`,
  `<svg onload=${call}>`,
  `<iframe srcdoc="<script>parent.${call}</script>">`,
  `<a href="javascript:${call}">x</a>`,
  `<details open ontoggle=${call}>x</details>`,
  `<input autofocus onfocus=${call}>`,
  `<video><source onerror=${call}></video>`,
  `<body onload=${call}>`,
  `<math><mtext><style><img src=x onerror=${call}></style></mtext></math>`,
  `<style>@import 'javascript:${call}';*{background:url(javascript:${call})}</style>`,
  `<base href="javascript:${call}//">`,
  `<meta http-equiv=refresh content="0;url=javascript:${call}">`,
  `<object data="javascript:${call}">`,
  `<form action="javascript:${call}"><button>x</button></form>`,
  `{@html '<img src=x onerror=${call}>'}`,
  `\${${call}}`,
  `javascript:${call}`,
  `data:text/html,<script>${call}</script>`,
  `&lt;img src=x onerror=${call}&gt;`,
];
const wrappers: ((tag: string) => string)[] = [
  (t) => t,
  (t) => `">${t}`,
  (t) => `'>${t}`,
  (t) => `</textarea>${t}`,
  (t) => `</style></script>${t}`,
  (t) => `-->${t}<!--`,
  (t) => `]]>${t}`,
  (t) => `"}]}${t}`,
  (t) => `\u202e${t}`,
  (t) => `${t}${t}`,
];
const payloads = tags.flatMap((tag) => wrappers.map((wrap) => wrap(tag)));
const first = payloads[1] ?? '';
const quoted = (text: string, sign: string) => `${sign}${text.replaceAll(sign, sign + sign)}${sign}`;

let browser: Browser;
let node: TestNode;

beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), TestNode.start({ '--node-id': tags[1] ?? '' })]);
  const file = join(node.dataDir, 'payloads.jsonl');
  const lines = payloads.map((text, i) => JSON.stringify({ key: `${text}#${String(i)}`, text }));
  await writeFile(file, lines.join('\n'));
  await node.command('kv', 'import', file);
  const names = tags.map((tag, i) => `${quoted(`${tag}${String(i)}`, '"')} TEXT`);
  const script = [
    `CREATE TABLE ${quoted(first, '"')} (${names.join(', ')});`,
    'CREATE TABLE cells (n INTEGER PRIMARY KEY, text TEXT);',
    ...payloads.map((text) => `INSERT INTO cells (text) VALUES (${quoted(text, "'")});`),
  ];
  const sql = join(node.dataDir, 'payloads.sql');
  await writeFile(sql, script.join('\n'));
  await node.command('sql', 'import', sql);
});
afterAll(async () => {
  await browser.close();
  await node.close();
});

/** Nothing ran, and no element came out of a text. */
async function untouched(page: Page): Promise<void> {
  const found = await page.evaluate(() => ({
    ran: 'ran' in window,
    made: document.querySelectorAll('iframe, object, embed, base, math, video, img[src="x"], [onerror], [onload]')
      .length,
  }));
  expect(found).toEqual({ ran: false, made: 0 });
}

test('there are two hundred', () => {
  expect(new Set(payloads).size).toBe(200);
});

test('as keys and values', async () => {
  const here = await visit(browser, node, '#/keys');
  const { page } = here;
  await page.getByRole('treeitem').first().waitFor();
  for (const [i, text] of payloads.entries()) {
    const key = `${text}#${String(i)}`;
    await page.evaluate((to) => (location.hash = to), `#/keys?${new URLSearchParams({ key }).toString()}`);
    await expect.poll(() => page.getByTestId('value').textContent()).toContain(text.slice(-12).trim());
  }
  await untouched(page);
  await leave(here);
});

test('as cells, columns and tables', async () => {
  const here = await visit(browser, node, '#/sql');
  const { page } = here;
  for (const statement of ['SELECT * FROM cells', `SELECT * FROM ${quoted(first, '"')}`]) {
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(statement);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Run all' }).click();
    await page.getByTestId('strip').waitFor();
    const grid = page.getByRole('grid').first();
    await grid.waitFor();
    for (let i = 0; i < 12; i++) {
      await grid.hover();
      await page.mouse.wheel(600, 700);
    }
    await untouched(page);
  }
  await leave(here);
});

const places = ['node', 'node/logs', 'node/config', 'node/gateway', 'node/backups', 'network', 'peers', 'keys', 'sql'];

test('as names of nodes and networks, in the palette and in every message', async () => {
  const here: Visit = await visit(browser, node, '#/network');
  const { page } = here;
  const current = /"id":\s*"([a-z0-9]+)"/.exec(await node.command('network', 'ls', '-o', 'json'))?.[1] ?? '';
  await node.command('network', 'rename', current, first);
  for (const place of places) {
    await page.evaluate((to) => (location.hash = to), `#/${place}?${new URLSearchParams({ q: first }).toString()}`);
    await page.getByRole('main').waitFor();
    await untouched(page);
  }
  await page.reload();
  await page.getByRole('contentinfo').getByText(first).waitFor();
  await page.getByRole('button', { name: `Network: ${first}` }).click();
  await page.getByRole('menuitemradio', { name: first }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill(first);
  await page.getByRole('option').first().waitFor();
  await untouched(page);
  await leave(here);
});
