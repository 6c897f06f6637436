import { defineConfig } from 'vitest/config';

// Unit tests run side by side and need neither PHP nor the network. All others start
// servers, build binaries or time out by the clock: one file at a time on two cores.
const serial = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 600_000 };

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          ...serial,
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          ...serial,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: ['test/e2e/drupal.test.ts'],
          ...serial,
        },
      },
      { test: { name: 'drupal', include: ['test/e2e/drupal.test.ts'], ...serial } },
    ],
  },
});
