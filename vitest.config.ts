import { defineConfig } from 'vitest/config';

/** Tests that start real processes may be starved on a busy CI machine: there, and only there, they get another go. */
const retry = process.env['CI'] === 'true' ? 2 : 0;

const project = (name: string, testTimeout: number, retries = 0) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: 900_000, retry: retries },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 60_000),
      project('property', 180_000),
      project('contract', 900_000, retry),
      project('e2e', 600_000, retry),
      project('hosts', 900_000, retry),
    ],
  },
});
