import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { run, siteFaults, temporaryFolder } from '../support/cli.ts';
import { rehearse, sampled } from '../support/faults.ts';
import type { Fault, Rehearsed } from '../support/faults.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';

/*
 * `apply` that is killed, interrupted or refused by the system at any step: the folder is the old site or the new one, and the next run
 * completes it. EPR_STATIC_KILLS is the number of kills of each case; without it, there are a few.
 */

const kills = Number(process.env['EPR_STATIC_KILLS'] ?? 12);
const home = temporaryFolder();

beforeAll(async () => {
  writeFiles(home, { 'content/distributions.yml': distributions('../storage', ['main']) });
  const months = [
    [packageFiles('acme', '1.0.0'), packageFiles('other', '1.0.0')],
    [packageFiles('acme', '1.1.0')],
    [packageFiles('third', '1.0.0')],
  ];
  for (const [i, files] of months.entries()) {
    writeFiles(home, under('storage/main/packages', ...files));
    await succeed('build', '--dist', 'all', '--target', 'nginx');
    cpSync(join(home, 'dist'), join(home, String(i + 1)), { recursive: true, preserveTimestamps: true });
    const since = i === 0 ? [] : ['--since', `${i}/all`];
    await succeed('bundle', '--dir', `${i + 1}/all`, ...since, '--file', `${i + 1}.tar`);
  }
});

async function succeed(...args: string[]): Promise<void> {
  const ended = await run(args, { cwd: home });
  expect(ended, ended.stdout + ended.stderr).toMatchObject({ status: 0 });
}

describe.each([
  ['first application', 0, ['1.tar'], 1],
  ['delta', 1, ['2.tar'], 2],
  ['two deltas', 1, ['3.tar', '2.tar'], 3],
] as const)('%s', (name, before, bundles, after) => {
  let rehearsed: Rehearsed;
  beforeAll(async () => {
    const folder = join(home, name.replaceAll(' ', '-'));
    mkdirSync(join(folder, 'dist'), { recursive: true });
    if (before > 0)
      cpSync(join(home, String(before)), join(folder, 'dist'), { recursive: true, preserveTimestamps: true });
    const args = ['apply', ...bundles.map((bundle) => join(home, bundle)), '--to', 'dist/all', '--json'];
    rehearsed = await rehearse({ folder, args, products: ['dist/all', 'dist/all.nginx'], roots: ['dist'] });
    expect(siteFaults(join(folder, 'dist/all'))).toEqual([]);
    await succeed(
      'verify',
      join(folder, 'dist/all'),
      '--against',
      join(home, String(after), 'all/_registry/release.json'),
    );
  });

  test.each([
    ['kill', kills],
    ['cut', Math.ceil(kills / 4)],
    ['EIO', Math.ceil(kills / 6)],
    ['ENOSPC', Math.ceil(kills / 6)],
    ['interrupt', Math.ceil(kills / 6)],
  ] as const)('%s', async (fault, count) => {
    const steps = rehearsed.steps.filter(({ step }) => SUSCEPTIBLE[fault].test(step));
    const found: string[] = [];
    for (const step of sampled(steps, count)) found.push(...(await rehearsed.disturb(step, fault)));
    expect(found).toEqual([]);
  });
});

const SUSCEPTIBLE: Readonly<Record<Fault, RegExp>> = {
  kill: /^/,
  cut: /^(writeFile|write|rm) /,
  EIO: /^/,
  ENOSPC: /^(mkdir|open|writeFile|write|link) /,
  interrupt: /^/,
};
