// Runs before anything is painted and before any module.
//
// 1. WebKitGTK reports the language "C"; Intl then throws and the page stays
//    blank. The guard hands out English instead.
// 2. The theme, density and language of the last visit are set at once, so that a
//    dark page never flashes white and a German one never English. The truth is
//    kept by the node (Settings); this copy only bridges the first half second.
(function () {
  'use strict';
  try {
    new Intl.NumberFormat(navigator.language);
  } catch {
    Object.defineProperty(Navigator.prototype, 'language', { configurable: true, get: () => 'en' });
    Object.defineProperty(Navigator.prototype, 'languages', { configurable: true, get: () => ['en'] });
  }
  const root = document.documentElement;
  let kept = '';
  try {
    kept = localStorage.getItem('debros.look') || '';
  } catch {
    // Storage may be forbidden; the system's theme is a good start.
  }
  const [theme, density, language] = kept.split(' ');
  root.dataset.theme = ['dark', 'light', 'contrast'].includes(theme) ? theme : 'system';
  root.dataset.density = density === 'compact' ? 'compact' : 'comfortable';
  root.dataset.language = ['en', 'de'].includes(language) ? language : 'system';
})();
