// The frame: palette, keyboard, looks, links that are used up, a node that goes away.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { launch, leave, visit } from './support/page';

let browser: Browser;
let node: TestNode;

beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), TestNode.start()]);
});
afterAll(async () => {
  await browser.close();
  await node.close();
});

test('everything can be reached by the palette', async () => {
  await node.command('kv', 'put', '--namespace', 'default', 'palette:key', 'found');
  const here = await visit(browser, node);
  const { page } = here;
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('open sql');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.url()).toContain('#/sql');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('palette:');
  await page.getByRole('option', { name: 'palette:key' }).waitFor();
  await page.keyboard.press('Enter');
  await expect.poll(() => page.getByTestId('value').innerText()).toBe('found');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('combobox').waitFor({ state: 'detached' });
  await leave(here);
});

test('screens, sheet, filter and landmarks by keyboard alone', async () => {
  const here = await visit(browser, node);
  const { page } = here;
  for (const [key, screen] of [
    ['1', 'Anchat'],
    ['2', 'Keys'],
    ['3', 'SQL'],
    ['4', 'Peers'],
    ['5', 'Node'],
    ['6', 'Network'],
  ] as const) {
    await page.keyboard.press(`Alt+Shift+Digit${key}`);
    await page.getByRole('heading', { level: 1, name: screen }).waitFor();
  }
  for (const digit of ['1', '2', '3', '4', '5', '6']) {
    await page.keyboard.press(`Alt+Shift+Digit${digit}`);
    await page.getByRole('main').focus();
    await page.keyboard.press('Shift+?');
    const sheet = page.getByRole('dialog', { name: 'Shortcuts' });
    await sheet.locator('dd').first().waitFor();
    const keys = await sheet.locator('dd').allInnerTexts();
    expect(keys.length).toBeGreaterThan(8);
    expect(new Set(keys).size).toBe(keys.length);
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
  }
  await page.keyboard.press('Alt+Shift+Digit4');
  await page.getByRole('textbox', { name: /Filter by name/ }).waitFor();
  await page.keyboard.press('/');
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')))
    .toContain('Filter by name');
  const seen = new Set<string>();
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press('F6');
    seen.add(await page.evaluate(() => document.activeElement?.closest('nav, header, main, footer')?.tagName ?? ''));
  }
  expect(seen).toEqual(new Set(['NAV', 'HEADER', 'MAIN', 'FOOTER']));
  await leave(here);
});

test('Back returns, a link opens the same place', async () => {
  const here = await visit(browser, node, '#/keys?key=palette%3Akey');
  const { page } = here;
  await page.getByTestId('value').getByText('found').waitFor();
  await page.getByRole('link', { name: 'Peers', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Peers' }).waitFor();
  await page.goBack();
  await page.getByTestId('value').getByText('found').waitFor();
  await leave(here);
});

test('a theme is kept and there before the first paint', async () => {
  const here = await visit(browser, node, '', { colorScheme: 'light' });
  const { page } = here;
  await page.getByRole('button', { name: 'Look' }).click();
  const saved = page.waitForResponse(
    (r) => r.url().endsWith('/api/call') && (r.request().postData() ?? '').includes('SaveSettings'),
  );
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await saved;
  await page.reload({ waitUntil: 'commit' });
  await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
  const other = await visit(browser, node, '', { colorScheme: 'light' });
  await other.page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
  await leave(other);
  await leave(here);
});

test('an engine that names no language still gets words; German gets German ones', async () => {
  const bare = await browser.newContext();
  await bare.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'language', { configurable: true, get: () => 'C' });
    Object.defineProperty(Navigator.prototype, 'languages', { configurable: true, get: () => ['C'] });
  });
  const page = await bare.newPage();
  await page.goto(await node.link());
  await page.getByRole('heading', { level: 1, name: 'Node' }).waitFor();
  expect(await page.evaluate(() => navigator.language)).toBe('en');
  await bare.close();
  const german = await visit(browser, node, '', { locale: 'de-AT' });
  await german.page.getByRole('heading', { level: 1, name: 'Knoten' }).waitFor();
  expect(await german.page.evaluate(() => document.documentElement.lang)).toBe('de');
  await leave(german);
});

