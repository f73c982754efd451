import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtCold, emptyFiles, oneRevision } from './bench-builds.ts';
import type { Bench } from './bench-builds.ts';
import { measure, processFigures } from './bench-measure.ts';
import type { Figure, Measured, Row } from './bench-measure.ts';

const cli = join(fileURLToPath(new URL('../../', import.meta.url)), 'lib/cli.js');

/** What publishing `snapshot` to a folder takes: at first, with nothing new, and with one new revision. A bucket gets the same requests. */
export async function publish(bench: Bench): Promise<Row[]> {
  const built = await builtCold(bench, bench.runs); // one that no other scenario changes
  const site = join(built.out, 'snapshot');
  const rows = [await published(bench, site, 'first', 9000)];
  rows.push(await published(bench, site, 'unchanged', 0));
  await oneRevision(bench, built, bench.runs);
  rows.push(await published(bench, site, 'one revision', 20));
  emptyFiles(built.cache);
  emptyFiles(join(bench.folder, 'store'));
  return rows;
}

async function published(bench: Bench, site: string, name: string, putsAtMost: number): Promise<Row> {
  const to = join(bench.folder, 'store');
  const run = await measure([cli, 'publish', '--dir', site, '--to', to, '--json']);
  return { name: `publish, ${name}`, figures: [...processFigures([run]), ...requests(run, putsAtMost)] };
}

/** What is read of the report of `publish`. */
interface Report {
  readonly traffic: Readonly<Record<'gets' | 'puts' | 'lists' | 'sent', number>>;
}

function requests({ stdout }: Measured, putsAtMost: number): Figure[] {
  const { traffic } = JSON.parse(stdout) as Report;
  return [
    { name: 'PUT', unit: 'requests', values: [traffic.puts], atMost: putsAtMost },
    { name: 'GET and LIST', unit: 'requests', values: [traffic.gets + traffic.lists], atMost: 3 },
    { name: 'sent', unit: 'MB', values: [traffic.sent / 1e6] },
  ];
}
