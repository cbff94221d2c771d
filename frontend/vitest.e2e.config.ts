// End-to-end tests: the real binary, the system's Chromium, one journey per file.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.e2e.ts'],
    environment: 'node',
    // Each file starts its own nodes; two slow cores carry two at a time.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 90_000,
  },
});
