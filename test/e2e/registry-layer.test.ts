import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BuildReport } from '../../src/commands/build/run.ts';
import { askAll, recordedSets } from '../support/contract.ts';
import { serve } from '../support/implementations.ts';
import { listing, run, startServer, temporaryFolder } from '../support/cli.ts';
import type { Run } from '../support/cli.ts';
import { createRepository, packageFiles, under } from '../support/repository.ts';
import { USER } from '../support/workflow.ts';

/* A chain: a site is built and served, a second site has that registry as a layer, and is the same. */

const here = (path: string): string => new URL(`../${path}`, import.meta.url).pathname;
const folder = temporaryFolder();
let upstream: Awaited<ReturnType<typeof startServer>>;

async function build(
  config: object,
  ...args: readonly string[]
): Promise<BuildReport & { readonly status: number | null }> {
  const file = join(folder, `${args[args.indexOf('--out') + 1]}.yml`);
  writeFileSync(file, JSON.stringify(config));
  const { status, stdout, stderr } = await run(['build', '--config', file, '--json', ...args], { cwd: folder });
  if (stdout === '') throw new Error(stderr);
  return { ...(JSON.parse(stdout) as BuildReport), status };
}

const ofRegistry = (): object => ({
  registry: '1.40.1',
  layers: { elastic: { registry: upstream.url } },
  distributions: { cases: { layers: ['elastic'], pages: false } },
});

const cli = async (...args: readonly string[]): Promise<Run> => await run(args, { cwd: folder, env: USER });
const mirrorOf = ({ layers }: BuildReport) => layers.find(({ mirror }) => mirror)?.mirror;
const readText = (path: string): string => readFileSync(join(folder, path), 'utf8');

/** The files of a site, but for the one that says what it was built from. */
const filesOf = (site: string): string[] =>
  listing(join(folder, site)).filter((line) => !line.includes('release.json'));

beforeAll(async () => {
  const layers = ['zips', 'first', 'second'];
  const config = {
    registry: '1.40.1',
    storage: here('cases'),
    layers: Object.fromEntries(layers.map((layer) => [layer, { packages: '.' }])),
    distributions: { cases: { layers, pages: false } },
  };
  expect(await build(config, '--dist', 'cases', '--out', 'one')).toMatchObject({ status: 0, revisions: 97 });
  upstream = await startServer(['--dir', 'one/cases'], { cwd: folder });
});
afterAll(() => upstream.stop());

describe('a site whose layer is the registry of another site', () => {
  test('is the same, and is found unchanged by one request', async () => {
    const made = await build(ofRegistry(), '--dist', 'cases', '--out', 'two', '--cache', 'cache');
    expect(made.findings.filter(({ level }) => level === 'error')).toEqual([]);
    expect(mirrorOf(made)).toMatchObject({ registry: upstream.url, listed: 97, held: 97, gone: [], refused: [] });
    expect(mirrorOf(made)?.new).toHaveLength(97);
    expect(filesOf('two/cases')).toEqual(filesOf('one/cases'));

    const again = await build(ofRegistry(), '--dist', 'cases', '--out', 'two', '--cache', 'cache');
    expect(again.site?.how).toBe('unchanged');
    expect(mirrorOf(again)).toMatchObject({ new: [], requests: 1 });
    const { layers } = JSON.parse(readText('two/cases/_registry/release.json')) as { layers: object[] };
    expect(layers).toEqual([{ name: 'elastic', ref: upstream.url, commit: again.layers[0]?.commit }]);
  });

  test('answers the recorded requests', async () => {
    const running = await serve.start(join(folder, 'two/cases'));
    try {
      const sets = recordedSets(here('recorded/cases'));
      for (const [name, rows] of sets) expect(await askAll(running, rows), name).toEqual([]);
    } finally {
      await running.stop();
    }
  });

  test('is built from the cache, and by its lock file', async () => {
    const args = ['--dist', 'cases', '--cache', 'cache'];
    const offline = await build(ofRegistry(), ...args, '--out', 'offline', '--offline', '--lock');
    expect(mirrorOf(offline)).toMatchObject({ new: [], requests: 0 });
    expect(filesOf('offline/cases')).toEqual(filesOf('one/cases'));
    const lock = JSON.parse(readText('distributions.lock.json')) as { version: number; distributions: object };
    expect(lock).toMatchObject({ version: 2, distributions: { cases: { layers: [{ kind: 'registry' }] } } });
    await build(ofRegistry(), '--dist', 'cases', '--cache', 'other', '--out', 'locked', '--locked');
    expect(filesOf('locked/cases')).toEqual(filesOf('one/cases'));
    const moved = await cli(
      'build',
      '--config',
      'locked.yml',
      '--dist',
      'cases',
      '--locked',
      '--offline',
      '--out',
      'x',
      '--cache',
      'none',
    );
    expect([moved.status, moved.stderr]).toEqual([2, expect.stringContaining('offline')]);
  });

  test('refuses a zip that is not the one that the lock file has', async () => {
    const lock = readText('distributions.lock.json');
    const [digest = ''] = /[0-9a-f]{64}/.exec(lock) ?? [];
    writeFileSync(join(folder, 'distributions.lock.json'), lock.replace(digest, digest.replaceAll(/[0-9a-f]/g, 'a')));
    const made = await build(ofRegistry(), '--dist', 'cases', '--cache', 'other', '--out', 'other', '--locked');
    const errors = made.findings.filter(({ level }) => level === 'error');
    expect([made.status, made.site, errors.map(({ text }) => text)]).toEqual([
      1,
      undefined,
      [expect.stringMatching(/^gives another zip than the lock file has: its SHA-256 is/)],
    ]);
    writeFileSync(join(folder, 'distributions.lock.json'), lock);
  });
});

