import { cpSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measure, processFigures } from './bench-measure.ts';
import type { Figure, Measured, Row } from './bench-measure.ts';
import { addFolderRevision, addRevision, copyRepository, extractBranches, makeFourTimes } from './bench-storage.ts';

/*
 * The scenarios that build. Each returns rows of the table. None removes its files, and most empty what no later one needs.
 */

const root = fileURLToPath(new URL('../../', import.meta.url));
const cli = join(root, 'lib/cli.js');

/** The state that the scenarios of one run share. */
export interface Bench {
  /** A temporary folder, on the disk that is measured. */
  readonly folder: string;
  /** A bundle, repository or folder. */
  readonly storage: string;
  readonly runs: number;
  /** A cache that holds only the program's clone of the storage. */
  readonly seed: string;
  /** That clone. */
  readonly clone: string;
  /** How long it took. */
  readonly cloned: Measured;
  /** The cold builds of `snapshot` so far, by way and run. */
  readonly built: Map<string, Built>;
}

/** MB. Four times the revisions may take 1.4 times as much. */
const COLD_PEAK = 350;

/** The ways to build that are measured, by their options. Only `pages` makes pages for people. */
const WAYS = {
  plain: [],
  nginx: ['--target', 'nginx'],
  netlify: ['--target', 'netlify'],
  cloudflare: ['--target', 'cloudflare'],
  folder: [],
  pages: [],
} as const;

export type Way = keyof typeof WAYS;

/** A site in `out`, made from `storage` with the cache of its build. */
export interface Built extends BuildResult {
  readonly way: Way;
  readonly storage: string;
  readonly cache: string;
  readonly out: string;
}

interface BuildResult extends Measured {
  readonly revisions: number;
  readonly manifest: string;
}

/** Has the program clone the storage. */
export async function openBench(folder: string, storage: string, runs: number): Promise<Bench> {
  const seed = join(folder, 'seed');
  const cloned = await measure([cli, 'list', '--dist', 'production', ...common('plain', storage, seed)]);
  for (const name of readdirSync(seed)) if (name !== 'git') rmSync(join(seed, name), { recursive: true });
  const clones = readdirSync(join(seed, 'git'));
  const clone = join(seed, 'git', clones[0] ?? '');
  if (clones.length !== 1) throw new Error(`${storage} is no bundle: there is no clone of it`);
  return { folder, storage, runs, seed, clone, cloned, built: new Map() };
}

function common(way: Way, storage: string, cache: string): string[] {
  const config = join(dirname(cache), `distributions-${way}.json`);
  writeFileSync(config, configText(way === 'pages'));
  return ['--json', '--config', config, '--storage', storage, '--cache', cache];
}

function configText(pages: boolean): string {
  const names = ['production', 'staging', 'snapshot'];
  const stacks = names.map((name, i) => [name, { layers: names.slice(0, i + 1), pages }] as const);
  return JSON.stringify({
    registry: '1.40.1',
    storage: '.',
    layers: Object.fromEntries(names.map((name) => [name, {}])),
    distributions: Object.fromEntries(stacks),
  });
}

/** Builds a distribution and measures the build. */
export async function build(
  { way, storage, cache, out }: Pick<Built, 'way' | 'storage' | 'cache' | 'out'>,
  distribution: string,
): Promise<BuildResult> {
  const args = ['--dist', distribution, '--out', out, ...common(way, storage, cache), ...WAYS[way]];
  const measured = await measure([cli, 'build', ...args]);
  const { revisions, site } = JSON.parse(measured.stdout) as { revisions: number; site: { manifest: string } };
  return { ...measured, stdout: '', revisions, manifest: site.manifest };
}

/** The cold build of `snapshot` from which a run starts. The first call makes it. */
export async function builtCold(bench: Bench, run: number, way: Way = 'plain'): Promise<Built> {
  const known = bench.built.get(`${way}-${run}`);
  if (known) return known;
  const [cache, out] = [join(bench.folder, `cache-${way}-${run}`), join(bench.folder, `dist-${way}-${run}`)];
  const storage = way === 'folder' ? extractBranches(bench.clone, join(bench.folder, 'folders')) : bench.storage;
  if (way !== 'folder') cpSync(bench.seed, cache, { recursive: true });
  const result = await build({ way, storage, cache, out }, 'snapshot');
  const made = { ...result, way, storage, cache, out };
  bench.built.set(`${way}-${run}`, made);
  return made;
}

/**
 * Empties the files below a folder, so that they take no room. They are not removed: for minutes after a large tree was removed, ext4
 * takes several times as long to make files and folders, because it skips each inode that it freed lately.
 */
export function emptyFiles(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) truncateSync(join(entry.parentPath, entry.name));
}

