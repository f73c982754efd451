import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import type { build as Build, BuildOptions, BuildReport } from '../../src/commands/build/run.ts';
import { listing, program, siteFaults, temporaryFolder } from '../support/cli.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';

/*
 * Whatever happens to the files of the cache, a build makes the site that one without a cache makes, and the next one leaves it
 * unchanged. The builds run in this process, since there are many.
 */

const root = temporaryFolder();
const project = join(root, 'project');
const start = join(root, 'start');
const NAMES = Array.from({ length: 12 }, (_, i) => `pkg_${i}`);
const NEWCOMER = under('storage/main/packages', packageFiles('pkg_3', '1.1.0', { 'docs/more.md': 'more' }));

let build: (more?: Partial<BuildOptions>) => Promise<BuildReport>;
let cold: string[];
const kinds = new Map<string, string[]>();

beforeAll(async () => {
  const lib = pathToFileURL(join(dirname(program), 'commands/build/run.js')).href;
  const { build: run } = (await import(lib)) as { build: typeof Build };
  const progress = { step: () => undefined, note: () => undefined, end: () => undefined };
  build = (more = {}) => run({ ...optionsOf(), target: 'nginx', ...more }, progress);
  writeFiles(project, {
    'distributions.yml': distributions('storage', ['main']),
    ...under(
      'storage/main/packages',
      ...NAMES.map((name) => packageFiles(name, '1.0.0', { 'docs/big.md': name.repeat(999) })),
    ),
  });
  await build();
  cpSync(project, start, { recursive: true, preserveTimestamps: true });
  for (const file of filesIn(join(project, '.cache')))
    kinds.set(kindOf(file), [...(kinds.get(kindOf(file)) ?? []), file]);
  writeFiles(project, NEWCOMER);
  await build({ noCache: true, out: join(root, 'cold'), target: undefined });
  cold = plain(join(root, 'cold/all'));
});

function optionsOf(): BuildOptions {
  return {
    dist: 'all',
    config: join(project, 'distributions.yml'),
    out: join(project, 'dist'),
    cache: join(project, '.cache'),
    refs: {},
    skipUnfit: false,
    offline: false,
  };
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
}

/** `contents/packs/…ndjson`: a file without what differs from build to build. */
function kindOf(file: string): string {
  return `${dirname(file).replace(/\/[0-9a-f]{2}$/, '')}/…${/\.\w+$/.exec(file)?.[0] ?? ''}`;
}

/** The files of a site without compressed forms. */
function plain(site: string): string[] {
  return listing(site).filter((line) => !/\.(br|gz)" |^"_registry\/(encoded|release)/.test(line));
}

const DAMAGES: Readonly<Record<string, (file: string) => void>> = {
  'cut short': (file) => truncateSync(file, readFileSync(file).length >> 1),
  altered: (file) => {
    const bytes = readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    writeFileSync(file, bytes);
  },
  removed: (file) => rmSync(file),
  'now a folder': (file) => {
    rmSync(file);
    mkdirSync(file);
    writeFileSync(join(file, 'file'), '');
  },
  'now a link': (file) => {
    rmSync(file);
    symlinkSync('../../../start/distributions.yml', file);
  },
};

test('there are files of each kind', () => {
  expect([...kinds.keys()].sort()).toEqual([
    'archives/….ndjson',
    'archives/….zip',
    'contents/packs/….ndjson',
    'contents/packs/….pack',
    'contents/raw/…',
    'encoded/….ndjson',
    'entries/….json',
    'extents/….json',
    'state/….glances',
    'state/….json',
    'state/….ndjson',
    'stats/…',
  ]);
});

test.each(Object.entries(DAMAGES))('a file of the cache that is %s', async (_, damage) => {
  for (const [kind, files] of kinds) {
    for (const folder of ['dist', '.cache', 'storage']) rmSync(join(project, folder), { recursive: true, force: true });
    cpSync(start, project, { recursive: true, preserveTimestamps: true });
    for (const file of files) damage(join(project, '.cache', file));
    writeFiles(project, NEWCOMER);
    const report = await build().catch((error: unknown) => error);
    expect({ kind, report }).toMatchObject({ kind, report: { site: {} } });
    expect({ kind, faults: siteFaults(join(project, 'dist/all')) }).toEqual({ kind, faults: [] });
    expect({ kind, site: plain(join(project, 'dist/all')) }).toEqual({ kind, site: cold });
    expect({ kind, how: (await build()).site?.how }).toEqual({ kind, how: 'unchanged' });
  }
});