/** A git layer above some packages of the registry. */
const mixed = (): object => ({
  registry: '1.40.1',
  storage: 'own.git',
  layers: {
    own: {},
    elastic: {
      registry: upstream.url,
      take: [{ package: 'acme_web', versions: '>=0.9.0 <3' }, { type: 'content' }],
    },
  },
  distributions: {
    mixed: { layers: ['own', 'elastic'] },
    own: { layers: ['own'] },
    cases: { layers: ['elastic'] },
  },
});

async function taking(...take: readonly object[]): Promise<BuildReport> {
  const config = { ...ofRegistry(), layers: { elastic: { registry: upstream.url, take } } };
  return await build(config, '--dist', 'cases', '--out', 'idle', '--cache', 'cache', '--offline');
}

test('a line that takes nothing is told, and changes no site', async () => {
  await taking({ type: 'content' });
  const made = await taking({ package: 'acme_wep' }, { type: 'content' }, { kibana: '1.0.0', package: 'acme_web' });
  expect(made.site?.how).toBe('unchanged');
  const told = made.findings.filter(({ code }) => code === 'takes-nothing');
  expect(told.map(({ where, text }) => [where, text])).toEqual([
    ['layers.elastic.take.0', 'matches nothing that the registry lists (did you mean "acme_web"?)'],
    ['layers.elastic.take.2', 'matches nothing that the registry lists'],
  ]);
});

