import { defineConfig } from 'vitest/config';

const project = (name: string, timeout: number) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: timeout, hookTimeout: 900_000 },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 30_000),
      project('property', 120_000),
      project('contract', 900_000),
      project('e2e', 600_000),
      project('hosts', 900_000),
    ],
  },
});
