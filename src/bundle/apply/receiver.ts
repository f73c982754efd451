import { parseArgs } from 'node:util';
import { Stop } from '../../errors.ts';
import { describeSystemError, isSystemError } from '../../system-errors.ts';
import { apply } from './apply.ts';
import type { ApplyProgress } from './apply.ts';
import { appliedLines } from './outcome.ts';
import { inMegabytes } from './places.ts';

/*
 * `apply.mjs`, the program in every bundle that unpacks it: `epr-static apply` in one file, for whoever has Node and nothing else.
 */

const HELP = `Usage: node apply.mjs FILE... --to FOLDER

Makes a folder the site that a bundle of epr-static holds. FILE is a bundle, or a part of one, in any order; or several bundles of which each
was made for the site before. All bytes are checked before anything changes. What is new is written beside the folder, and takes
effect by one rename. After a kill, run the same command again. Other files in the folder are named, and go.

Options:
  --to FOLDER  the folder of the site; those of hosts lie beside it
  --json       print the report as JSON
  --help       print this

Examples:
  node apply.mjs production.tar --to /srv/registry/production

Exit status:
  0  the folder is the site
  2  nothing was changed; the message says why
`;

const LABELS = { check: 'Checking bundles', held: 'Reading the folder', write: 'Writing files' } as const;
const isTerminal = process.stderr.isTTY;
const say = (text: string): void => void process.stderr.write(text);
let told = performance.now();

const progress: ApplyProgress = {
  step: (stage, done, total) => {
    if (performance.now() - told < (isTerminal ? 200 : 5000)) return;
    told = performance.now();
    const line = `${LABELS[stage]}: ${inMegabytes(done)} of ${inMegabytes(total)}`;
    say(isTerminal ? `\r\x1b[K${line}` : `${line}\n`);
  },
  note: (line) => say(`${line}\n`),
};

for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const)
  process.on(signal, () => process.exit(128 + number));
process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { to: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) return print(HELP);
    if (positionals.length === 0 || values.to === undefined)
      throw new Stop('usage', 'give at least one bundle, and --to FOLDER', 'node apply.mjs --help tells more');
    const report = await apply({ files: positionals, to: values.to }, progress);
    if (isTerminal) say('\r\x1b[K');
    const warnings = report.findings.map(({ where, text }) => `  warning ${JSON.stringify(where)}: ${text}`);
    return print(
      values.json ? `${JSON.stringify(report, null, 2)}\n` : `${[...appliedLines(report), ...warnings].join('\n')}\n`,
    );
  } catch (error) {
    const [text, hint] = failureOf(error);
    say(`${isTerminal ? '\r\x1b[K' : ''}error ${text}\n${hint === undefined ? '' : `  ${hint}\n`}`);
    return 2;
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function failureOf(error: unknown): [text: string, hint: string | undefined] {
  if (error instanceof Stop) return [`${error.message} [${error.code}]`, error.hint];
  if (isSystemError(error)) {
    const { text, hint } = describeSystemError(error);
    return [`${text} [${error.code}]`, hint];
  }
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  if (isUsage) return [`${error.message} [usage]`, 'node apply.mjs --help tells more'];
  return [error instanceof Error ? (error.stack ?? error.message) : String(error), undefined];
}
