import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measure, processFigures } from './bench-measure.ts';
import type { Figure, Measured, Row } from './bench-measure.ts';
import { addRevision, copyRepository, makeFourTimes } from './bench-storage.ts';

/*
 * The scenarios that build. Each gives rows of the table. None removes what it has made: for minutes after a large tree was
 * removed, ext4 takes several times as long to make files and folders, since it passes over each inode that it freed lately.
 */

const root = fileURLToPath(new URL('../../', import.meta.url));
const cli = join(root, 'lib/cli.js');

/** What the scenarios of one run of the benchmark share. */
export interface Bench {
  /** A temporary folder, on the disk that is measured. */
  readonly folder: string;
  /** A bundle, repository or folder. */
  readonly storage: string;
  readonly runs: number;
  /** Holds nothing but the program's clone of the storage. */
  readonly seed: string;
  /** That clone. */
  readonly clone: string;
  /** How long it took. */
  readonly cloned: Measured;
  /** The cold builds of `snapshot` that were made by now, by run. */
  readonly built: Map<number, Built>;
}

/** A site in `out`, and the cache of its build. */
export interface Built extends BuildResult {
  readonly cache: string;
  readonly out: string;
}

interface BuildResult extends Measured {
  readonly how: string;
  readonly revisions: number;
  readonly manifest: string;
}

/** Has the program clone the storage. */
export async function openBench(folder: string, storage: string, runs: number): Promise<Bench> {
  const seed = join(folder, 'seed');
  const cloned = await measure([cli, 'list', '--dist', 'production', ...common(storage, seed)]);
  for (const name of readdirSync(seed)) if (name !== 'git') rmSync(join(seed, name), { recursive: true });
  const clones = readdirSync(join(seed, 'git'));
  const clone = join(seed, 'git', clones[0] ?? '');
  if (clones.length !== 1) throw new Error(`${storage} is no bundle: there is no clone of it`);
  return { folder, storage, runs, seed, clone, cloned, built: new Map() };
}

function common(storage: string, cache: string): string[] {
  return ['--json', '--config', join(root, 'content/distributions.yml'), '--storage', storage, '--cache', cache];
}

/** Builds a distribution, and says what it took. */
export async function build(
  { storage, cache, out }: { storage: string; cache: string; out: string },
  distribution: string,
  more: readonly string[] = [],
): Promise<BuildResult> {
  const args = ['--dist', distribution, '--out', out, ...common(storage, cache), ...more];
  const measured = await measure([cli, 'build', ...args]);
  const { revisions, site } = JSON.parse(measured.stdout) as {
    revisions: number;
    site: { how: string; manifest: string };
  };
  return { ...measured, stdout: '', revisions, how: site.how, manifest: site.manifest };
}

/** The cold build of `snapshot` that a run starts from: made once, at the first call. */
export async function builtCold(bench: Bench, run: number): Promise<Built> {
  const known = bench.built.get(run);
  if (known) return known;
  const [cache, out] = [join(bench.folder, `cache-${run}`), join(bench.folder, `dist-${run}`)];
  cpSync(bench.seed, cache, { recursive: true });
  const result = await build({ storage: bench.storage, cache, out }, 'snapshot');
  const made = { ...result, cache, out };
  bench.built.set(run, made);
  return made;
}

/** Each build just after the floor of the same clone. */
export async function cold(bench: Bench): Promise<Row[]> {
  const [floors, builds]: [Measured[], Measured[]] = [[], []];
  for (let run = 0; run < bench.runs; run++) {
    const folder = join(bench.folder, `floor-${run}`);
    mkdirSync(folder);
    const script = join(root, 'lib/scripts/floor.js');
    floors.push(await measure([script, bench.clone, folder, 'production', 'staging', 'snapshot']));
    builds.push(await builtCold(bench, run));
  }
  return [
    { name: 'clone of the bundle', figures: processFigures([bench.cloned]).slice(0, 1) },
    { name: 'floor', figures: processFigures(floors) },
    { name: 'cold', figures: [...processFigures(builds, 450), ratio('÷ floor', pair(builds, floors), 1.25)] },
  ];
}

