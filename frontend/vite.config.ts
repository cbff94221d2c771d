// How the page is built and tested. `npm run dev` proxies calls to a running
// node's bridge, so that hot reload works in any browser: start
// `debros node start --ui --ui-addr 127.0.0.1:7001` and open its link once.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const bridge = process.env.DEBROS_UI ?? 'http://127.0.0.1:7001';

export default defineConfig({
  plugins: [svelte()],
  // Vitest would take Svelte's server build; state is tested with the browser's runes.
  resolve: { conditions: ['browser', 'module', 'import', 'default'] },
  build: {
    target: 'es2022',
    // Pictures and fonts are files of their own: the policy allows no data: fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    host: '127.0.0.1',
    // The bridge answers its own address only, so calls must look as if they came from there.
    proxy: Object.fromEntries(
      ['/api', '/login'].map((path) => [path, { target: bridge, changeOrigin: true, headers: { origin: bridge } }]),
    ),
  },
  test: {
    include: ['src/**/*.test.ts', 'signin/**/*.test.ts'],
    environment: 'node',
    setupFiles: ['src/i18n/testing.ts'],
  },
});
