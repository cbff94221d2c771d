// Twenty thousand messages in one room. The chat's answers are made up here, so that
// the room is the same each time; page, browser and all other answers are real.
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestNode } from './support/node';
import { accessFaults, launch, leave, type Visit, visit } from './support/page';

const Count = 20_000;
const Me = `0x${'1a'.repeat(20)}`;
const Bob = `0x${'2b'.repeat(20)}`;
const RoomId = 'ab'.repeat(32);
/** Drawn by a browser from 70 bytes; its place is known from the message. */
const Picture = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

interface Message extends Record<string, unknown> {
  id: string;
  position: number;
  text: string;
}

const texts = ['ok', 'A longer text. '.repeat(20), '- one\n- two\n- three', '```\ncode\n```', '**Yes**, `that`'];

/** The n-th message of the room, n from 1. */
function message(n: number): Message {
  const at = new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString();
  const mine = n % 9 === 0;
  const picture = { id: `f${String(n)}`, name: 'p.png', type: 'image/png', size: 70, width: 640, height: 480 };
  return {
    id: `m${String(n)}`,
    position: n,
    room: RoomId,
    kind: 'text',
    from: mine ? Me : Bob,
    from_name: mine ? 'Me' : 'Bob',
    device: '',
    mine,
    text: `${String(n)}: ${texts[n % texts.length] ?? ''}`,
    notice: '',
    targets: [],
    missing: 0,
    waiting: '',
    edited: false,
    earlier: [],
    deleted: false,
    deleted_by: '',
    reactions: n % 11 === 0 ? [{ sign: '👍', by: ['Bob'], mine: false }] : [],
    mentions: [],
    to_me: false,
    files: n % 40 === 0 ? [{ ...picture, ready: true, ask: false }] : [],
    sent_at: at,
    stored_at: at,
    expires_at: '',
    step: mine ? 'stored' : '',
    place: 0,
    failure: '',
    stored_on: 2,
    stored_of: 3,
    seen_by: 0,
    flags: [],
  };
}

/** Which part of the room. */
interface Asked {
  before: number;
  after: number;
  around: number;
  limit: number;
}

/** A chat that is open, with one room. */
class FakeChat {
  count = Count;
  read = 0;
  /** Answers of pictures wait for it. */
  pictures: Promise<void> = Promise.resolve();
  #page: Page | undefined;

  async attach(page: Page): Promise<void> {
    this.#page = page;
    await page.route('**/api/call', (route) => this.#answer(route));
  }

  /** Messages come while nobody asked: the page looks again when it is told to. */
  async come(more: number): Promise<void> {
    this.count += more;
    await this.#page?.keyboard.press('F5');
  }

  async #answer(route: Route): Promise<void> {
    const { method, args } = route.request().postDataJSON() as { method: string; args: unknown[] };
    const answer = this.#answers[method];
    if (answer === undefined) {
      await route.continue();
      return;
    }
    await route.fulfill({ contentType: 'application/json', body: JSON.stringify({ result: await answer(args[0]) }) });
  }

  #list = (q: Asked) => {
    let to = q.before > 0 ? q.before - 1 : this.count;
    let from = Math.max(0, to - q.limit);
    if (q.after > 0) from = q.after;
    if (q.around > 0) from = Math.max(0, q.around - (q.limit >> 1));
    to = Math.min(to, from + q.limit);
    const messages = Array.from({ length: to - from }, (_, i) => message(from + i + 1));
    return { messages, older: from > 0, newer: to < this.count, version: 1, total: this.count };
  };

  #room = () => ({
    id: RoomId,
    kind: 'group',
    state: 'joined',
    name: 'Long talk',
    topic: '',
    peer: '',
    members: 2,
    role: 'member',
    history: 'all',
    timer: 0,
    unread: this.count - Math.max(this.read, Count),
    mentions: 0,
    muted: false,
    notify: 'all',
    receipts: false,
    typing: false,
    presence: false,
    preview: 'ok',
    last_from: 'Bob',
    last_at: '2026-01-20T00:00:00Z',
    draft: '',
    first_unread: 0,
    read: this.read,
    last: this.count,
    may_write: true,
    may_invite: false,
    may_manage: false,
    free_invite: false,
    warning: '',
    invited_by: '',
    hosts: [],
    answering: [],
  });

  #answers: Partial<Record<string, (argument: unknown) => unknown>> = {
    'Anchat.State': () => ({
      state: 'ready',
      network: 'n',
      address: Me,
      chain: 'ETH',
      device: '',
      accounts: [],
      online: true,
      problem: '',
      sync_done: 0,
      sync_total: 0,
      outbox: 0,
      unread: 0,
      mentions: 0,
      requests: 0,
      expires_at: '',
      renew_due: false,
      revoked: false,
      approved: true,
      backup: {
        exists: true,
        version: 1,
        entries: 1,
        pending: 0,
        updated_at: '',
        open: true,
        offered: true,
        restored: 0,
      },
      version: 1,
    }),
    'ChatRooms.List': () => [this.#room()],
    'ChatRooms.People': () => [],
    'ChatMessages.List': (q) => this.#list(q as Asked),
    'ChatMessages.Activity': () => ({ room: RoomId, typing: [], present: [] }),
    'ChatMessages.MarkRead': () => null,
    'ChatMessages.SaveDraft': () => null,
    'ChatMessages.At': () => 5000,
    'ChatMessages.Show': async () => {
      await this.pictures;
      return Picture;
    },
  };
}

let browser: Browser;
let node: TestNode;

beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), TestNode.start()]);
});

afterAll(async () => {
  await browser.close();
  await node.close();
});

