// The page begins here. The shim comes first: it stands in for Wails in a browser.
import './api/shim';
import './ui/font.css';
import './ui/tokens.css';
import './ui/base.css';
import { mount } from 'svelte';
import { pickLanguage, speak } from './i18n/index.svelte';
import { desktop } from './state/desktop.svelte';
import App from './views/App.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');

const language = pickLanguage(navigator.languages);
document.documentElement.lang = language;
if (language !== 'en') await speak(language);
mount(App, { target });
desktop.tellPainted();
