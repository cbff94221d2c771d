// Access: each screen in each look without a finding of axe, wide and narrow.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { accessFaults, launch, leave, visit } from './support/page';

let browser: Browser;
let node: TestNode;

beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), TestNode.start()]);
  await node.command(
    'kv',
    'put',
    '--namespace',
    'default',
    'user:1',
    '{"name": "Ann", "age": 42, "tags": [true, null]}',
  );
  await node.command('kv', 'put', '--namespace', 'default', 'plain', 'text');
});
afterAll(async () => {
  await browser.close();
  await node.close();
});

/** Screens and open parts; those with `wide` are shown on wide screens only. */
const screens: { name: string; hash: string; ready: (page: Page) => Promise<unknown>; wide?: true }[] = [
  {
    name: 'first steps of the chat',
    hash: '#/anchat',
    ready: (page) => page.getByRole('heading', { name: 'Start chatting' }).waitFor(),
  },
  { name: 'node', hash: '#/node', ready: (page) => page.locator('[data-check]').first().waitFor() },
  { name: 'log', hash: '#/node/logs', ready: (page) => page.getByRole('log').waitFor() },
  { name: 'settings', hash: '#/node/config', ready: (page) => page.getByRole('row').nth(3).waitFor() },
  {
    name: 'gateway',
    hash: '#/node/gateway',
    ready: async (page) => {
      await fetch(`${node.run.gateway}/v1/version`);
      await page.getByTestId('requests').getByText('/v1/version').first().waitFor();
      await page.getByRole('row').filter({ hasText: 'gateway.addr' }).waitFor();
    },
  },
  {
    name: 'backups',
    hash: '#/node/backups',
    ready: (page) => page.getByRole('row').filter({ hasText: 'database.backup_dir' }).waitFor(),
  },
  {
    name: 'a setting',
    hash: '#/node/config?q=logging.level',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Change logging.levels' }).click();
      await page.getByLabel('Value').fill('loud');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').getByRole('alert').waitFor();
    },
  },
  {
    name: 'support bundle',
    hash: '#/node',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Make a support bundle' }).click();
      await page.getByRole('region', { name: 'about.txt' }).waitFor();
    },
  },
  {
    name: 'numbers as a table',
    hash: '#/node',
    ready: async (page) => {
      await page.getByRole('radio', { name: 'Table' }).click();
      await page.getByRole('columnheader', { name: 'Goroutines' }).waitFor();
    },
  },
  {
    name: 'the bell',
    hash: '#/node',
    ready: async (page) => {
      await page.getByRole('button', { name: /^What happened/ }).click();
      await page.getByRole('dialog', { name: 'What happened' }).waitFor();
    },
  },
  {
    name: 'the activity',
    hash: '#/node',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Activity' }).click();
      await page.getByRole('dialog', { name: 'Activity' }).getByRole('textbox').waitFor();
    },
  },
  {
    name: 'the look',
    hash: '#/node',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Look' }).click();
      await page.getByRole('menuitemradio', { name: 'Deutsch' }).waitFor();
    },
  },
  { name: 'network', hash: '#/network', ready: (page) => page.getByTestId('members').waitFor() },
  { name: 'peers', hash: '#/peers', ready: (page) => page.getByText('No peer yet').waitFor() },
  {
    name: 'keys',
    hash: '#/keys?key=user%3A1',
    ready: async (page) => {
      await page.getByTestId('value').waitFor();
      await page.getByRole('treeitem').filter({ hasText: 'user:' }).click();
      await page.getByRole('treeitem').nth(2).waitFor();
    },
  },
  {
    name: 'sql',
    hash: '#/sql',
    ready: async (page) => {
      await page.locator('.cm-content').click();
      await page.keyboard.press('Control+a');
      await page.keyboard.insertText("SELECT 1 AS n, 'a' AS t, NULL AS none; SELECT * FROM missing;");
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Run all' }).click();
      await page.getByTestId('sql-error').waitFor();
      expect(await accessFaults(page)).toEqual([]);
      await page.getByRole('tab', { name: 'Statement 1' }).click();
      await page.getByRole('gridcell').first().waitFor();
    },
  },
  {
    name: 'palette',
    wide: true,
    hash: '#/node',
    ready: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('option').first().waitFor();
    },
  },
  {
    name: 'a dialog',
    wide: true,
    hash: '#/peers',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
    },
  },
];

