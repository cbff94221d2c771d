// Measures how fast the page answers; nothing passes or fails by the clock.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['tests/**/*.speed.ts'], environment: 'node', testTimeout: 120_000, hookTimeout: 90_000 },
});
