import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BuildReport } from '../../src/commands/build/run.ts';
import { listing, run, temporaryFolder } from '../support/cli.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';
import type { Files } from '../support/repository.ts';

/* Folders whose version differs from that of the manifest in build metadata alone. */

let cwd: string;

beforeEach(() => {
  cwd = temporaryFolder();
});

/** A package in a folder that is called otherwise. */
function inFolder(folder: string, version: string, more: Files = {}): Files {
  const files = packageFiles('acme', version, more);
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path.replace(`/${version}/`, `/${folder}/`), text]),
  );
}

function hold(layers: Readonly<Record<string, Files>>, more = ''): void {
  writeFiles(cwd, { 'content/distributions.yml': distributions('storage', Object.keys(layers), more) });
  rmSync(join(cwd, 'content/storage'), { recursive: true, force: true });
  for (const [layer, files] of Object.entries(layers))
    writeFiles(join(cwd, 'content/storage', layer), { 'packages/.keep': '', ...under('packages', files) });
}

async function build(...more: string[]): Promise<BuildReport> {
  const { stdout } = await run(['build', '--dist', 'all', '--json', ...more], { cwd });
  return JSON.parse(stdout) as BuildReport;
}

function linesOf(site: string): string[] {
  return listing(site).filter((line) => !line.includes('release.json'));
}

/** Whether the served acme is the one of the upper layer. */
function isUpper(): boolean {
  return readFileSync(join(cwd, 'dist/all/_registry/files/acme/1.0.0+b.json'), 'utf8').includes('more.md');
}

/** The site is what a build of the rightly called folders makes. */
async function expectSite(files: Files): Promise<void> {
  cpSync(join(cwd, 'dist/all'), join(cwd, 'made'), { recursive: true });
  rmSync(join(cwd, 'dist'), { recursive: true });
  hold({ one: files });
  expect((await build('--no-cache')).site).toBeDefined();
  expect(linesOf(join(cwd, 'made'))).toEqual(linesOf(join(cwd, 'dist/all')));
  rmSync(join(cwd, 'made'), { recursive: true });
}

const MORE = { 'docs/more.md': 'more' };

describe('a site serves the version of the manifest', () => {
  test.each([
    ['1.0.0', '1.0.0+b'],
    ['1.0.0+a', '1.0.0+b'],
    ['1.0.0+b', '1.0.0'],
    ['1.0.0-rc1', '1.0.0-rc1+b'],
  ])('in the folder %s it is %s', async (folder, version) => {
    hold({ one: inFolder(folder, version) });
    const text = `has version ${version}, which is served, and the folder is called ${folder}`;
    for (const how of ['written', 'unchanged'])
      expect(await build()).toMatchObject({
        site: { how },
        findings: [
          { code: 'folder-version', where: `one: packages/acme/${folder}/manifest.yml`, text, level: 'warning' },
        ],
      });
    await expectSite(packageFiles('acme', version));
  });

  test('versions are in their order', async () => {
    hold({ one: { ...inFolder('1.0.0', '1.0.0+z'), ...packageFiles('acme', '1.0.0+b') } });
    expect((await build()).site).toBeDefined();
    await expectSite({ ...packageFiles('acme', '1.0.0+z'), ...packageFiles('acme', '1.0.0+b') });
  });
});

describe('two that are one version', () => {
  test('the highest layer wins, whichever comes and goes', async () => {
    const many: Files = Object.assign({}, ...Array.from({ length: 30 }, (_, i) => packageFiles(`pkg_${i}`, '1.0.0')));
    const [upper, lower] = [packageFiles('acme', '1.0.0+b', MORE), inFolder('1.0.0', '1.0.0+b')];
    for (const [isThere, how] of [
      [false, 'written'],
      [true, 'extended'],
      [false, 'extended'],
    ] as const) {
      hold({ top: isThere ? upper : {}, low: { ...many, ...lower } });
      const report = await build();
      expect(report.site?.how).toBe(how);
      expect(report.findings.map(({ code, level }) => `${code} ${level}`)).toEqual([
        isThere ? 'collision warning' : 'folder-version warning',
      ]);
      expect(isUpper()).toBe(isThere);
      expect(await run(['verify', 'dist/all'], { cwd })).toMatchObject({ status: 0 });
    }
  });

  test('a collision is refused where the distribution says so, and two in one layer always', async () => {
    const [right, wrong] = [packageFiles('acme', '1.0.0+b', MORE), inFolder('1.0.0', '1.0.0+b')];
    hold({ top: right, low: wrong }, 'collisions: refuse');
    expect(await build()).not.toHaveProperty('site');
    hold({ one: { ...right, ...wrong } });
    const { findings, site } = await build();
    expect(findings).toContainEqual(expect.objectContaining({ code: 'twice', level: 'error' }));
    expect(site).toBeUndefined();
  });
});

test('a difference in anything else is unfit', async () => {
  hold({ one: inFolder('1.0.0', '1.0.1+b') });
  expect((await build()).findings).toMatchObject([{ code: 'unfit', level: 'error' }]);
});
