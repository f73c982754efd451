import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emptyFiles } from './bench-builds.ts';
import type { Bench } from './bench-builds.ts';
import { measure, processFigures } from './bench-measure.ts';
import type { Figure, Measured, Row } from './bench-measure.ts';
import { copyRepository, git } from './bench-storage.ts';

/*
 * The scenarios of what is carried: `production` as a bundle, as a delta to an earlier one, and as subsets.
 */

const cli = join(fileURLToPath(new URL('../../', import.meta.url)), 'lib/cli.js');

/** The layer `production` as it was two months before. */
const EARLIER = 'production-2022-10';
/** MB, of `bundle` and of `apply`. */
const PEAK = 350;

/** The whole site in a bundle, and what is new since the branch `production-2022-10`, which the storage or the bundle `earlier` has. */
export async function bundle(bench: Bench, earlier: string): Promise<Row[]> {
  const site = await builtOf(bench, bench.storage, { name: 'production', to: 'now' });
  const rows = await carried(bench, site, {
    name: 'full',
    options: [],
    target: (run) => join(bench.folder, `applied-${run}`, 'production'),
    limits: { size: 200, made: 20, applied: 40 },
  });
  for (let run = 0; run < bench.runs; run++) emptyFiles(join(bench.folder, `applied-${run}`));
  const storage = withEarlier(bench, earlier);
  if (storage === undefined) {
    process.stderr.write(
      `\nSKIPPED: the delta: there is no branch ${EARLIER} and no ${earlier}; --earlier names another.\n\n`,
    );
    return rows;
  }
  const bases: Site[] = [];
  for (let run = 0; run < bench.runs; run++)
    bases.push(await builtOf(bench, storage, { name: 'production', to: `earlier-${run}`, ref: EARLIER }));
  const delta = await carried(bench, site, {
    name: 'delta',
    options: ['--since', bases[0]?.folder ?? ''],
    target: (run) => bases[run]?.folder ?? '',
    limits: { size: 9, made: 15, applied: 20 },
  });
  return [...rows, ...delta];
}

/** What of `production` the Kibanas of two lists can ask for. */
export async function subset(bench: Bench): Promise<Row[]> {
  const whole = await builtOf(bench, bench.storage, { name: 'production', to: 'now' });
  const rows: Row[] = [];
  for (const [kibanas, atMost] of SUBSETS) {
    const name = `for-${kibanas.join('-and-')}`;
    const part = await builtOf(bench, bench.storage, { name, to: 'now', kibanas });
    const share: Figure = { name: '÷ bytes of all', unit: '×', values: [part.bytes / whole.bytes], atMost };
    const size: Figure = { name: 'size', unit: 'MB', values: [part.bytes / 1e6] };
    rows.push({ name: `subset for ${kibanas.join(' and ')}`, figures: [...processFigures([part]), size, share] });
  }
  return rows;
}

const SUBSETS: readonly (readonly [kibanas: readonly string[], atMost: number])[] = [
  [['8.5.0'], 0.09],
  [['7.17.0', '8.5.0'], 0.12],
];

/** A storage that has the branch `production-2022-10`: the bench's own, or a copy with the branch of the bundle. */
function withEarlier({ clone, folder }: Bench, earlier: string): string | undefined {
  if (git(clone, ['for-each-ref', `refs/heads/${EARLIER}`]).length > 0) return clone;
  if (!existsSync(earlier)) return undefined;
  const copy = copyRepository(clone, join(folder, 'earlier.git'));
  git(copy, ['fetch', '--quiet', earlier, `${EARLIER}:${EARLIER}`]);
  return copy;
}

/** A site that a scenario starts from. */
interface Site extends Measured {
  readonly folder: string;
  readonly bytes: number;
}

interface Wanted {
  readonly name: string;
  /** The folder of the site's folder. */
  readonly to: string;
  /** The ref of the layer `production`. */
  readonly ref?: string;
  /** The versions for which it is a subset of `production`. */
  readonly kibanas?: readonly string[];
}

/** Builds a site with the cache that all sites of these scenarios share. */
async function builtOf(bench: Bench, storage: string, { name, to, ref, kibanas }: Wanted): Promise<Site> {
  const config = join(bench.folder, `${to}-${name}.json`);
  const production = { layers: ['production'], pages: false };
  const part = { from: 'production', for: kibanas?.map((kibana) => ({ kibana })) };
  writeFileSync(
    config,
    JSON.stringify({
      registry: '1.40.1',
      storage,
      layers: { production: { ref: ref ?? 'production' } },
      distributions: kibanas ? { production, [name]: part } : { production },
    }),
  );
  const [cache, out] = [join(bench.folder, 'cache-carried'), join(bench.folder, to)];
  const measured = await measure([
    cli,
    'build',
    '--json',
    '--dist',
    name,
    '--config',
    config,
    '--cache',
    cache,
    '--out',
    out,
  ]);
  const { bytes } = (JSON.parse(measured.stdout) as { site: Pick<Site, 'bytes'> }).site;
  return { ...measured, stdout: '', folder: join(out, name), bytes };
}

interface Carrying {
  readonly name: string;
  /** Options of `bundle`. */
  readonly options: readonly string[];
  /** Where a run applies it. */
  readonly target: (run: number) => string;
  /** The most MB, and the most seconds. */
  readonly limits: Readonly<Record<'size' | 'made' | 'applied', number>>;
}

/** Makes a bundle of a site and applies it. Throws unless the same site comes of it, each file by its digest. */
async function carried(bench: Bench, site: Site, { name, options, target, limits }: Carrying): Promise<Row[]> {
  const [made, applied]: [Measured[], Measured[]] = [[], []];
  const file = join(bench.folder, `${name}.tar`);
  let size = NaN;
  for (let run = 0; run < bench.runs; run++) {
    const packed = await measure([cli, 'bundle', '--json', '--dir', site.folder, ...options, '--file', file]);
    size = (JSON.parse(packed.stdout) as { size: number }).size;
    made.push(packed);
    applied.push(await measure([cli, 'apply', '--json', file, '--to', target(run)]));
    await measure([cli, 'verify', '--json', '--against', join(site.folder, '_registry/release.json'), target(run)]);
  }
  const bytes: Figure = { name: 'size', unit: 'MB', values: [size / 1e6], atMost: limits.size };
  return [
    { name: `${name} bundle, made`, figures: [...processFigures(made, PEAK, limits.made), bytes] },
    { name: `${name} bundle, applied`, figures: processFigures(applied, PEAK, limits.applied) },
  ];
}
