import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, builtCold } from './bench-builds.ts';
import type { Bench } from './bench-builds.ts';
import { hasWrk, load, loadFigures } from './bench-load.ts';
import type { Load } from './bench-load.ts';
import type { Figure, Row } from './bench-measure.ts';
import { memoryUnderLoad } from './bench-memory.ts';
import { FLEET_HEADERS, sessionOfFleet } from './bench-session.ts';
import { bareNginx, hasNginx, siteNginx, startNode } from './bench-servers.ts';
import type { Server } from './bench-servers.ts';

/*
 * Measures answers per second, compared with servers that send the same bytes and do nothing else.
 */

interface Asked {
  readonly name: string;
  /** Asked in turn. */
  readonly paths: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the answer is composed for each request. A bare server doesn't compose. */
  readonly isComposed: boolean;
  /** Answers per second. Undefined if there is no target. */
  readonly atLeast: number | undefined;
}

/** Compares `serve` and the generated nginx site with bare servers. The short benchmark measures `serve` alone. */
export async function serve(bench: Bench, { isShort }: { isShort: boolean }): Promise<Row[]> {
  if (!hasWrk()) {
    process.stderr.write('\nSKIPPED: serving: wrk is missing: apt-get install --no-install-recommends wrk\n\n');
    return [];
  }
  const made = await builtCold(bench, 0);
  const site = join(made.out, 'snapshot');
  const cli = fileURLToPath(new URL('../cli.js', import.meta.url));
  const bare = fileURLToPath(new URL('bench-bare.js', import.meta.url));
  const start = (): Promise<Server> => startNode([cli, 'serve', '--dir', site, '--port', '0', '--host', '127.0.0.1']);
  const seconds = isShort ? 1 : 3;
  const node = await compare(bench, {
    names: ['serve', 'bare Node'],
    start,
    startBare: (folder) => startNode([bare, folder]),
    asked: asked(site, [false]),
    atLeast: 0.5,
    // In one second on a busy machine, the slowest hundredth of the answers is random.
    tail: isShort ? undefined : TAIL,
    seconds,
  });
  const rows = [...node, await memoryUnderLoad(bench, { site, start, seconds: isShort ? 8 : 20 })];
  if (isShort) return rows;
  if (!hasNginx()) {
    process.stderr.write('\nSKIPPED: nginx is not installed, or has no njs.\n\n');
    return rows;
  }
  await build({ ...made, way: 'nginx' }, 'snapshot');
  const nginx = await compare(bench, {
    names: ['nginx', 'bare nginx'],
    start: () => siteNginx(`${site}.nginx`),
    startBare: (folder) => bareNginx(folder, bench.folder),
    asked: asked(site, [false, true]),
    atLeast: 0.8,
    tail: TAIL,
    seconds,
  });
  return [...rows, ...nginx];
}

/** The highest p99, in medians. */
const TAIL = 5;

interface Pair {
  readonly names: readonly [string, string];
  start(): Promise<Server>;
  startBare(folder: string): Promise<Server>;
  readonly asked: readonly Asked[];
  /** The least share of the bare server's answers. */
  readonly atLeast: number;
  readonly tail: number | undefined;
  readonly seconds: number;
}

async function compare(bench: Bench, pair: Pair): Promise<Row[]> {
  const { names, start, startBare, asked: list, atLeast, tail, seconds } = pair;
  const folder = join(bench.folder, `bodies-${names[0]}`);
  mkdirSync(folder);
  const server = await start();
  try {
    const bareAsked: BareAsked[] = [];
    for (const [i, one] of list.entries()) bareAsked.push(await keepBodies(server, one, join(folder, String(i))));
    const bare = await startBare(folder);
    try {
      const rows: Row[] = [];
      for (const [i, one] of list.entries()) {
        const { paths, bytes } = bareAsked[i] as BareAsked;
        const [own, least]: [Load[], Load[]] = [[], []];
        for (let run = 0; run < bench.runs; run++) {
          least.push(await load(bare, { paths, seconds }));
          own.push(await load(server, { ...one, seconds }));
        }
        const ratios = own.map(({ rate }, at) => rate / (least[at]?.rate ?? NaN));
        const ratio: Figure = { name: '÷ bare', unit: '×', values: ratios, ...(!one.isComposed && { atLeast }) };
        rows.push({
          name: `${names[0]}: ${one.name}, ${(bytes / 1000).toFixed(0)} kB`,
          figures: [
            ...loadFigures(own, { atLeast: one.atLeast, tail: one.paths.length > 1 ? undefined : tail }),
            ratio,
          ],
        });
        rows.push({ name: names[1], figures: loadFigures(least) });
      }
      return rows;
    } finally {
      await bare.stop();
    }
  } finally {
    await server.stop();
  }
}