/** From a bundle, with no target: each cold build just after the floor of the same clone. */
export async function plain(bench: Bench): Promise<Row[]> {
  const floors: Measured[] = [];
  const builds: Built[] = [];
  for (let run = 0; run < bench.runs; run++) {
    const folder = join(bench.folder, `floor-${run}`);
    mkdirSync(folder);
    const script = join(root, 'lib/scripts/floor.js');
    floors.push(await measure([script, bench.clone, folder, 'production', 'staging', 'snapshot']));
    emptyFiles(folder);
    builds.push(await builtCold(bench, run));
  }
  return [
    { name: 'clone of the bundle', figures: processFigures([bench.cloned]).slice(0, 1) },
    { name: 'floor', figures: processFigures(floors) },
    { name: 'plain, cold', figures: [...processFigures(builds, COLD_PEAK), ...ratios('floor', builds, floors, 1.25)] },
    ...(await incremental(bench, builds)),
  ];
}

/** Another way than `plain`; `atMost` is how many times as much as a plain one its cold build may take. */
export async function otherWay(bench: Bench, way: Way, atMost?: number): Promise<Row[]> {
  const plains: Built[] = [];
  const builds: Built[] = [];
  for (let run = 0; run < bench.runs; run++) {
    plains.push(await builtCold(bench, run));
    builds.push(await builtCold(bench, run, way));
  }
  const rows = [
    { name: `${way}, cold`, figures: [...processFigures(builds), ...ratios('plain', builds, plains, atMost)] },
    ...(await incremental(bench, builds)),
  ];
  for (const { cache } of builds) emptyFiles(cache); // the site is made of links to it
  return rows;
}

/** The same builds once more, and with a commit that adds a revision to the lowest layer. */
async function incremental(bench: Bench, builds: readonly Built[]): Promise<Row[]> {
  const [again, added]: [Measured[], Measured[]] = [[], []];
  for (const [run, before] of builds.entries()) {
    again.push(await unchanged(before));
    added.push(await oneRevision(bench, before, run));
  }
  const way = builds[0]?.way ?? '';
  return [
    { name: `${way}, unchanged`, figures: [...processFigures(again), ...ratios('own cold', again, builds, 1 / 30)] },
    { name: `${way}, one revision`, figures: [...processFigures(added), ...ratios('own cold', added, builds, 1 / 15)] },
  ];
}

/** Throws if the site is not the same. */
async function unchanged(before: Built): Promise<BuildResult> {
  const result = await build(before, 'snapshot');
  if (result.manifest !== before.manifest)
    throw new Error(`the manifest of the second build is ${result.manifest}, not ${before.manifest}`);
  return result;
}

/** Throws if the site lacks the revision. After the measurement, a folder is as before, for the next run. */
export async function oneRevision(bench: Bench, before: Built, run: number): Promise<BuildResult> {
  const isFolder = before.way === 'folder';
  const copy = join(bench.folder, `changed-${before.way}-${run}.git`);
  const storage = isFolder ? before.storage : copyRepository(bench.clone, copy);
  const where = { from: 'production', to: 'snapshot', version: '99.0.0' };
  const undo = isFolder ? addFolderRevision(storage, where) : addRevision(storage, where);
  const result = await build({ ...before, storage }, 'snapshot');
  undo?.();
  if (result.revisions !== before.revisions + 1) throw new Error('the new revision is not in the site');
  return result;
}

/** Builds `staging`, whose packages are all in the cache after `snapshot`. Later scenarios read the first plain build alone. */
export async function secondDistribution(bench: Bench): Promise<Row[]> {
  const [before, after]: [Measured[], Measured[]] = [[], []];
  for (let run = 0; run < bench.runs; run++) {
    const made = await builtCold(bench, run);
    before.push(made);
    after.push(await build(made, 'staging'));
    if (run > 0) emptyFiles(made.cache);
  }
  const figures = [...processFigures(after), ...ratios('cold', after, before, 1 / 4)];
  return [{ name: 'second distribution', figures }];
}

/** The cold build of four times the revisions. */
export async function timesFour(bench: Bench): Promise<Row[]> {
  const first: Built[] = [];
  for (let run = 0; run < bench.runs; run++) first.push(await builtCold(bench, run));
  const storage = copyRepository(bench.clone, join(bench.folder, 'four.git'));
  makeFourTimes(storage);
  const builds: Measured[] = [];
  for (let run = 0; run < bench.runs; run++) {
    const cache = join(bench.folder, `cache-four-${run}`);
    const out = join(bench.folder, `dist-four-${run}`);
    const result = await build({ way: 'plain', storage, cache, out }, 'snapshot');
    if (result.revisions !== 4 * (first[run]?.revisions ?? 0)) throw new Error(`${result.revisions} revisions`);
    builds.push(result);
    emptyFiles(cache);
  }
  const figures = [...processFigures(builds, 1.4 * COLD_PEAK), ...ratios('cold', builds, first, 4.4)];
  return [{ name: 'times four', figures }];
}

/** The ratios of time and of CPU between some runs and others, run by run. */
function ratios(
  name: string,
  some: readonly Measured[],
  others: readonly Measured[],
  atMost: number | undefined,
): Figure[] {
  const of = (key: 'seconds' | 'cpu'): number[] => some.map((one, i) => one[key] / (others[i]?.[key] ?? NaN));
  const target = atMost === undefined ? {} : { atMost };
  return [
    { name: `÷ ${name}`, unit: '×', values: of('seconds'), ...target },
    { name: `CPU ÷ ${name}’s`, unit: '×', values: of('cpu'), ...target },
  ];
}
