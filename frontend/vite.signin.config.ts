// How the sign-in page is built: a small page of its own, beside the program's.
// Its files lie in login/ and are named relative to the page, because it is
// served at "/" on loopback and at "/v1/auth/login" by a gateway.
import { resolve } from 'node:path';
import { defineConfig } from 'vite';

export default defineConfig({
  root: resolve(import.meta.dirname, 'signin'),
  base: './',
  publicDir: false,
  build: {
    outDir: resolve(import.meta.dirname, 'dist/signin'),
    emptyOutDir: true,
    assetsDir: 'login',
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
