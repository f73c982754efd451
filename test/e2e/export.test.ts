import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ExportReport } from '../../src/commands/export/run.ts';
import type { PurgeList } from '../../src/publish/purge/purge-list.ts';
import { run, temporaryFolder } from '../support/cli.ts';
import { coreInMemory, fetchOverFolder, fetchOverStore, serve } from '../support/implementations.ts';
import type { Response } from '../support/compare.ts';
import type { Running } from '../support/implementations.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';

/* A registry over our site: its storage indexer reads the cursor, then the index, and asks the site for zips and files. */

const implementations = [coreInMemory, serve, fetchOverFolder, fetchOverStore];

const home = temporaryFolder();
const to = join(home, 'index');

async function build(settings: string, ...more: Parameters<typeof packageFiles>[]): Promise<string> {
  const packages = [
    packageFiles('acme', '1.0.0', { 'img/a logo.svg': '<svg/>' }),
    ...more.map((one) => packageFiles(...one)),
  ];
  writeFiles(home, {
    'content/distributions.yml': distributions('../storage', ['main'], settings),
    ...under('storage/main/packages', ...packages),
  });
  const built = await run(['build', '--dist', 'all'], { cwd: home });
  expect(built, built.stderr).toMatchObject({ status: 0 });
  return join(home, 'dist/all');
}

async function exportTo(place: string): Promise<ExportReport> {
  const ended = await run(['export', '--format', 'epr-index', '--dist', 'all', '--to', place, '--json'], { cwd: home });
  expect(ended, ended.stderr).toMatchObject({ status: 0 });
  return JSON.parse(ended.stdout) as ExportReport;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly assets?: readonly string[];
}

/** What the indexer reads. */
function indexed(place: string): { cursor: string; packages: readonly Manifest[] } {
  const read = (path: string): unknown => JSON.parse(readFileSync(join(place, 'v2/metadata', path), 'utf8'));
  const { current: cursor } = read('cursor.json') as { current: string };
  const { packages } = read(`${cursor}/search-index-all.json`) as { packages: { package_manifest: Manifest }[] };
  return { cursor, packages: packages.map((one) => one.package_manifest) };
}

/** A package in the storage of a registry -> where our site has the same. */
function pathsOf({ name, version, assets = [] }: Manifest): [stored: string, own: string][] {
  const id = `${name}-${version}`;
  const files = [`/package/${name}/${version}/manifest.yml`, ...assets];
  return [
    [`/artifacts/packages/${id}.zip`, `/epr/${name}/${id}.zip`],
    [`/artifacts/packages/${id}.zip.sig`, `/epr/${name}/${id}.zip.sig`],
    ...files.map((path): [string, string] => {
      const own = path.split('/').map(encodeURIComponent).join('/');
      return [own.replace(`/package/${name}/${version}/`, `/artifacts/static/${id}/`), own];
    }),
  ];
}

/** An answer but for the time at which it was given. */
async function answerOf(running: Running, path: string): Promise<Response> {
  const { headers, ...answer } = await running.ask('GET', path, {});
  const { date: _, ...others } = headers;
  return { ...answer, headers: others };
}

