import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { build } from '../../src/commands/build/run.ts';
import type { BuildReport } from '../../src/commands/build/run.ts';
import { silentProgress } from '../../src/report.ts';
import { differences, withListings } from './compare.ts';
import type { RecordedRow, Response } from './compare.ts';
import type { Running } from './implementations.ts';

/** A recorded folder's sets: name -> rows. */
export function recordedSets(folder: string): Map<string, RecordedRow[]> {
  const names = readdirSync(folder).filter((file) => file.endsWith('.ndjson.gz'));
  const sets = new Map(
    names.map((file) => {
      const lines = gunzipSync(readFileSync(join(folder, file)))
        .toString('utf8')
        .trimEnd()
        .split('\n');
      return [file.replace('.ndjson.gz', ''), lines.map((line) => JSON.parse(line) as RecordedRow)];
    }),
  );
  const zips = sets.get('zips') ?? [];
  return new Map([...sets].map(([name, rows]) => [name, withListings(rows, zips)]));
}

/** Asks every request of a set; the differences, each with its request. */
export async function askAll(running: Running, rows: readonly RecordedRow[]): Promise<string[]> {
  const found: string[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let row = rows[next++]; row; row = rows[next++]) {
      const method = row.m ?? 'GET';
      const different = differences(row, await running.ask(method, row.t, row.q ?? {}));
      if (different.length > 0)
        found.push(`${method} ${row.t} ${JSON.stringify(row.q ?? {})}: ${different.join('; ')}`);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return found;
}

/**
 * A request over `test/cases` that no recording holds, and what docs/contract.md says of it: the answer to another target, sent
 * plainly, or a status. `{etag}` in a header stands for the tag that the target has.
 */
export type UnrecordedRow = {
  readonly what: 'raw bytes' | 'absolute form' | 'long head' | 'condition' | 'coding' | 'page';
  readonly m?: string;
  readonly t: string;
  readonly q?: Readonly<Record<string, string>>;
} & ({ readonly like: string } | { readonly s: number });

const SEARCH = '/search?package=acme_web';
const CATEGORIES = '/categories?kibana.version=8.0.0';
const PACKAGE = '/package/acme_web/0.9.0/';
const FILE = '/package/acme_web/0.9.0/manifest.yml';
const ZIP = '/epr/acme_signed/acme_signed-1.0.0.zip';
const SIGNATURE = `${ZIP}.sig`;
const FILES = [FILE, ZIP, SIGNATURE];
const LONG = 'x'.repeat(12 * 1024);
const PAST = 'Thu, 01 Jan 1970 00:00:00 GMT';
const FAILING: Record<string, string>[] = [
  { 'If-Match': '"nothing"' },
  { 'If-Match': 'W/{etag}' },
  { 'If-Unmodified-Since': PAST },
];
const HOLDING: Record<string, string>[] = [
  { 'If-Match': '*' },
  { 'If-Match': '"nothing", {etag}', 'If-Unmodified-Since': PAST },
  { 'If-Unmodified-Since': 'Fri, 01 Jan 2100 00:00:00 GMT' },
  { 'If-Unmodified-Since': 'no date' },
];

const PAGES = [
  '/_browse/',
  '/_browse/index.html',
  '/_browse/acme_web/',
  '/_browse/acme_web/readme.html',
  '/_browse/browse.css',
  '/_browse/browse.js',
  '/_browse/columns.json',
  '/_browse/about.html',
];

export const UNRECORDED: readonly UnrecordedRow[] = [
  { what: 'raw bytes', t: '/search?package=é', like: '/search?package=%C3%A9' },
  { what: 'raw bytes', t: '/search?prerelease=é', like: '/search?prerelease=%C3%A9' },
  {
    what: 'raw bytes',
    t: '/package/acme_files/1.0.0/img/日本.svg',
    like: '/package/acme_files/1.0.0/img/%E6%97%A5%E6%9C%AC.svg',
  },
  ...[SEARCH, CATEGORIES, PACKAGE, FILE, ZIP, '/', '/search/', '/none'].map(
    (t) => ({ what: 'absolute form', t: `http://other.example:81${t}`, like: t }) as const,
  ),
  { what: 'absolute form', t: 'http://other.example', like: '/' },
  ...[SEARCH, PACKAGE, FILE, ZIP].map((t) => ({ what: 'long head', t, q: { 'X-Long': LONG }, like: t }) as const),
  { what: 'long head', t: `${SEARCH}&x=${LONG}`, like: SEARCH },
  ...FILES.flatMap((t) => FAILING.map((q) => ({ what: 'condition', t, q, s: 412 }) as const)),
  ...FILES.flatMap((t) => HOLDING.map((q) => ({ what: 'condition', t, q, like: t }) as const)),
  ...FILES.flatMap(
    (t) =>
      [
        { what: 'condition', m: 'HEAD', t, q: { 'If-Match': '"nothing"' }, s: 412 },
        { what: 'condition', t, q: { 'If-Match': '"nothing"', 'If-None-Match': '{etag}' }, s: 412 },
        { what: 'condition', t, q: { 'If-Match': '{etag}', 'If-None-Match': '{etag}' }, s: 304 },
        { what: 'condition', t, q: { 'If-Match': '{etag}', Range: 'bytes=0-1' }, s: 206 },
      ] as const,
  ),
  ...[SEARCH, CATEGORIES, PACKAGE].flatMap((t) =>
    FAILING.concat(HOLDING).map((q) => ({ what: 'condition', t, q, like: t }) as const),
  ),
  ...[ZIP, SIGNATURE].map(
    (t) => ({ what: 'coding', t, q: { 'Accept-Encoding': 'gzip, deflate, br' }, like: t }) as const,
  ),
  ...PAGES.map((t) => ({ what: 'page', t, s: 200 }) as const),
  ...['/_browse', '/_browse/acme_web'].map((t) => ({ what: 'page', t, s: 301 }) as const),
  ...['/_browse/none', '/_browse/none/'].map((t) => ({ what: 'page', t, s: 404 }) as const),
  { what: 'page', m: 'HEAD', t: '/_browse/', s: 200 },
  { what: 'page', t: '/_browse/', q: { 'If-None-Match': '{etag}' }, s: 304 },
];

/** Asks unrecorded requests; what is different, each with its request. */
export async function askUnrecorded(running: Running, rows: readonly UnrecordedRow[]): Promise<string[]> {
  const found: string[] = [];
  for (const row of rows) {
    const { m: method = 'GET', t, q = {} } = row;
    const tag = Object.values(q).some((value) => value.includes('{etag}'))
      ? String((await running.ask('GET', t, {})).headers['etag'])
      : '';
    const headers = Object.fromEntries(Object.entries(q).map(([name, value]) => [name, value.replace('{etag}', tag)]));
    const got = await running.ask(method, t, headers);
    const [is, expected] =
      'like' in row
        ? [comparable(got), comparable(await running.ask(method, row.like, {}))]
        : [String(got.status), String(row.s)];
    if (is !== expected)
      found.push(`${method} ${t.slice(0, 100)} ${JSON.stringify(q).slice(0, 100)}: got ${is}, expected ${expected}`);
    if (row.what === 'page' && got.status === 200 && !isGuarded(got))
      found.push(`${method} ${t}: has not the headers of a page`);
    if (got.status === 412 && got.body.length > 0) found.push(`${method} ${t}: a 412 has no body`);
  }
  return found;
}

/** Whether nothing of a package can run in an answer, whatever is in it. */
function isGuarded({ headers }: Response): boolean {
  const policy = String(headers['content-security-policy']);
  return (
    policy.startsWith("default-src 'none'; ") &&
    !policy.includes('unsafe') &&
    headers['x-content-type-options'] === 'nosniff'
  );
}

function comparable({ status, headers, body }: Response): string {
  const { date: _, connection: __, 'keep-alive': ___, ...own } = headers;
  return JSON.stringify([status, Object.entries(own).sort(), body.toString('latin1')]).slice(0, 2000);
}

/** A subset as a distributions file has it, but for the distribution that it is from. */
export interface WrittenPart {
  readonly for: readonly object[];
  readonly keep?: object;
}

export interface BuiltSite {
  readonly folder: string;
  readonly report: BuildReport;
  /** Builds a part of it with the same cache. */
  part(name: string, written: WrittenPart, from?: WrittenPart): Promise<{ folder: string; report: BuildReport }>;
  remove(): void;
}

/** Builds a site of a storage into a temporary folder, with pages for people: they change no answer. */
export async function buildSite(
  storage: string,
  distribution: {
    readonly name: string;
    readonly layers: readonly string[];
    readonly packages?: string;
    readonly pages?: boolean;
  },
  { skipUnfit = false }: { readonly skipUnfit?: boolean } = {},
): Promise<BuiltSite> {
  const root = mkdtempSync(join(tmpdir(), 'epr-static-'));
  const { name, layers, packages = 'packages', pages = true } = distribution;
  const config = {
    registry: '1.40.1',
    storage,
    layers: Object.fromEntries(layers.map((layer) => [layer, { packages }])),
    distributions: { [name]: { layers, pages: String(pages) } },
  };
  const file = join(root, 'distributions.yml');
  const out = join(root, 'dist');
  const make = async (dist: string, parts: object): Promise<{ folder: string; report: BuildReport }> => {
    writeFileSync(file, JSON.stringify({ ...config, distributions: { ...config.distributions, ...parts } }));
    const options = { dist, config: file, out, cache: join(root, 'cache'), refs: {}, skipUnfit, offline: false };
    return { folder: join(out, dist), report: await build(options, silentProgress) };
  };
  return {
    ...(await make(name, {})),
    part: (part, written, between) =>
      make(part, {
        ...(between && { between: { from: name, ...between } }),
        [part]: { from: between ? 'between' : name, ...written },
      }),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** A folder or file beside the project that a user's clone lacks; undefined, said loudly, where it is missing. */
export function sharedPath(path: string, whatIsSkipped: string): string | undefined {
  const full = new URL(`../../../shared/${path}`, import.meta.url).pathname;
  if (existsSync(full)) return full;
  process.stderr.write(
    `\nSKIPPED: ${whatIsSkipped}: ../shared/${path} is missing, as in every clone but the maintainers'.\n\n`,
  );
  return undefined;
}
