// How long the page takes from a press to the next paint, for what people do most.
// The browser itself measures (Event Timing, as of INP); figures are printed, not judged.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { TestNode } from './support/node';
import { launch, leave, visit } from './support/page';

let browser: Browser;
let node: TestNode;

beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), TestNode.start()]);
  await Promise.all(['a', 'b', 'c'].map((key) => node.command('kv', 'put', `speed:${key}`, '{"n": 1}')));
});
afterAll(async () => {
  await browser.close();
  await node.close();
});

const acts: Record<string, (page: Page) => Promise<void>> = {
  'change of screen': async (page) => {
    for (const digit of ['1', '2', '3', '4', '5', '6', '1']) {
      await page.keyboard.press(`Alt+Shift+Digit${digit}`);
      await page.waitForTimeout(300);
    }
  },
  'palette opens, finds, closes': async (page) => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('open node', { delay: 40 });
    await page.keyboard.press('Escape');
  },
  'tabs of the node': async (page) => {
    await page.keyboard.press('Alt+Shift+Digit5');
    for (const name of ['Log', 'Settings', 'Gateway', 'Backups', 'Overview']) {
      await page.getByRole('link', { name, exact: true }).click();
      await page.waitForTimeout(300);
    }
  },
  'search of the settings': async (page) => {
    await page.getByRole('link', { name: 'Settings', exact: true }).click();
    await page.keyboard.press('/');
    await page.keyboard.type('gateway', { delay: 40 });
  },
  'a key opens': async (page) => {
    await page.keyboard.press('Alt+Shift+Digit2');
    await page.getByRole('treeitem').filter({ hasText: 'speed' }).click();
    await page.getByRole('treeitem').nth(1).click();
    await page.getByTestId('value').waitFor();
  },
  'typing SQL': async (page) => {
    await page.keyboard.press('Alt+Shift+Digit3');
    await page.locator('.cm-content').click();
    await page.keyboard.type('SELECT 1 AS one, 2 AS two', { delay: 30 });
  },
  'menu of the look': async (page) => {
    await page.getByRole('button', { name: 'Look' }).click();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Escape');
  },
};

test('from a press to the next paint', async () => {
  const here = await visit(browser, node, '#/keys');
  const { page } = here;
  await page.getByRole('treeitem').first().waitFor();
  await page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(window, { seen });
    // The shortest that the browser reports is 16 ms; quicker ones do not show up.
    new PerformanceObserver((list) => seen.push(...list.getEntries().map((e) => e.duration))).observe({
      type: 'event',
      durationThreshold: 16,
      buffered: false,
    } as PerformanceObserverInit);
  });
  const lines: string[] = [];
  for (const [name, act] of Object.entries(acts)) {
    await act(page);
    await page.waitForTimeout(400);
    const times = await page.evaluate(() => (window as unknown as { seen: number[] }).seen.splice(0));
    times.sort((a, b) => a - b);
    const worst = times.at(-1) ?? 0;
    const half = times[Math.floor(times.length / 2)] ?? 0;
    lines.push(
      `${name}: ${worst === 0 ? 'all below 16 ms' : `at most ${String(worst)} ms, half within ${String(half)} ms`}`,
    );
  }
  process.stdout.write(`${lines.join('\n')}\n`);
  expect(lines).toHaveLength(Object.keys(acts).length);
  await leave(here);
});
