// Loads a million keys into a node and looks at them in a browser. Not a test: it
// prints numbers. Run it after "make build-headless" with: node tests/million.mjs [keys]
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const binary = process.env.DEBROS_BIN ?? join(import.meta.dirname, '../../build/bin/debros-headless');
const count = Number(process.argv[2] ?? 1_000_000);
const exec = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'debros-million-'));
const say = (what, value) => process.stdout.write(`${what}: ${value}\n`);
const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

async function start() {
  const settings = { theme: 'system', density: 'comfortable', namespace: 'default', welcomed: true };
  await writeFile(join(folder, 'settings.json'), JSON.stringify(settings));
  const flags = ['--listen=/ip4/127.0.0.1/tcp/0', '--gateway-addr=127.0.0.1:0', '--ui-addr=127.0.0.1:0'];
  const words = ['node', 'start', '--ui', '--mdns=false', `--data-dir=${folder}`, ...flags];
  const child = spawn(binary, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise((found, failed) => {
    child.once('exit', () => failed(new Error('the node ended')));
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => line.includes('http://127.0.0.1') && found(line));
  });
  return child;
}

async function load() {
  const path = join(folder, 'keys.jsonl');
  const file = createWriteStream(path);
  for (let i = 0; i < count; i++) {
    // Half in branches of a thousand, half in one flat branch.
    const key = i % 2 === 0 ? `tree:${String((i / 2) % 500)}:${String(i)}` : `flat:${String(i).padStart(8, '0')}`;
    if (!file.write(`${JSON.stringify({ key, text: `value ${String(i)}` })}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
  const before = Date.now();
  await exec(binary, ['kv', 'import', '--data-dir', folder, path]);
  say(`import of ${String(count)} keys, s`, ((Date.now() - before) / 1000).toFixed(1));
}

async function look(browser) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const { stdout } = await exec(binary, ['ui', '--data-dir', folder]);
  await page.goto(stdout.trim());
  await page.getByRole('navigation').waitFor();
  const timed = async (what, act) => {
    const before = performance.now();
    await act();
    say(`${what}, ms`, (performance.now() - before).toFixed(0));
  };
  const go = (hash) => page.evaluate((to) => (location.hash = to), hash);
  const items = page.getByRole('treeitem');
  await timed('first page, with the screen loaded', async () => {
    await go('#/keys');
    await items.filter({ hasText: 'tree:' }).waitFor();
  });
  await timed('open a branch of 500 branches', async () => {
    await items.filter({ hasText: 'tree:' }).click();
    await items.filter({ hasText: '100:' }).first().waitFor();
  });
  await timed(`first page of a branch of ${String(count / 2)} keys`, async () => {
    await go('#/keys?prefix=flat%3A');
    await items.filter({ hasText: '00000001' }).waitFor();
  });
  const frames = await page.evaluate(async () => {
    const view = document.querySelector('[role="tree"]');
    const times = [];
    let last = performance.now();
    for (let i = 0; i < 300; i++) {
      view.scrollTop += 400;
      await new Promise((next) => requestAnimationFrame(next));
      times.push(performance.now() - last);
      last = performance.now();
    }
    return times;
  });
  say('frame while scrolling, p50 ms', middle(frames).toFixed(1));
  say('frame while scrolling, worst ms', Math.max(...frames).toFixed(1));
  say('lines in the page after scrolling', await items.count());
  say('elements in the page', await page.evaluate(() => document.querySelectorAll('*').length));
  await timed('look through all keys by a pattern', async () => {
    await go('#/keys?fpattern=*nothing*');
    await page.getByText('No key fits this filter').waitFor({ timeout: 120_000 });
  });
  await timed('sizes by branch', async () => {
    await go('#/keys?view=sizes');
    await page.getByTestId('sizes').waitFor();
    await page.getByRole('button', { name: 'Count again' }).waitFor({ timeout: 120_000 });
  });
}

const node = await start();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  await load();
  await look(browser);
} finally {
  await browser.close();
  node.kill('SIGTERM');
  await once(node, 'exit');
  await rm(folder, { recursive: true, force: true });
}
