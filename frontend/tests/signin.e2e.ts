// Signing in with a wallet of the browser: the whole way for both chains at both
// hosts, and what the page says when it goes wrong.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessFaults, launch, leave } from './support/page';
import { enter, Host, type Manner, screen } from './support/signin';

let browser: Browser;
let host: Host;

beforeAll(async () => {
  [browser, host] = await Promise.all([launch(), Host.start()]);
});
afterAll(async () => {
  await browser.close();
  await host.close();
});

const ethereum = (more: Partial<Manner> = {}): Manner => {
  return { chain: 'ETH', name: 'Fox', accounts: [host.addresses.ETH], ...more };
};
const solana = (more: Partial<Manner> = {}): Manner => {
  return { chain: 'SOL', name: 'Ghost', accounts: [host.addresses.SOL], ...more };
};

const press = (page: Page, name: RegExp | string): Promise<void> => page.getByRole('button', { name }).click();
const shown = (page: Page): Promise<string | null> => page.locator('main pre').textContent();

// The page promises to ask for accounts and one signature only.
test('an Ethereum wallet signs in on this computer', async () => {
  const waiting = await host.open('loopback');
  const here = await enter(browser, host, waiting.url, [ethereum(), solana()]);
  const { page } = here;
  await screen(page, 'choose');
  expect(page.url()).toBe(waiting.url.replace(/#.*/, ''));
  expect(await accessFaults(page)).toEqual([]);
  await press(page, /Fox/);
  await screen(page, 'read');
  expect(await page.locator('.code').textContent()).toContain(waiting.code);
  expect(await accessFaults(page)).toEqual([]);
  const text = await shown(page);
  expect(text).toContain(`code ${waiting.code}`);
  await press(page, 'Sign with Fox');
  await screen(page, 'done');
  expect(await page.locator('main').textContent()).toContain('Close this tab');
  expect(await accessFaults(page)).toEqual([]);
  const asked = await page.evaluate(() => window.asked);
  expect(asked.texts).toEqual([text]);
  expect(new Set(asked.calls)).toEqual(new Set(['eth_requestAccounts', 'personal_sign']));
  expect(await host.ended(waiting)).toBe(`ETH ${host.addresses.ETH} <nil>`);
  await leave(here);
});

// Whoever has no mouse signs in too, in German, in the dark, on a telephone.
test('a Solana wallet signs in by keyboard alone', async () => {
  const waiting = await host.open('loopback');
  const accounts = ['11111111111111111111111111111112', host.addresses.SOL];
  const here = await enter(browser, host, waiting.url, [solana({ accounts })], {
    locale: 'de-DE',
    colorScheme: 'dark',
    viewport: { width: 320, height: 700 },
  });
  const { page } = here;
  const keys = async (...names: string[]) => {
    for (const name of names) await page.keyboard.press(name);
  };
  const fits = async () => {
    expect(await accessFaults(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  };
  await screen(page, 'choose');
  expect(await page.locator('html').getAttribute('lang')).toBe('de');
  expect(await page.locator('h1').textContent()).toBe('Wallet wählen');
  await fits();
  await keys('Tab', 'Enter');
  await screen(page, 'account');
  await fits();
  await keys('Tab', 'Tab', 'Enter');
  await screen(page, 'read');
  await fits();
  await keys('Tab', 'Tab', 'Enter'); // the text can be scrolled, so it is a stop
  await screen(page, 'done');
  const asked = await page.evaluate(() => window.asked);
  expect(new Set(asked.calls)).toEqual(new Set(['standard:connect', 'solana:signMessage']));
  expect(await host.ended(waiting)).toBe(`SOL ${host.addresses.SOL} <nil>`);
  await leave(here);
});

// The key opens a namespace: it goes to the program that waits, in no query.
test.each(['ETH', 'SOL'] as const)('a gateway hands a key to the program that waits: %s', async (chain) => {
  const waiting = await host.open('gateway');
  const here = await enter(browser, host, waiting.url, [chain === 'ETH' ? ethereum() : solana()]);
  const { page } = here;
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  await screen(page, 'choose');
  expect(await page.locator('main').textContent()).toContain(waiting.code);
  expect(await accessFaults(page)).toEqual([]);
  await press(page, /Fox|Ghost/);
  await screen(page, 'read');
  const text = await shown(page);
  expect(text).toContain('nonce');
  const asked = page.evaluate(() => window.asked.texts);
  expect(await asked).toEqual([]);
  await press(page, /^Sign with/);
  await screen(page, 'done');
  expect(page.url()).toBe(`http://${waiting.code}/`);
  expect(await accessFaults(page)).toEqual([]);
  expect(addresses.some((address) => address.startsWith(`http://${waiting.code}/?state=`))).toBe(true);
  expect(addresses.filter((address) => address.split('#')[0]?.includes('ak_'))).toEqual([]);
  expect(await host.ended(waiting)).toBe(`ak_canary_${chain} shop <nil>`);
  await leave(here);
});

// Each of these ends a real sign-in; a person must read what to do next.
describe('what goes wrong is told in words', () => {
  const faults: { name: string; manner: () => Manner; fault: string; says: string }[] = [
    {
      name: 'a refusal, Ethereum',
      manner: () => ethereum({ does: 'refuse once' }),
      fault: 'refused',
      says: 'You refused',
    },
    { name: 'a refusal, Solana', manner: () => solana({ does: 'refuse once' }), fault: 'refused', says: 'You refused' },
    {
      name: 'an open question',
      manner: () => ethereum({ does: 'pending' }),
      fault: 'pending',
      says: 'another question',
    },
    { name: 'a contract', manner: () => ethereum({ does: 'contract' }), fault: 'contract', says: 'Contract wallets' },
    { name: 'a changed account', manner: () => ethereum({ does: 'swap' }), fault: 'account', says: 'another account' },
    { name: 'a wrapped text', manner: () => solana({ does: 'wrap' }), fault: 'text', says: 'signed another text' },
    { name: 'a stranger’s key', manner: () => solana({ does: 'stranger' }), fault: 'signature', says: 'not accepted' },
  ];
  test.each(faults)('$name', async ({ manner, fault, says }) => {
    const waiting = await host.open('loopback');
    const here = await enter(browser, host, waiting.url, [manner()]);
    const { page } = here;
    await press(page, /Fox|Ghost/);
    await press(page, /^Sign with/);
    await screen(page, `fault-${fault}`);
    expect(await page.locator('h1').textContent()).toContain(says);
    expect(await accessFaults(page)).toEqual([]);
    await press(page, 'Try again');
    await press(page, /^Sign with/);
    if (fault !== 'refused' && fault !== 'pending') return leave(here);
    await screen(page, 'done');
    expect(await host.ended(waiting)).toContain('<nil>');
    await leave(here);
  });

  test('a locked wallet', async () => {
    const here = await enter(browser, host, (await host.open('loopback')).url, [ethereum({ does: 'locked' })]);
    await press(here.page, /Fox/);
    await screen(here.page, 'fault-empty');
    await press(here.page, 'Back');
    await screen(here.page, 'choose');
    await leave(here);
  });

  test('no wallet, until one wakes up', async () => {
    const here = await enter(browser, host, (await host.open('loopback')).url, [ethereum({ does: 'late' })]);
    await screen(here.page, 'none');
    expect(await shown(here.page)).toBe('debros auth login');
    expect(await accessFaults(here.page)).toEqual([]);
    await press(here.page, 'Look again');
    await screen(here.page, 'choose');
    await leave(here);
  });

  test('the time', async () => {
    const waiting = await host.open('loopback', 6000);
    const here = await enter(browser, host, waiting.url, [ethereum()]);
    await press(here.page, /Fox/);
    await screen(here.page, 'fault-over');
    expect(await accessFaults(here.page)).toEqual([]);
    expect(await host.ended(waiting)).toContain('nobody signed in within 6s');
    await leave(here);
  });

  test('a page that was loaded again', async () => {
    const here = await enter(browser, host, (await host.open('loopback')).url, [ethereum()]);
    await screen(here.page, 'choose');
    await here.page.reload();
    await screen(here.page, 'fault-link');
    await leave(here);
  });
});

// Any page of the same browser can reach the port; even one that learnt the secret.
test('a page of another site gets nothing', async () => {
  const waiting = await host.open('loopback');
  const [origin = '', secret = ''] = waiting.url.split('/#');
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${host.control}/addresses`);
  const got = await page.evaluate(
    async ([to, key]) => {
      const body = JSON.stringify({ wallet: '0xabc', chain_type: 'ETH' });
      const told = async (init: RequestInit) =>
        fetch(`${to}/challenge`, { method: 'POST', body, ...init }).then(
          async (answer) => answer.type + (await answer.text()),
          () => 'blocked',
        );
      const headers = { 'Content-Type': 'application/json', 'X-DeBros-Session': key };
      const frame = document.createElement('iframe');
      frame.src = `${to}/#${key}`;
      const loaded = new Promise((done) => {
        frame.onload = done;
      });
      document.body.append(frame);
      await loaded;
      return { asked: await told({ headers }), blind: await told({ mode: 'no-cors' }), frames: window.length };
    },
    [origin, secret] as const,
  );
  expect(got).toEqual({ asked: 'blocked', blind: 'blocked', frames: 1 });
  const framed = page.frames().find((frame) => frame !== page.mainFrame());
  expect(await framed?.locator('main').count()).toBe(0);
  await context.close();
  // It was not used up either: the person still signs in.
  const here = await enter(browser, host, waiting.url, [ethereum()]);
  await press(here.page, /Fox/);
  await press(here.page, /^Sign with/);
  expect(await host.ended(waiting)).toContain('<nil>');
  await leave(here);
});
