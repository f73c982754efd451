import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { median } from './bench-measure.ts';

/*
 * A child process of the benchmark. It measures the CPU time, in milliseconds, of loading the index of a site and of
 * composing answers.
 *
 * node lib/scripts/bench-compose.js SITE
 */

export interface Composed {
  readonly index: number;
  readonly first: number;
  readonly median: number;
  readonly queries: Readonly<Record<string, number>>;
}

/** The exports of the compiled core. A script can't see the types of `src/`. */
interface Core {
  respond(request: object, columns: unknown): { body?: { kind: string; pieces: unknown } };
  joinPieces(pieces: unknown, rows: Uint8Array): Uint8Array;
  loadIndex(files: object): Promise<{ columns: unknown; rows: Uint8Array } | undefined>;
}

/** None of these is precomputed. */
const queries = [
  '/search?kibana.version=8.5.0&capabilities=observability,security&spec.max=3.0',
  '/search?all=true&prerelease=true',
  '/search?all=true&kibana.version=8.5.0',
  '/search?kibana.version=8.11.0&type=integration',
  '/search?kibana.version=8.11.0&category=security&capabilities=observability',
  '/search?package=nginx&all=true',
  '/search?experimental=true&kibana.version=7.17.0',
  '/categories?kibana.version=8.5.0&capabilities=observability&include_policy_templates=true',
];
const TIMES = 100;

const site = process.argv[2] ?? '';
const load = async (file: string): Promise<Core> => (await import(new URL(file, import.meta.url).href)) as Core;
const core = { ...(await load('../core/respond.js')), ...(await load('../hosts/fetch/index.js')) };
const beforeIndex = process.cpuUsage();
const index = await core.loadIndex({ bytes: (path: string) => readFile(join(site, path)) });
if (!index) throw new Error(`${site} has no index`);
const { columns, rows } = index;
const indexTime = since(beforeIndex);
const first = timeOf(queries[0] ?? '', 1);
const times = queries.map((query) => [query, timeOf(query, TIMES)] as const);
const composed: Composed = {
  index: indexTime,
  first,
  median: median(times.map(([, time]) => time)),
  queries: Object.fromEntries(times),
};
process.stdout.write(JSON.stringify(composed));

/** The mean over several times, because the CPU clock is too coarse for one. */
function timeOf(target: string, count: number): number {
  const [path, query] = target.split('?');
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    const { body } = core.respond({ method: 'GET', path, query }, columns);
    if (body?.kind !== 'pieces') throw new Error(`${target} is not composed`);
    core.joinPieces(body.pieces, rows);
  }
  return since(before) / count;
}

function since(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