describe('a site with artifacts', () => {
  let site: string;
  let first: ExportReport;
  beforeAll(async () => {
    site = await build('artifacts: true, pages: true');
    first = await exportTo(to);
  });

  test.each(implementations)('$name answers what an indexer asks', async ({ start }) => {
    const { cursor, packages } = indexed(to);
    expect([cursor, packages.map(({ name, version }) => `${name}@${version}`)]).toEqual([first.cursor, ['acme@1.0.0']]);
    const running = await start(site);
    const ask = async (path: string): Promise<Response> => await answerOf(running, path);
    for (const one of packages) {
      const index = await ask(`/package/${one.name}/${one.version}/`);
      expect(JSON.parse(index.body.toString('utf8'))).toEqual(one);
      for (const [stored, own] of pathsOf(one)) expect([stored, await ask(stored)]).toEqual([stored, await ask(own)]);
    }
    expect((await ask('/artifacts/packages/acme-1.0.0.zip')).status).toBe(200);
    const others = [
      '/artifacts',
      '/artifacts/',
      '/artifacts/packages/acme-1.0.0.zip/',
      '/artifacts/static/acme-1.0.0',
      '/artifacts/other/acme-1.0.0.zip',
    ];
    for (const path of others) expect([path, await ask(path)]).toEqual([path, await ask('/none')]);
    await running.stop();
  });

  test('the cursor moves with the site, and names of later lists are greater', async () => {
    expect(await exportTo(to)).toMatchObject({ outcome: 'unchanged', cursor: first.cursor });
    await build('artifacts: true, pages: true', ['more', '2.0.0']);
    const second = await exportTo(to);
    expect(second).toMatchObject({ outcome: 'exported', before: first.cursor, packages: 2, findings: [] });
    expect(second.cursor > first.cursor).toBe(true);
    expect(indexed(to).packages.map(({ name }) => name)).toEqual(['acme', 'more']);
    expect(readFileSync(join(to, 'v2/metadata', first.cursor, 'search-index-all.json'), 'utf8')).toContain('acme');
  });

  test('caches forget what lies there, too', async () => {
    const store = join(home, 'store');
    const list = join(home, 'purge.json');
    const publish = async (): Promise<void> => {
      const ended = await run(['publish', '--dist', 'all', '--to', store, '--purge-list', list], { cwd: home });
      expect(ended, ended.stderr).toMatchObject({ status: 0 });
    };
    await publish();
    rmSync(join(home, 'storage/main/packages/more'), { recursive: true });
    writeFiles(home, under('storage/main/packages', packageFiles('acme', '1.0.0', { 'img/a logo.svg': '<svg />' })));
    await run(['build', '--dist', 'all'], { cwd: home });
    await publish();
    expect((JSON.parse(readFileSync(list, 'utf8')) as PurgeList).paths).toMatchObject({
      pages: ['/_browse/*'],
      indexes: ['/package/more/2.0.0/'],
      files: [
        '/package/acme/1.0.0/img/a%20logo.svg',
        '/artifacts/static/acme-1.0.0/img/a%20logo.svg',
        '/package/more/2.0.0/*',
        '/artifacts/static/more-2.0.0/*',
      ],
      zips: ['acme/acme-1.0.0', 'more/more-2.0.0'].flatMap((zip) => {
        const id = zip.slice(5);
        return [`/epr/${zip}.zip`, `/epr/package/${id}.zip`, `/artifacts/packages/${id}.zip`];
      }),
    });
    await build('artifacts: false');
    await publish();
    expect((JSON.parse(readFileSync(list, 'utf8')) as PurgeList).paths.everything).toEqual(['/*']);
    await build('artifacts: true, pages: true', ['more', '2.0.0']);
  });

  test('a cursor of another program is refused', async () => {
    const other = join(home, 'other');
    mkdirSync(join(other, 'v2/metadata'), { recursive: true });
    writeFileSync(join(other, 'v2/metadata/cursor.json'), '{"current":"20261127"}');
    const ended = await run(['export', '--format', 'epr-index', '--dist', 'all', '--to', other], { cwd: home });
    expect(ended).toMatchObject({ status: 2, stderr: expect.stringContaining('[store-damaged]') as string });
  });
});

test('without the setting, a site has no artifacts, and an export warns', async () => {
  const site = await build('collisions: report');
  expect((await exportTo(join(home, 'plain'))).findings).toMatchObject([{ code: 'no-artifacts', level: 'warning' }]);
  for (const { start } of implementations) {
    const running = await start(site);
    const none = await answerOf(running, '/none');
    expect(await answerOf(running, '/artifacts/packages/acme-1.0.0.zip')).toEqual(none);
    expect(await answerOf(running, '/artifacts/static/acme-1.0.0/manifest.yml')).toEqual(none);
    await running.stop();
  }
});
