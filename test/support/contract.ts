import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { build } from '../../src/commands/build/run.ts';
import type { BuildReport } from '../../src/commands/build/run.ts';
import { silentProgress } from '../../src/report.ts';
import { differences, withListings } from './compare.ts';
import type { RecordedRow } from './compare.ts';
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

/** Builds a site of a storage into a temporary folder. */
export async function buildSite(
  storage: string,
  distribution: { readonly name: string; readonly layers: readonly string[]; readonly packages?: string },
  { skipUnfit = false }: { readonly skipUnfit?: boolean } = {},
): Promise<{ folder: string; report: BuildReport; remove(): void }> {
  const root = mkdtempSync(join(tmpdir(), 'epr-static-'));
  const { name, layers, packages = 'packages' } = distribution;
  const config = {
    registry: '1.40.1',
    storage,
    layers: Object.fromEntries(layers.map((layer) => [layer, { packages }])),
    distributions: { [name]: { layers } },
  };
  writeFileSync(join(root, 'distributions.yml'), JSON.stringify(config));
  const out = join(root, 'dist');
  const options = { dist: name, config: join(root, 'distributions.yml'), out, cache: join(root, 'cache') };
  const report = await build({ ...options, refs: {}, skipUnfit, offline: false }, silentProgress);
  return { folder: join(out, name), report, remove: () => rmSync(root, { recursive: true, force: true }) };
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
