import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtCold } from './bench-builds.ts';
import type { Bench } from './bench-builds.ts';
import type { Composed } from './bench-compose.ts';
import { measure } from './bench-measure.ts';
import type { Row } from './bench-measure.ts';

/** The CPU time of composed answers. Each run has a separate Node process. */
export async function compose(bench: Bench): Promise<Row[]> {
  const { out } = await builtCold(bench, 0);
  const script = fileURLToPath(new URL('bench-compose.js', import.meta.url));
  const runs: Composed[] = [];
  for (let run = 0; run < bench.runs; run++)
    runs.push(JSON.parse((await measure([script, join(out, 'snapshot')])).stdout) as Composed);
  const figure = (name: string, of: (one: Composed) => number): Row => ({
    name,
    figures: [{ name: 'CPU', unit: 'ms', values: runs.map(of) }],
  });
  const queries = Object.keys(runs[0]?.queries ?? {});
  return [
    figure('index loaded, cold start', (one) => one.index),
    figure('first query, cold start', (one) => one.first),
    figure('median query', (one) => one.median),
    ...queries.map((query) => figure(`\`${query}\``, (one) => one.queries[query] ?? NaN)),
  ];
}
