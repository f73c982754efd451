import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openBench, otherWay, plain, secondDistribution, timesFour } from './bench-builds.ts';
import type { Bench } from './bench-builds.ts';
import { bundle, subset } from './bench-bundle.ts';
import { compose } from './bench-composing.ts';
import type { Row } from './bench-measure.ts';
import { describePlace, describeRows, isWithin, whereItRuns } from './bench-report.ts';
import { publish } from './bench-publish.ts';
import { serve } from './bench-serve.ts';

/*
 * The benchmark: how fast builds and answers are (docs/performance.md).
 *
 *     node lib/scripts/bench.js [--short] [--runs N] [--storage BUNDLE] [--earlier BUNDLE] [--out FILE] [SCENARIO…]
 */

/** They run in this order, because most start from the cold builds of the same run. */
const scenarios: Readonly<Record<string, (bench: Bench) => Promise<Row[]>>> = {
  plain,
  nginx: (bench) => otherWay(bench, 'nginx', 1.7),
  netlify: (bench) => otherWay(bench, 'netlify', 1.3),
  cloudflare: (bench) => otherWay(bench, 'cloudflare', 1.3),
  folder: (bench) => otherWay(bench, 'folder'),
  pages: (bench) => otherWay(bench, 'pages', 1.15),
  'second-distribution': secondDistribution,
  publish,
  bundle: (bench) => bundle(bench, resolve(values.earlier)),
  subset,
  serve: (bench) => serve(bench, { isShort: values.short }),
  compose,
  'times-four': timesFour,
};
const SHORT = ['plain', 'serve'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    runs: { type: 'string' },
    storage: { type: 'string', default: '../shared/package-storage.bundle' },
    earlier: { type: 'string', default: '../shared/production-2022-10.bundle' },
    out: { type: 'string', default: 'bench.json' },
  },
});
const runs = Number(values.runs ?? (values.short ? 1 : 3));
const unknown = positionals.filter((name) => !Object.hasOwn(scenarios, name));

if (unknown.length > 0 || !(runs >= 1)) {
  process.stderr.write(`Usage: bench [--short] [--runs N] [--storage BUNDLE] [--earlier BUNDLE] [--out FILE] [SCENARIO…]
scenarios: ${Object.keys(scenarios).join(', ')}\n`);
  process.exitCode = 2;
} else if (existsSync(values.storage)) await runAll(chosen());
else process.stderr.write(`\nSKIPPED: the benchmark: there is no ${values.storage}; --storage names another.\n\n`);

function chosen(): string[] {
  if (positionals.length > 0) return Object.keys(scenarios).filter((name) => positionals.includes(name));
  return values.short ? SHORT : Object.keys(scenarios);
}

async function runAll(names: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'epr-static-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      rmSync(folder, { recursive: true, force: true });
      process.kill(process.pid, signal);
    });
  const bench = await openBench(folder, resolve(values.storage), runs);
  const where = whereItRuns(bench.clone);
  process.stdout.write(`${describePlace(where)}\nruns: ${runs}; medians (least–most)\n`);
  const results: Record<string, Row[]> = {};
  for (const name of names) {
    const rows = (await scenarios[name]?.(bench)) ?? [];
    results[name] = rows;
    process.stdout.write(`\n${describeRows(name, rows)}\n`);
    writeFileSync(values.out, `${JSON.stringify({ where, runs, results }, null, 2)}\n`);
  }
  if (values.short && !isGoodEnough(Object.values(results).flat())) process.exitCode = 1;
}

/** Checks ratios only, and allows twice the targets: a busy machine is no reason to fail. */
function isGoodEnough(rows: readonly Row[]): boolean {
  const missed = rows.flatMap(({ name, figures }) =>
    figures.filter((one) => one.unit === '×' && !isWithin(one, 2)).map((one) => `${name} ${one.name}`),
  );
  for (const one of missed) process.stderr.write(`beyond twice the target: ${one}\n`);
  return missed.length === 0;
}