describe('layers of all kinds', () => {
  const repository = createRepository(join(folder, 'own.git'));
  const packages = { ...packageFiles('acme_web', '2.0.0'), ...packageFiles('own', '1.0.0') };
  const commit = repository.commit('own', repository.treeOf(under('packages', packages)));
  test('lie above each other, the first wins, and the registry is asked once for all distributions', async () => {
    const file = join(folder, 'mixed.yml');
    writeFileSync(file, JSON.stringify(mixed()));
    const made = await cli('build', '--config', file, '--all', '--out', 'mixed', '--cache', 'mixed-cache', '--json');
    const { distributions, failed } = JSON.parse(made.stdout) as { distributions: BuildReport[]; failed: unknown };
    expect([made.status, failed]).toEqual([0, []]);
    const [merged, own, cases] = distributions;
    expect(merged?.layers.map(({ name, ref }) => [name, ref])).toEqual([
      ['own', 'own'],
      ['elastic', upstream.url],
    ]);
    expect(merged?.layers[0]?.commit).toBe(commit);
    expect(merged?.shadowed).toEqual([{ id: 'acme_web@2.0.0', layer: 'elastic', by: 'own', sameContent: false }]);
    expect(merged?.findings).toContainEqual(expect.objectContaining({ code: 'collision', level: 'warning' }));
    expect(own?.revisions).toBe(2);
    expect(cases?.layers[0]?.mirror).toEqual(merged?.layers[1]?.mirror);
    const found = await fetch(`${upstream.url}/search?type=content`);
    const content = ((await found.json()) as { name: string; version: string }[]).map(
      (one) => `${one.name}@${one.version}`,
    );
    const listed = await cli(
      'list',
      '--config',
      file,
      '--dist',
      'cases',
      '--offline',
      '--cache',
      'mixed-cache',
      '--json',
    );
    const { revisions } = JSON.parse(listed.stdout) as { revisions: { name: string; version: string }[] };
    const ids = revisions.map(({ name, version }) => `${name}@${version}`);
    expect(ids.filter((id) => !id.startsWith('acme_web@'))).toEqual(content);
    expect(ids).toEqual(expect.arrayContaining(['acme_web@0.9.0', 'acme_web@2.0.0']));
  });

  test.each([
    ['explain', 'acme_web', '--dist', 'mixed'],
    ['diff', 'own', 'mixed'],
    ['list', '--dist', 'mixed'],
    ['check'],
  ])('are known to %s', async (verb, ...args) => {
    const offline = verb === 'check' ? [] : ['--offline'];
    const { status, stderr } = await cli(verb, ...args, '--config', 'mixed.yml', '--cache', 'mixed-cache', ...offline);
    expect([verb, stderr, (status ?? 2) < 2]).toEqual([verb, '', true]);
  });

  test.each([
    ['explain', 'acme_web', '--dist', 'mixed'],
    ['diff', 'own', 'mixed'],
    ['list', '--dist', 'mixed'],
  ])('%s says from where it fetches', async (verb, ...args) => {
    const { stderr } = await cli(verb, ...args, '--config', 'mixed.yml', '--cache', 'mixed-cache');
    expect(stderr).toBe(`Fetching ${upstream.url}\n`);
  });

  test.each([
    ['add', 'x.zip', '--layer', 'elastic'],
    ['remove', 'acme_web', '2.0.0', '--layer', 'elastic'],
    ['promote', 'acme_web', '2.0.0', '--from', 'elastic', '--to', 'own'],
    ['promote', 'acme_web', '2.0.0', '--from', 'own', '--to', 'elastic'],
    ['tag', '8.0.0', '--layer', 'elastic'],
    ['check', '--layer', 'elastic'],
    ['diff', '--layer', 'elastic', 'a', 'b'],
  ])('a registry is not changed by %s', async (...args) => {
    const { status, stderr } = await cli(...args, '--config', 'mixed.yml', '--cache', 'mixed-cache');
    expect([args, status, stderr]).toEqual([
      args,
      2,
      expect.stringContaining(`the layer elastic is the registry ${upstream.url}`),
    ]);
  });

  test('get packages of a registry with add --from', async () => {
    const args = ['add', 'acme_signed', 'acme_web@0.9.0', '--from', upstream.url, '--layer', 'own', '--apply'];
    const { status, stdout, stderr } = await cli(...args, '--config', 'mixed.yml', '--cache', 'mixed-cache', '--json');
    expect([status, stderr]).toEqual([0, `Fetching ${upstream.url}\n`]);
    const offline = await cli(...args, '--config', 'mixed.yml', '--cache', 'mixed-cache', '--offline', '--dry-run');
    expect([offline.status, offline.stderr]).toEqual([0, '']);
    const { packages: added } = JSON.parse(stdout) as {
      packages: { where: string; source: string; signed: boolean }[];
    };
    expect(added.map(({ where, source, signed }) => [where, source, signed])).toEqual([
      ['packages/acme_signed-1.0.0.zip', `${upstream.url}/epr/acme_signed/acme_signed-1.0.0.zip`, true],
      ['packages/acme_web-0.9.0.zip', `${upstream.url}/epr/acme_web/acme_web-0.9.0.zip`, false],
    ]);
    const files = repository.git('ls-tree', '-r', '--name-only', 'own').split('\n');
    expect(files).toEqual(
      expect.arrayContaining(['packages/acme_signed-1.0.0.zip', 'packages/acme_signed-1.0.0.zip.sig']),
    );
  });

  test.each([
    [['acme_wep'], 'the registry for own has no package acme_wep', 'did you mean "acme_web"?'],
    [['acme_web@9.9.9'], 'the registry for own has no package acme_web@9.9.9', 'it has: '],
    [['../x'], '"../x" is no package of a registry', 'PACKAGE@VERSION'],
  ])('get none that the registry has not: %s', async (names, message, hint) => {
    const args = ['add', ...names, '--from', upstream.url, '--layer', 'own', '--config', 'mixed.yml'];
    const { status, stderr } = await cli(...args, '--cache', 'mixed-cache');
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr).toContain(hint);
  });
});
