import { defineConfig } from 'vitest/config';

const project = (name: string, testTimeout: number) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: 900_000 },
});

export default defineConfig({
  test: {
    // Most tests wait for processes and the disk, so that two files at a time take little more than half as long on two cores.
    maxWorkers: 2,
    projects: [
      project('unit', 60_000),
      project('property', 180_000),
      project('contract', 900_000),
      project('e2e', 600_000),
      project('hosts', 900_000),
    ],
  },
});
