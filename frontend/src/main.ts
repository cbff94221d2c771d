// The page begins here. The shim comes first: it stands in for Wails in a browser.
import './api/shim';
import './ui/font.css';
import './ui/tokens.css';
import './ui/base.css';
import { mount } from 'svelte';
import { speak, wished } from './i18n/index.svelte';
import App from './views/App.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
const app = target;

// boot.js has put the choice of the last visit there.
const language = wished(document.documentElement.dataset.language ?? '');
document.documentElement.lang = language;

// In a function: a file that waits at its top would wait for the words for ever, as
// theirs waits for parts of this one.
async function start(): Promise<void> {
  if (language !== 'en') await speak(language);
  mount(App, { target: app });
}

void start();
