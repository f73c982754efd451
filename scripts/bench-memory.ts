import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from './bench-builds.ts';
import { load, loadFigures } from './bench-load.ts';
import type { Load } from './bench-load.ts';
import { median } from './bench-measure.ts';
import type { Figure, Row } from './bench-measure.ts';
import type { Server } from './bench-servers.ts';

/*
 * Measures whether the memory of a server stays the same under many different requests, of every kind that clients
 * send.
 */

/** The memory of the server at the end, divided by that in the second quarter of the time. */
export async function memoryUnderLoad(
  bench: Bench,
  { site, start, seconds }: { site: string; start: () => Promise<Server>; seconds: number },
): Promise<Row> {
  const paths = manyRequests(site);
  const loads: Load[] = [];
  for (let run = 0; run < bench.runs; run++) {
    const server = await start();
    loads.push(await load(server, { paths, seconds }).finally(() => server.stop()));
  }
  const growths = loads.flatMap(({ memory }) => (memory.length > 0 ? growthOf(memory) : []));
  const growth: Figure = { name: 'growth', unit: '×', values: growths, atMost: 1.1 };
  return { name: `serve: ${paths.length} different requests`, figures: [...loadFigures(loads), growth] };
}

/** The last quarter of the samples divided by the second quarter. After the first quarter, all caches are full. */
function growthOf(samples: readonly number[]): number {
  const quarter = (nth: number): number =>
    median(samples.slice(((nth - 1) * samples.length) / 4, (nth * samples.length) / 4));
  return quarter(4) / quarter(2);
}

/** Some thousands of paths whose answers are all 200, with kinds and packages mixed. The list is the same each time. */
function manyRequests(site: string): string[] {
  const revisions = readdirSync(join(site, 'package')).flatMap((name) =>
    readdirSync(join(site, 'package', name)).map((version) => ({ name, version })),
  );
  const some = everyNth(revisions, 1000);
  const files = everyNth(revisions, 150).flatMap(({ name, version }) =>
    everyNth(filesOf(join(site, 'package', name, version)), 10).map((file) => `/package/${name}/${version}/${file}`),
  );
  const paths = [
    ...some.map(({ name, version }) => `/package/${name}/${version}/`),
    ...everyNth(some, 400).map(({ name, version }) => `/epr/${name}/${name}-${version}.zip`),
    ...files.map(encodeURI),
    ...some.map(({ name }) => `/search?package=${name}&all=true`),
    ...searches(),
  ];
  const shuffled = [...new Set(paths)].map((path) => [createHash('sha1').update(path).digest('hex'), path] as const);
  return shuffled.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

/** Queries with precomputed answers, and queries with composed ones. */
function searches(): string[] {
  const versions = [7, 8, 9].flatMap((major) => Array.from({ length: 20 }, (_, minor) => `${major}.${minor}.0`));
  return versions.flatMap((version) =>
    ['/search?', '/categories?'].flatMap((start) => {
      const path = `${start}kibana.version=${version}`;
      return [path, `${path}&prerelease=true`, `${path}&capabilities=security`, `${path}&spec.min=2.3&spec.max=3.4`];
    }),
  );
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** At most `count` items of a list, evenly spread. */
function everyNth<One>(list: readonly One[], count: number): One[] {
  const step = Math.max(1, Math.ceil(list.length / count));
  return list.filter((_, i) => i % step === 0);
}