test('the language is chosen beside the look, and is there before the first paint', async () => {
  const here = await visit(browser, node);
  const { page } = here;
  const saved = (word: string) =>
    page.waitForResponse(
      (r) => r.url().endsWith('/api/call') && (r.request().postData() ?? '').includes('SaveSettings') && word !== '',
    );
  await page.getByRole('button', { name: 'Look' }).click();
  const german = saved('de');
  await page.getByRole('menuitemradio', { name: 'Deutsch' }).click();
  await german;
  await page.getByRole('heading', { level: 1, name: 'Knoten' }).waitFor();
  await page.getByRole('link', { name: 'Schlüssel', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Schlüssel' }).waitFor();
  // Whatever heading is ever there after a reload is a German one.
  await page.addInitScript(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    new MutationObserver(() => {
      const words = document.querySelector('h1')?.textContent;
      if (words !== undefined && seen.at(-1) !== words) seen.push(words);
    }).observe(document, { childList: true, subtree: true, characterData: true });
  });
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Schlüssel' }).waitFor();
  expect(await page.evaluate(() => (window as unknown as { seen: string[] }).seen)).toEqual(['Schlüssel']);
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('Sprache des Systems');
  const system = saved('system');
  await page.keyboard.press('Enter');
  await system;
  await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor();
  await leave(here);
});

test('what was done is found again after the visit, and a setting by the palette', async () => {
  const here = await visit(browser, node);
  const { page } = here;
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('backup_keep');
  await page.getByRole('option', { name: 'database.backup_keep' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Change database.backup_keep' }).click();
  await page.getByLabel('Value', { exact: true }).fill('9');
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('database.backup_keep is changed in the file.').waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Activity' }).click();
  const log = page.getByRole('dialog', { name: 'Activity' });
  await log.getByRole('heading', { name: 'Before this visit' }).waitFor();
  await log.getByRole('textbox', { name: 'Search the activity' }).fill('BACKUP_KEEP');
  await log.getByText('database.backup_keep is changed in the file.').waitFor();
  await log.getByRole('button', { name: 'Forget these' }).click();
  await log.getByText('Nothing to show.').waitFor();
  await leave(here);
});

test('a gateway that stands open is told in red over every screen, and behind the bell', async () => {
  const open = await TestNode.start({ '--require-auth': 'false' });
  const here = await visit(browser, open, '#/keys');
  const { page } = here;
  const banner = page.getByTestId('exposed');
  await banner.getByText('The gateway stands open.').waitFor();
  await page.getByRole('button', { name: 'What happened, 1 not read' }).click();
  await page.getByText('The gateway can be used by strangers').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'What happened', exact: true }).waitFor();
  await banner.getByRole('link', { name: 'Gateway settings' }).click();
  await page.getByText('It asks nobody for a credential').waitFor();
  await leave(here);
  await open.close();
});

test('a node that did not start says why, with its log and another way', async () => {
  const here = await visit(browser, node);
  const { page } = here;
  // The node answers, and its page is told what a window is told when the start failed.
  await page.route('**/api/call', async (route) => {
    const answer = await route.fetch();
    if (!(route.request().postData() ?? '').includes('App.Info')) return route.fulfill({ response: answer });
    const text = (await answer.text()).replace('"state":"ready"', '"state":"failed"');
    return route.fulfill({ response: answer, body: text.replace('"failure":""', '"failure":"the port is taken"') });
  });
  await page.route('**/api/events*', (route) => route.abort());
  await page.reload();
  await page.getByRole('alert').getByText('the port is taken').waitFor();
  await page.getByText('debros node start --ui').waitFor();
  await page.getByRole('button', { name: 'Open log' }).click();
  await page.getByRole('region', { name: 'End of the log' }).getByText('ready').waitFor();
  await page.getByRole('button', { name: 'Copy details' }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain('the port is taken');
  await page.context().close();
});

test('namespaces are made by name and do not mix', async () => {
  const here = await visit(browser, node, '#/keys');
  const { page } = here;
  await page.getByRole('treeitem').first().waitFor();
  await page.getByRole('button', { name: 'Namespace: default' }).click();
  await page.getByRole('menuitem', { name: 'New namespace…' }).click();
  await page.getByLabel('Name', { exact: true }).fill('system');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('Not “system”').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('elsewhere');
  await page.keyboard.press('Enter');
  await page.getByText('No keys in this namespace yet').waitFor();
  expect(page.url()).toContain('ns=elsewhere');
  await page.getByRole('button', { name: 'Namespace: elsewhere' }).click();
  await page.getByRole('menuitemradio', { name: 'default' }).click();
  await page.getByRole('treeitem').first().waitFor();
  await leave(here);
});

test('a used link opens nothing and says what to do', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const link = await node.link();
  await page.goto(link);
  await page.getByRole('navigation').waitFor();
  await context.clearCookies();
  await page.goto(link);
  await page.getByText('debros ui').waitFor();
  expect(await page.getByRole('navigation').count()).toBe(0);
  await context.close();
});

test('a session that ended asks for a fresh link', async () => {
  const here = await visit(browser, node, '#/peers');
  await here.page.getByText('No peer yet').waitFor();
  await here.page.context().clearCookies();
  await here.page.keyboard.press('F5');
  await here.page.getByRole('heading', { name: 'This page needs a fresh link' }).waitFor();
  await leave(here);
});

test('a node that goes away is shown, and its return too', async () => {
  const here = await visit(browser, node, '#/node');
  const { page } = here;
  await page.locator('[data-check]').first().waitFor();
  await page.context().setOffline(true);
  await page.keyboard.press('F5');
  await page.getByRole('alert').getByText('The connection to the node was lost').waitFor();
  await page.context().setOffline(false);
  await page.getByRole('alert').waitFor({ state: 'detached' });

  await node.kill();
  await page.getByRole('alert').getByText('The connection to the node was lost').waitFor();
  await node.restart();
  await page.getByRole('heading', { name: 'This page needs a fresh link' }).waitFor();
  await page.goto(await node.link());
  await page.locator('[data-check]').first().waitFor();
  await leave(here);
});

test('a node alone says who is missing and what goes on, with the leader lost or kept', async () => {
  const [one, two] = await Promise.all([
    TestNode.start({ '--node-id': 'cellar' }),
    TestNode.start({ '--node-id': 'kitchen' }),
  ]);
  await one.command('kv', 'put', 'shared', 'v');
  const ticket = (await one.command('invite', '-o', 'raw')).trim();
  await two.command('join', ticket, '--yes', '--timeout', '60s');
  const replicas = async () => {
    const groups = await one.command('network', 'groups', '-o', 'jsonl');
    return groups.split('\n').find((line) => line.includes('"default"')) ?? '';
  };
  await expect.poll(replicas, { timeout: 30_000 }).toContain(two.run.peer_id);
  const [leader, follower] = [await visit(browser, one, '#/keys'), await visit(browser, two, '#/keys')];
  await follower.page.getByTestId('freshness').getByText('behind the leader').waitFor();

  await two.kill();
  const alone = leader.page.getByRole('status').filter({ hasText: 'No other node in sight.' });
  await alone.getByText('This node leads default: reading and writing go on').waitFor({ timeout: 30_000 });
  await expect.poll(() => alone.innerText()).toContain('Out of sight: kitchen.');
  await one.command('kv', 'put', 'shared', 'w');
  await leave(leader);

  await two.restart();
  await follower.page.goto(await two.link());
  await follower.page.getByTestId('freshness').getByText('behind the leader').waitFor({ timeout: 30_000 });
  await one.kill();
  const lost = follower.page.getByRole('alert').filter({ hasText: 'No leader for default.' });
  await lost.waitFor({ timeout: 30_000 });
  await expect.poll(() => lost.innerText(), { timeout: 30_000 }).toContain('Out of sight: cellar.');
  await follower.page.getByTestId('freshness').getByText('no leader').waitFor();
  await follower.page.getByRole('button', { name: /^What happened, \d+ not read$/ }).click();
  // Once more when it was started again and had not heard of its leader yet.
  await follower.page.getByText('default has lost its leader: writes wait').first().waitFor();
  // What is said to work does.
  expect(await two.command('kv', 'get', 'shared', '--level', 'none')).toBe('w');
  await leave(follower);
  await Promise.all([one.close(), two.close()]);
}, 180_000);
