// The registry of commands, read from the text of the screens: each is open alone,
// beside the frame (of the wallet's tabs, which have their own, one is open), so its ids and shortcuts must differ from each other and from
// the frame's. A screen may give a command of the frame its own meaning, by its id.
import { expect, test } from 'vitest';

const sources = import.meta.glob<string>('./**/*.{svelte,ts}', { query: '?raw', import: 'default', eager: true });

interface Found {
  id: string;
  keys: string;
}

/** The commands that the files of a folder, or one file, define. */
function commandsOf(place: string): Found[] {
  return Object.entries(sources)
    .filter(([path]) => path === `./${place}` || path.startsWith(`./${place}/`))
    .flatMap(([, text]) => [...text.matchAll(/id: '([\w.-]+)',\s*title:([\s\S]*?)\brun\b/g)])
    .map(([, id = '', rest = '']) => ({ id, keys: /keys: '([^']+)'/.exec(rest)?.[1] ?? '' }));
}

const folders = [...new Set(Object.keys(sources).map((path) => path.split('/')[1] ?? ''))].filter(
  (name) => !name.includes('.') && name !== 'frame',
);
const places = [
  ...folders.filter((name) => name !== 'wallet'),
  ...Object.keys(sources)
    .filter((path) => path.startsWith('./wallet/'))
    .map((path) => path.slice(2))
    .filter((file) => commandsOf(file).length > 0),
];
const frame = commandsOf('frame');

test('the commands of the frame are found', () => {
  expect(frame.map((c) => c.id)).toEqual(expect.arrayContaining(['palette', 'shortcuts', 'undo']));
  expect(folders.length).toBeGreaterThan(4);
  expect(places).toContain('wallet/WalletList.svelte');
});

test.each(['frame', ...places])('%s has each id once and each shortcut once', (place) => {
  const own = commandsOf(place);
  const ids = own.map((c) => c.id);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  const beside = place === 'frame' ? [] : frame.filter((c) => !ids.includes(c.id));
  const keys = [...own, ...beside].map((c) => c.keys).filter((k) => k !== '');
  expect(keys.filter((k, i) => keys.indexOf(k) !== i)).toEqual([]);
  // Digits open screens, and the frame gives them out in their order.
  expect(keys.filter((k) => /^(Ctrl|Alt\+Shift)\+\d$/.test(k))).toEqual([]);
});
