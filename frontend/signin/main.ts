// The sign-in page begins here. Its three hosts write their kind into data-mode:
// the program's loopback page, a gateway, and the program that waits for a key.
import '../src/ui/tokens.css';
import './signin.css';
import { Flow } from './flow';
import { gateway, handIn, loopback, ownComputer } from './host';
import { Problem } from './problem';
import { show } from './view';
import { catalogues, pickLanguage } from './words';
import { en } from './en';

const root = document.documentElement;
const page = document.getElementById('page');
const promise = document.getElementById('promise');
if (page === null || promise === null) throw new Error('index.html lacks #page or #promise');

root.lang = pickLanguage(navigator.languages);
const words = catalogues[root.lang] ?? en;

/** Takes the fragment out of the address bar, and so out of the history. */
function takeFragment(): string {
  const fragment = location.hash.slice(1);
  history.replaceState(null, '', location.pathname);
  return fragment;
}

/** Hands a key that a gateway sent here to the program that waits. */
async function takeKey(on: HTMLElement): Promise<void> {
  const fragment = new URLSearchParams(takeFragment());
  show(on, { name: 'handing', ...words.handing, tone: 'busy' });
  try {
    if (!fragment.has('api_key')) throw new Problem('link');
    await handIn(fragment);
    show(on, { name: 'done', ...words.done, tone: 'good' });
  } catch (error) {
    const { fault, detail } = error instanceof Problem ? error : new Problem('answer', String(error));
    const { title, text } = words.faults[fault];
    show(on, { name: `fault-${fault}`, title, text: `${text} ${detail}`.trim(), tone: 'bad' });
  }
}

if (root.dataset.mode === 'callback') {
  void takeKey(page);
} else {
  promise.textContent = words.promise;
  if (root.dataset.mode === 'gateway') {
    const callback = ownComputer(root.dataset.callback ?? '');
    if (callback === undefined) new Flow(page, words, loopback('')).stop('unsafe');
    else new Flow(page, words, gateway(callback)).start();
  } else {
    const secret = takeFragment();
    const flow = new Flow(page, words, loopback(secret));
    if (secret === '') flow.stop('link');
    else flow.start();
  }
}
