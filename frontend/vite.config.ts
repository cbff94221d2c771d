// How the page is built and tested. `npm run dev` proxies calls to a running
// node's bridge, so that hot reload works in any browser: start
// `debros node start --ui --ui-addr 127.0.0.1:7001` and open its link once.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { quantize } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const bridge = process.env.DEBROS_UI ?? 'http://127.0.0.1:7001';

/** Steps from one edge of the world to the other: some 10 km each, finer than the atlas is. */
const atlasSteps = 4000;
/** Where nobody lives: without it the rest of the map has more room. */
const antarctica = '010';

/**
 * Thins the atlas while building, from 38 to 22 kB gzipped: what the map does not
 * show (names, Antarctica) is left out, the rest lies on a coarser grid.
 */
function thinAtlas(): Plugin {
  return {
    name: 'thin-atlas',
    enforce: 'pre',
    transform: (code, id) => {
      if (!id.includes('world-atlas/countries-110m.json')) return null;
      const atlas = JSON.parse(code) as Topology<{ countries: GeometryCollection }>;
      const { scale, translate } = atlas.transform ?? { scale: [1, 1], translate: [0, 0] };
      const arcs = atlas.arcs.map((arc) => {
        let [x, y] = [0, 0];
        return arc.map(([dx = 0, dy = 0]) => [
          (x += dx) * scale[0] + translate[0],
          (y += dy) * scale[1] + translate[1],
        ]);
      });
      const geometries = atlas.objects.countries.geometries
        .filter((country) => country.id !== antarctica)
        .map((country) => {
          const { id: _id, properties: _names, ...shape } = country;
          return shape;
        });
      const thin = { type: 'Topology', objects: { countries: { type: 'GeometryCollection', geometries } }, arcs };
      return {
        code: JSON.stringify(quantize(thin as unknown as Parameters<typeof quantize>[0], atlasSteps)),
        map: null,
      };
    },
  };
}

export default defineConfig({
  plugins: [thinAtlas(), svelte()],
  // Vitest would take Svelte's server build; state is tested with the browser's runes.
  resolve: { conditions: ['browser', 'module', 'import', 'default'] },
  build: {
    target: 'es2022',
    // Pictures and fonts are files of their own: the policy allows no data: fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Everything needs the runtime, and the first page all of its own parts: one file of
    // each is smaller than pieces of it, of which every sign that screens share would be one.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'svelte', test: /node_modules\/svelte\/src\/internal/ },
            { name: 'first', tags: ['$initial'] },
          ],
        },
      },
    },
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
