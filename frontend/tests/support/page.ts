// The system's Chromium, signed in to a node, with ears for what must not happen:
// violations of the policy and errors that nobody caught.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import type { TestNode } from './node';

const quiet = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts Chromium, with more arguments if given. */
export const launch = (more: string[] = []): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', ...quiet, ...more],
  });

/** A page and what went wrong on it. */
export interface Visit {
  page: Page;
  faults: string[];
}

/** Listens from now on, and returns the list of what must not happen. */
export function hear(page: Page): string[] {
  page.setDefaultTimeout(15_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (/content security policy|trusted ?type|refused to/i.test(message.text()))
      faults.push(`policy: ${message.text()}`);
  });
  return faults;
}

/** Opens the app on a screen, signed in by a fresh link. */
export async function visit(
  browser: Browser,
  node: TestNode,
  hash = '',
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  const faults = hear(page);
  await page.goto(await node.link());
  await page.getByRole('navigation').waitFor();
  if (hash !== '') await page.evaluate((to) => (location.hash = to), hash);
  return { page, faults };
}

/** Says that nothing forbidden and no error happened, and leaves. */
export async function leave({ page, faults }: Visit): Promise<void> {
  await page.context().close();
  expect(faults).toEqual([]);
}

const require = createRequire(import.meta.url);
let axe = '';

/** Access faults of the page as it is: WCAG 2.0 to 2.2, A and AA, and best practice. */
export async function accessFaults(page: Page): Promise<string[]> {
  if (axe === '') axe = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
  // By the debugger: the policy blocks script tags, as it should.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    interface Found {
      id: string;
      nodes: { html: string; failureSummary: string }[];
    }
    const { violations } = await (
      window as unknown as { axe: { run: (of: Document, o: object) => Promise<{ violations: Found[] }> } }
    ).axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return violations.map(
      (v) =>
        `${v.id}: ${v.nodes.map((n) => `${n.html.slice(0, 160)} — ${n.failureSummary.replaceAll('\n', ' ').slice(0, 240)}`).join(' | ')}`,
    );
  });
}