interface Talk extends Visit {
  chat: FakeChat;
}

async function talk(hash = `#/anchat/${RoomId}`, width = 1280): Promise<Talk> {
  const chat = new FakeChat();
  const there = await visit(browser, node, '', { viewport: { width, height: 800 }, reducedMotion: 'reduce' });
  await chat.attach(there.page);
  await there.page.reload();
  await there.page.evaluate((to) => (location.hash = to), hash);
  await there.page.getByRole('log').waitFor();
  return { ...there, chat };
}

/** The rows on screen: their keys and where their lower edges are. */
const rows = (page: Page): Promise<Record<string, number>> =>
  page.locator('.feed').evaluate((feed) => {
    const view = feed.getBoundingClientRect();
    const all = [...feed.querySelectorAll<HTMLElement>('.row')].map(
      (row) => [row, row.getBoundingClientRect()] as const,
    );
    const seen = all.filter(([, box]) => box.bottom > view.top && box.bottom <= view.bottom);
    return Object.fromEntries(seen.map(([row, box]) => [row.dataset.key ?? '', box.bottom - view.top]));
  });

const drawn = (page: Page): Promise<number> => page.locator('.feed .row').count();

/** How far rows that were on screen have moved since, in pixels. */
async function moved(page: Page, before: Record<string, number>): Promise<number[]> {
  const now = await rows(page);
  const kept = Object.keys(before).filter((key) => key in now);
  expect(kept.length).toBeGreaterThan(1);
  return kept.map((key) => Math.abs((now[key] ?? 0) - (before[key] ?? 0)));
}

const scroll = (page: Page, to: number): Promise<void> =>
  page.locator('.feed').evaluate(async (feed, top) => {
    feed.scrollTop = top;
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  }, to);

const firstRow = (page: Page) => page.locator('.feed .row').first().getAttribute('data-key');

// The oldest sore of chats: the place is lost while one reads.
test('a walk of thousands of messages upwards moves nothing by a pixel, and few rows are in the page', async () => {
  const there = await talk();
  const { page } = there;
  await page.getByText(`${String(Count)}: `).waitFor();
  for (let step = 0; step < 30; step++) {
    const top = await page.locator('.feed').evaluate((feed) => feed.scrollTop);
    await scroll(page, Math.max(0, top - 700));
    const before = await rows(page);
    await page.waitForLoadState('networkidle');
    // Older messages came above, others were measured: what is read stands still.
    expect(Math.max(...(await moved(page, before)))).toBe(0);
    expect(await drawn(page)).toBeLessThanOrEqual(40);
  }
  expect(Number((await firstRow(page))?.slice(1))).toBeLessThan(Count - 200);
  await leave(there);
});

test('pictures that come late, new messages and a growing field do not move what is read', async () => {
  const there = await talk();
  const { page, chat } = there;
  await page.getByText(`${String(Count)}: `).waitFor();
  await page.locator('.feed .picture img').waitFor();
  let show = (): void => undefined;
  chat.pictures = new Promise((resolve) => (show = resolve));
  // Away from the end, to where a picture is drawn.
  do {
    const top = await page.locator('.feed').evaluate((feed) => feed.scrollTop);
    await scroll(page, top - 500);
  } while ((await page.locator('.feed .picture:not(:has(img))').count()) === 0);
  await page.waitForLoadState('networkidle').catch(() => undefined);
  const before = await rows(page);
  show();
  await page.locator('.feed .picture img').first().waitFor({ state: 'attached' });
  expect(Math.max(...(await moved(page, before)))).toBe(0);

  await chat.come(5);
  await page.getByRole('button', { name: '5 new messages' }).waitFor();
  expect(Math.max(...(await moved(page, before)))).toBe(0);

  const field = page.getByRole('textbox', { name: 'Write to Long talk' });
  await field.fill('a\nb\nc\nd\ne\nf');
  expect(Math.max(...(await moved(page, before)))).toBe(0);

  await page.getByRole('button', { name: '5 new messages' }).click();
  await page.getByText(`${String(Count + 5)}: `).waitFor();
  // At the end it stays at the end.
  await chat.come(1);
  await page.getByText(`${String(Count + 6)}: `).waitFor();
  await page.getByRole('button', { name: 'To the newest message' }).waitFor({ state: 'detached' });
  await leave(there);
});

test('a day, a link and the arrow keys lead to a message', async () => {
  const there = await talk(`#/anchat/${RoomId}/12345`);
  const { page } = there;
  await page.getByText('12345: ').waitFor();
  await page.keyboard.press('g');
  await page.getByLabel('Day', { exact: true }).fill('2026-01-04');
  await page.keyboard.press('Enter');
  await page.getByText('5000: ').waitFor();
  const at = page.locator('article[data-line="m5000"]');
  await at.focus();
  for (let i = 0; i < 60; i++) await page.keyboard.press('ArrowUp');
  expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset.line)).toBe('m4940');
  await scroll(page, await page.locator('.feed').evaluate((feed) => feed.scrollTop)); // a menu closes when its place moves
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Reply' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('Answer to Bob').waitFor();
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('TEXTAREA');
  await page.keyboard.press('Escape');
  await page.getByText('Answer to Bob').waitFor({ state: 'detached' });
  await leave(there);
});

test.each([1280, 400])('a room of thousands has no access faults at %i pixels', async (width) => {
  const there = await talk(undefined, width);
  const { page } = there;
  await page.getByText(`${String(Count)}: `).waitFor();
  expect(await accessFaults(page)).toEqual([]);
  await scroll(page, 2000);
  expect(await accessFaults(page)).toEqual([]);
  await leave(there);
});
