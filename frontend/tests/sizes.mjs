// Fails when the built page outgrows its budget (gzipped kilobytes), or when a
// second static style attribute gets into it, which the policy would block.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = join(import.meta.dirname, '..', 'dist');
const budget = { first: 80, Anchat: 45, Sql: 160, Peers: 85, screen: 25, signin: 20, whole: 2500 };
const files = readdirSync(join(dist, 'assets')).filter((name) => /\.(js|css)$/.test(name));
const text = (name) => readFileSync(join(dist, name), 'utf8');
const size = (name) => gzipSync(readFileSync(join(dist, 'assets', name))).length / 1000;

/** Every file that a chunk needs before it can run, with its styles. */
function needs(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  const body = text(join('assets', name));
  for (const [, other] of body.matchAll(/from\s*"\.\/([^"]+\.js)"/g)) needs(other, seen);
  for (const [, other] of body.matchAll(/import\s*"\.\/([^"]+\.js)"/g)) needs(other, seen);
  // Map and graph are part of what the Peers screen weighs, though they come when they are opened.
  if (name.startsWith('Peers-'))
    for (const [, other] of body.matchAll(/import\([`"]\.\/([^`"]+\.js)[`"]\)/g)) {
      needs(other, seen);
      const styles = new RegExp(`^${other.split('-')[0]}-.*\\.css$`);
      for (const style of files.filter((file) => styles.test(file))) seen.add(style);
    }
  return seen;
}

const html = text('index.html');
const first = new Set(
  [...html.matchAll(/assets\/([^"]+\.(?:js|css))/g)].flatMap(([, name]) => [
    name,
    ...(name.endsWith('.js') ? needs(name) : []),
  ]),
);
const sum = (names) => [...names].reduce((total, name) => total + size(name), 0);
const lines = [['first load', sum(first), budget.first]];
// Every screen there is: views/screens.ts names its file, which names its chunk.
const list = readFileSync(join(import.meta.dirname, '..', 'src', 'views', 'screens.ts'), 'utf8');
const screens = [...list.matchAll(/import\('\.\/\w+\/(\w+)\.svelte'\)/g)].map(([, name]) => name);
if (screens.length === 0) throw new Error('views/screens.ts names no screen');
for (const screen of screens) {
  // A part of the frame may have a screen's name, too: the screen is the largest.
  const entry = files
    .filter((name) => new RegExp(`^${screen}-.*\\.js$`).test(name))
    .sort((a, b) => size(b) - size(a))[0];
  if (entry === undefined) throw new Error(`no chunk for ${screen}`);
  const styles = files.filter((name) => new RegExp(`^${screen}-.*\\.css$`).test(name));
  const more = [...needs(entry), ...styles].filter((name) => !first.has(name));
  lines.push([screen, sum(new Set(more)), budget[screen] ?? budget.screen]);
}
const scripts = readdirSync(join(dist, 'signin', 'login')).filter((name) => name.endsWith('.js'));
lines.push([
  'sign-in page, scripts',
  scripts.reduce((n, name) => n + gzipSync(readFileSync(join(dist, 'signin', 'login', name))).length / 1000, 0),
  budget.signin,
]);
const whole =
  readdirSync(dist, { recursive: true })
    .map((name) => statSync(join(dist, String(name))))
    .filter((s) => s.isFile())
    .reduce((n, s) => n + s.size, 0) / 1000;
lines.push(['whole dist, not gzipped', whole, budget.whole]);

let failed = false;
for (const [name, kilobytes, limit] of lines) {
  failed ||= kilobytes > limit;
  process.stdout.write(`${kilobytes > limit ? 'TOO LARGE ' : ''}${name}: ${kilobytes.toFixed(1)} of ${limit} kB\n`);
}
const inline = files.filter((name) => name.endsWith('.js') && /<[a-z][^>]*\sstyle=/.test(text(join('assets', name))));
if (inline.length > 0 || /\sstyle=/.test(html)) {
  failed = true;
  process.stdout.write(`static style attribute in ${inline.join(', ') || 'index.html'}\n`);
}
process.exit(failed ? 1 : 0);