/** The same build once more. Throws where it is not the same site. */
export async function unchanged(bench: Bench): Promise<Row[]> {
  const again = async (before: Built): Promise<BuildResult> => {
    const result = await build({ ...before, storage: bench.storage }, 'snapshot');
    if (result.how !== 'unchanged' || result.manifest !== before.manifest)
      throw new Error(`the second build is "${result.how}", manifest ${result.manifest}, not ${before.manifest}`);
    return result;
  };
  return [await afterCold(bench, { name: 'unchanged', atMost: 1 / 30 }, again)];
}

/** A commit that adds a revision to the lowest layer. */
export async function oneRevision(bench: Bench): Promise<Row[]> {
  const add = async (before: Built, run: number): Promise<BuildResult> => {
    const storage = copyRepository(bench.clone, join(bench.folder, `changed-${run}.git`));
    await build({ ...before, storage }, 'snapshot');
    addRevision(storage, { from: 'production', to: 'snapshot', version: '99.0.0' });
    const result = await build({ ...before, storage }, 'snapshot');
    if (result.revisions !== before.revisions + 1) throw new Error('the new revision is not in the site');
    return result;
  };
  return [await afterCold(bench, { name: 'one-revision', atMost: 1 / 15 }, add)];
}

/** `staging`, whose packages `snapshot` has all made already. */
export async function secondDistribution(bench: Bench): Promise<Row[]> {
  const target = { name: 'second-distribution', atMost: 1 / 4 };
  const second = async (before: Built): Promise<BuildResult> =>
    await build({ ...before, storage: bench.storage }, 'staging');
  return [await afterCold(bench, target, second)];
}

/** The cold build of four times the revisions. */
export async function timesFour(bench: Bench): Promise<Row[]> {
  const first: Built[] = [];
  for (let run = 0; run < bench.runs; run++) first.push(await builtCold(bench, run));
  const storage = copyRepository(bench.clone, join(bench.folder, 'four.git'));
  makeFourTimes(storage);
  const builds: Measured[] = [];
  for (let run = 0; run < bench.runs; run++) {
    const places = {
      storage,
      cache: join(bench.folder, `cache-four-${run}`),
      out: join(bench.folder, `dist-four-${run}`),
    };
    const result = await build(places, 'snapshot');
    if (result.revisions !== 4 * (first[run]?.revisions ?? 0)) throw new Error(`${result.revisions} revisions`);
    builds.push(result);
  }
  const peaks = builds.map(({ peak }, i) => (peak ?? NaN) / (first[i]?.peak ?? NaN));
  const figures = [ratio('÷ cold', pair(builds, first), 4.4), ratio('peak ÷ cold’s', peaks, 1.5)];
  return [{ name: 'times-four', figures: [...processFigures(builds), ...figures] }];
}

/** Measures what comes after a cold build, against that very build. */
async function afterCold(
  bench: Bench,
  { name, atMost }: { name: string; atMost: number },
  next: (before: Built, run: number) => Promise<Measured>,
): Promise<Row> {
  const [before, after]: [Measured[], Measured[]] = [[], []];
  for (let run = 0; run < bench.runs; run++) {
    const made = await builtCold(bench, run);
    before.push(made);
    after.push(await next(made, run));
  }
  return { name, figures: [...processFigures(after), ratio('÷ cold', pair(after, before), atMost)] };
}

function pair(some: readonly Measured[], others: readonly Measured[]): number[] {
  return some.map(({ seconds }, i) => seconds / (others[i]?.seconds ?? NaN));
}

function ratio(name: string, values: readonly number[], atMost: number): Figure {
  return { name, unit: '×', values, atMost };
}
