import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listing, run, siteFaults } from './cli.ts';
import { rehearse, sampled } from './faults.ts';
import type { Fault, Rehearsed, Step } from './faults.ts';
import { createRepository, distributions, packageFiles, under, writeFiles } from './repository.ts';
import type { Files } from './repository.ts';

/*
 * A run that is killed, interrupted or refused by the system at any of its steps leaves the old or the new, and the next run makes
 * the new. The trace of each run shows that the fault hit the step that it was meant for.
 */

/** Of a site that can be extended: more packages than change. */
export const BASE: Files = packagesOf(32, '1.0.0');
/** So little more that a build extends the site: a new revision, other content of one that was there, and a package less. */
export const CHANGED: Files = Object.fromEntries(
  Object.entries({
    ...BASE,
    ...packageFiles('pkg_03', '1.1.0'),
    ...packageFiles('pkg_05', '1.0.0', { 'docs/more.md': 'more' }),
  }).filter(([path]) => !path.startsWith('pkg_07/')),
);
/** Of a site that is made whole, whose steps are the same for each package: few. */
export const FEW: Files = packagesOf(4, '1.0.0');
/** So much else than `FEW` that a build makes the whole site anew. */
export const REPLACED: Files = packagesOf(4, '2.0.0');

function packagesOf(count: number, version: string): Files {
  const names = Array.from({ length: count }, (_, i) => `pkg_${String(i).padStart(2, '0')}`);
  return Object.assign({}, ...names.map((name) => packageFiles(name, version))) as Files;
}

export const BUILD = ['build', '--dist', 'all', '--json'];

export interface FaultCase {
  /** What was built before, by `build`. */
  readonly before: readonly Files[];
  readonly build: readonly string[];
  /** What the storage holds then, and the command that is disturbed. */
  readonly after: Files;
  readonly args: readonly string[];
  readonly products: readonly string[];
}

/** A case, ready to be disturbed; its steps once the new is being put in place, and those before. */
interface Ready {
  readonly rehearsed: Rehearsed;
  readonly commit: readonly Step[];
  readonly preparing: readonly Step[];
}

/** The least number of steps of each part at which a fault is tried; without EPR_STATIC_KILLS, there are a few. */
const least = Number(process.env['EPR_STATIC_KILLS'] ?? 0);

/** Declares the tests of a case, with a few of its steps each, evenly spread. */
export function testFaults(name: string, one: FaultCase): void {
  describe(name, () => {
    const root = mkdtempSync(join(tmpdir(), 'epr-static-faults-'));
    let ready: Ready;
    beforeAll(async () => {
      ready = await prepare(one, join(root, 'project'));
    });
    afterAll(() => rmSync(root, { recursive: true, force: true }));
    const disturb = async (fault: Fault, commit: number, preparing: number): Promise<string[]> =>
      await disturbAll(ready, fault, [commit, preparing]);

    test('before each step, a reader sees the old or the new', async () => {
      expect(await ready.rehearsed.watch(ready.commit[0] as Step)).toEqual([]);
    });

    test('killed before a step', async () => {
      expect(await disturb('kill', 4, 1)).toEqual([]);
    });

    test('killed in the middle of a step', async () => {
      expect(await disturb('cut', 2, 1)).toEqual([]);
    });

    test('a step fails', async () => {
      expect(await disturb('EIO', 2, 1)).toEqual([]);
    });

    test('from a step on, the disk is full', async () => {
      expect(await disturb('ENOSPC', 1, 1)).toEqual([]);
    });

    test('interrupted at a step', async () => {
      expect(await disturb('interrupt', 1, 1)).toEqual([]);
    });
  });
}

/** Builds what was there before, and runs the command once without a fault: it makes what a build without a cache makes. */
async function prepare({ before, build, after, args, products }: FaultCase, folder: string): Promise<Ready> {
  const repository = createRepository(join(folder, 'storage.git'));
  writeFiles(folder, { 'content/distributions.yml': distributions('../storage.git', ['main']) });
  for (const files of before) {
    repository.commit('main', repository.treeOf(under('packages', files)));
    expect(await run(build, { cwd: folder })).toMatchObject({ status: 0 });
  }
  repository.commit('main', repository.treeOf(under('packages', after)));
  const rehearsed = await rehearse({ folder, args, products, roots: ['dist', '.cache'] });
  if (args === build) {
    expect(siteFaults(join(folder, 'dist/all'))).toEqual([]);
    expect(await run([...build, '--no-cache', '--out', 'cold'], { cwd: folder })).toMatchObject({ status: 0 });
    expect(listing(join(folder, 'dist/all'))).toEqual(listing(join(folder, 'cold/all')));
  }
  const steps = rehearsed.steps.filter(({ step }) => !MADE_AGAIN.test(step));
  const first = steps.findIndex(({ step }) => PUTS_IN_PLACE.test(step));
  expect(first, 'the step that puts something in place').toBeGreaterThan(0);
  return { rehearsed, preparing: steps.slice(0, first), commit: steps.slice(first) };
}

const PUTS_IN_PLACE = /^(?:rename|writeFile) .*dist\/[^.][^/]*$|-> dist\/all\/.*$/;

/** Two threads that make the same folder at the same time: few runs have such a step. */
const MADE_AGAIN = /^mkdir .* #\d+$/;

/** The steps at which a fault makes a difference of its own; the others need not be tried with it. */
const SUSCEPTIBLE: Readonly<Record<Fault, RegExp>> = {
  kill: /^/,
  cut: /^(writeFile|appendFile|write|rm) /,
  EIO: /^/,
  ENOSPC: /^(mkdir|open|writeFile|appendFile|write|link|copyFile) /,
  interrupt: /^/,
};

/** What is wrong after faults at some steps; one after the other, since each begins anew in the same folder. */
async function disturbAll({ rehearsed, ...parts }: Ready, fault: Fault, counts: [number, number]): Promise<string[]> {
  const steps = [parts.commit, parts.preparing].flatMap((part, i) =>
    sampled(
      part.filter(({ step }) => SUSCEPTIBLE[fault].test(step)),
      Math.max(counts[i] ?? 0, least),
    ),
  );
  expect(steps.length).toBeGreaterThan(0);
  const found: string[] = [];
  for (const step of steps) found.push(...(await rehearsed.disturb(step, fault)));
  return found;
}