/** The same requests to a bare server. */
interface BareAsked {
  readonly paths: readonly string[];
  /** Of a body, on average. */
  readonly bytes: number;
}

/** Keeps what a server answers as files whose names begin with `start`, each path's body once. */
async function keepBodies(server: Server, { paths, headers }: Asked, start: string): Promise<BareAsked> {
  const different = [...new Set(paths)];
  const sizes: number[] = [];
  for (const [i, path] of different.entries()) {
    const body = await bodyOf(`${server.url}${path}`, headers);
    writeFileSync(`${start}-${i}`, body);
    sizes.push(body.length);
  }
  const positions = paths.map((path) => different.indexOf(path));
  const bytes = positions.reduce((sum, at) => sum + (sizes[at] ?? 0), 0) / paths.length;
  return { paths: positions.map((at) => `/${basename(start)}-${at}`), bytes };
}

/** Each request without gzip, and with gzip if `encodings` says so. */
function asked(site: string, encodings: readonly boolean[]): Asked[] {
  const names = readdirSync(join(site, 'package')).toSorted();
  const name = names.includes('nginx') ? 'nginx' : (names[0] ?? '');
  const version =
    readdirSync(join(site, 'package', name))
      .toSorted()
      .at(-1) ?? '';
  const list: [title: string, path: string, atLeast: number, isComposed?: boolean][] = [
    ['/search?kibana.version=8.5.0', '/search?kibana.version=8.5.0', 20 * REGISTRY.search],
    ['/search?all=true&prerelease=true', '/search?all=true&prerelease=true', REGISTRY.all, true],
    ['a package index', `/package/${name}/${version}/`, REGISTRY.index],
    ['a zip', `/epr/${zipOfSize(join(site, 'epr'), 1.4e6)}`, 15 * REGISTRY.zip],
  ];
  const session: Asked = {
    name: 'a session of Fleet',
    paths: sessionOfFleet(site),
    headers: FLEET_HEADERS,
    isComposed: false,
    atLeast: undefined,
  };
  const single = list.flatMap(([title, path, atLeast, isComposed = false]) =>
    encodings
      .filter((isEncoded) => !isEncoded || title !== 'a zip')
      .map((isEncoded) => ({
        name: isEncoded ? `${title}, gzip` : title,
        paths: [path],
        headers: isEncoded ? { 'accept-encoding': 'gzip' } : {},
        isComposed,
        atLeast: isEncoded ? undefined : atLeast,
      })),
  );
  return [session, ...single];
}

/** The answers per second of a registry server, by kind of request. */
const REGISTRY = { search: 342, all: 22, index: 2690, zip: 37 };

function zipOfSize(folder: string, size: number): string {
  const zips = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.zip'))
    .toSorted()
    .map((path) => ({ path, distance: Math.abs(statSync(join(folder, path)).size - size) }));
  return zips.toSorted((a, b) => a.distance - b.distance)[0]?.path ?? '';
}

/** The body as it is sent, compressed or not. */
async function bodyOf(url: string, headers: Readonly<Record<string, string>>): Promise<Buffer> {
  return await new Promise((done, fail) => {
    const request = http.get(url, { headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', fail);
      response.once('end', () => {
        if (response.statusCode === 200) done(Buffer.concat(chunks));
        else fail(new Error(`${url} is answered with ${response.statusCode}`));
      });
    });
    request.once('error', fail);
  });
}