describe.each(['light', 'dark', 'contrast'] as const)('%s', (theme) => {
  test.each(screens)('$name', async ({ hash, ready }) => {
    const here = await visit(browser, node, hash, { reducedMotion: 'reduce' });
    await here.page.evaluate((to) => (document.documentElement.dataset.theme = to), theme);
    await ready(here.page);
    expect(await accessFaults(here.page)).toEqual([]);
    await leave(here);
  });
});

test.each(screens.filter((one) => one.wide !== true))(
  'narrow: $name fits without scrolling sideways',
  async ({ hash, ready }) => {
    const here = await visit(browser, node, hash, { viewport: { width: 400, height: 800 }, reducedMotion: 'reduce' });
    await ready(here.page);
    expect(await accessFaults(here.page)).toEqual([]);
    expect(await here.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
    await leave(here);
  },
);

// A translation is longer than the English it stands for. Each label is made half as
// long again and gets accents; none may be cut off without a way to read it, nor push
// the page sideways.
test.each([1280, 400])('labels of another language fit, %i pixels wide', async (width) => {
  const here = await visit(browser, node, '', { viewport: { width, height: 800 }, reducedMotion: 'reduce' });
  const { page } = here;
  for (const { hash, ready } of screens.filter((one) => one.name !== 'sql' && one.wide !== true)) {
    await page.evaluate((to) => (location.hash = to), hash);
    await ready(page);
    const cut = await page.evaluate(stretch);
    expect({ hash, cut }).toEqual({ hash, cut: [] });
    const wide = await page.evaluate(outside);
    expect({ hash, wide }).toEqual({ hash, wide: [] });
    await page.reload();
  }
  await leave(here);
});

/** Runs in the page: stretches the words of labels and returns those that are cut off. */
function stretch(): string[] {
  const accents: Record<string, string> = { a: 'á', e: 'é', i: 'í', o: 'ö', u: 'ü', A: 'Á', E: 'É', O: 'Ö', U: 'Ü' };
  const labels = 'button, a, th, dt, h1, h2, h3, label, [role="tab"], [role="radio"], .title, .state';
  const seen = new Set<Node>();
  for (const label of document.querySelectorAll(labels)) {
    const walk = document.createTreeWalker(label, NodeFilter.SHOW_TEXT);
    for (let text = walk.nextNode(); text !== null; text = walk.nextNode()) {
      const words = text.textContent ?? '';
      if (seen.has(text) || words.trim() === '' || text.parentElement?.closest('code, .mono, kbd, i') !== null)
        continue;
      seen.add(text);
      const long = words.replace(/[aeiouAEOU]/g, (vowel) => accents[vowel] ?? vowel);
      text.textContent = `${long} ${'lóng '.repeat(Math.ceil(words.trim().length / 10)).trim()}`;
    }
  }
  return [...document.querySelectorAll<HTMLElement>(labels)]
    .filter((label) => label.offsetParent !== null && label.closest('.hidden-label, [aria-hidden="true"]') === null)
    .flatMap((label) => [label, ...label.querySelectorAll<HTMLElement>('*')])
    .filter((part) => {
      const style = getComputedStyle(part);
      // What ends in dots says its whole text when it is pointed at or opened.
      if (style.textOverflow === 'ellipsis' || part.classList.contains('hidden-label')) return false;
      return style.overflow !== 'visible' && style.overflow !== 'auto' && part.scrollWidth > part.clientWidth + 1;
    })
    .map((part) => part.outerHTML.slice(0, 120));
}

/** Runs in the page: returns what makes it wider than the window. */
function outside(): string[] {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  return [...document.querySelectorAll<HTMLElement>('body *')]
    .filter((part) => part.getBoundingClientRect().right > innerWidth)
    .map((part) => part.outerHTML.slice(0, 120));
}

test.each(['light', 'dark'] as const)("the gateway's page about its routes: %s, also narrow", async (colorScheme) => {
  const context = await browser.newContext({ colorScheme, viewport: { width: 400, height: 800 } });
  const page = await context.newPage();
  await page.goto(`${node.run.gateway}/docs`);
  await page.getByRole('heading', { name: 'storage', exact: true }).waitFor();
  expect(await accessFaults(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
  await context.close();
});
