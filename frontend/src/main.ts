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

// boot.js has put the choice of the last visit there.
const language = wished(document.documentElement.dataset.language ?? '');
document.documentElement.lang = language;
if (language !== 'en') await speak(language);
mount(App, { target });
