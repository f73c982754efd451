import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blobId } from '../../src/storage/object-id.ts';
import type { BuildReport } from '../../src/commands/build/run.ts';
import { listing, run, siteFaults, temporaryFolder } from '../support/cli.ts';
import { createRepository, packageFiles, under, writeFiles } from '../support/repository.ts';
import type { Files } from '../support/repository.ts';

/* A distribution that is a part of another one. */

const CONFIG = `registry: 1.40.1
storage: ../storage.git
layers: { main: {} }
distributions:
  all: { layers: [main] }
  field:
    from: all
    for: [{ kibana: 8.5.0, prerelease: false }]
    keep: { installed: installed.json }
`;

/** A package of one version, which may need another Kibana, or be deprecated. */
function version(name: string, number: string, { kibana = '^8.0.0', deprecated = '' } = {}): Files {
  const [[path, manifest]] = Object.entries(packageFiles(name, number)) as [[string, string]];
  const lines = deprecated === '' ? '' : `deprecated: {since: ${number}, description: ${deprecated}}\n`;
  const own = {
    [path]: manifest.replace('^8.0.0', kibana) + lines,
    [`${name}/${number}/docs/a.txt`]: `of ${name} ${number}`,
  };
  return { ...packageFiles(name, number), ...own };
}

const NAMES = Array.from({ length: 20 }, (_, i) => `pkg_${String(i).padStart(2, '0')}`);
const BASE: Files = Object.assign(
  {},
  ...NAMES.flatMap((name) => [version(name, '1.0.0'), version(name, '1.1.0')]),
  version('pkg_03', '2.0.0', { kibana: '^9.0.0', deprecated: 'Old.' }),
);

function project(config = CONFIG) {
  const folder = temporaryFolder();
  const repository = createRepository(join(folder, 'storage.git'));
  const installed = JSON.stringify([{ name: 'pkg_05', version: '1.0.0' }]);
  writeFiles(folder, { 'content/distributions.yml': config, 'content/installed.json': installed });
  const build = async (...args: string[]): Promise<BuildReport> =>
    JSON.parse((await run(['build', '--dist', 'field', '--json', ...args], { cwd: folder })).stdout) as BuildReport;
  return {
    folder,
    site: join(folder, 'dist/field'),
    /** Gives the folder of the repository. */
    commit: (files: Files): string => {
      repository.commit('main', repository.treeOf(under('packages', files)));
      return join(folder, 'storage.git');
    },
    build,
    index: (name: string, number: string) =>
      JSON.parse(readFileSync(join(folder, 'dist/field/_registry/package', name, `${number}.json`), 'utf8')) as object,
  };
}

describe('a site that is a part of another one', () => {
  test('holds what its Kibanas find and what is installed, and shows the deprecation of what it leaves out', async () => {
    const one = project();
    one.commit(BASE);
    const report = await one.build();
    expect(report).toMatchObject({ packages: 20, revisions: 21, findings: [], site: { how: 'written' } });
    expect(report.subset).toMatchObject({ from: 'all', of: 41, for: [{ kibana: '8.5.0', prerelease: false }] });
    expect(siteFaults(one.site)).toEqual([]);
    const files = listing(one.site).join('\n');
    expect(files).not.toMatch(/pkg_03\/2\.0\.0|pkg_03-2\.0\.0|pkg_04\/1\.0\.0|pkg_04-1\.0\.0/);
    expect(files).toMatch(/pkg_05\/1\.0\.0\/docs\/a\.txt/);
    expect(one.index('pkg_03', '1.1.0')).toMatchObject({ deprecated: { since: '2.0.0', description: 'Old.' } });
    const release = JSON.parse(readFileSync(join(one.site, '_registry/release.json'), 'utf8')) as object;
    expect(release).toMatchObject({
      distribution: 'field',
      subsets: [
        {
          distribution: 'field',
          from: 'all',
          for: [{ kibana: '8.5.0', prerelease: false }],
          keep: { previous: 0, installed: 1, requires: false },
        },
      ],
    });
    expect((await run(['verify', one.site], { cwd: one.folder })).status).toBe(0);
    expect((await run(['build', '--dist', 'field', '--verify'], { cwd: one.folder })).status).toBe(0);
  });

  const kibana = '^9.0.0';
  const changes: readonly [name: string, added: Files, how: string][] = [
    ['nothing', {}, 'unchanged'],
    ['something new that it leaves out', version('pkg_04', '0.9.0'), 'unchanged'],
    ['something new that its Kibanas find', version('pkg_04', '1.2.0'), 'extended'],
    [
      'another deprecation of what it leaves out',
      version('pkg_03', '2.0.0', { kibana, deprecated: 'New.' }),
      'extended',
    ],
    [
      'a first deprecation of what it leaves out',
      version('pkg_08', '2.0.0', { kibana, deprecated: 'New.' }),
      'extended',
    ],
    ['a deprecation that is taken back', version('pkg_03', '2.0.0', { kibana }), 'extended'],
    ['a version that its Kibanas no longer accept', version('pkg_07', '1.1.0', { kibana }), 'extended'],
  ];

  test('is after each change what a build without a cache makes', async () => {
    const one = project();
    one.commit(BASE);
    await one.build();
    const files: Record<string, string | Buffer> = { ...BASE };
    for (const [name, added, how] of changes) {
      Object.assign(files, added);
      one.commit(files);
      const { site } = await one.build();
      const cold = await one.build('--no-cache', '--out', 'cold');
      expect([name, site?.how, site?.manifest]).toEqual([name, how, cold.site?.manifest]);
      expect(siteFaults(one.site)).toEqual([]);
      expect(listing(one.site)).toEqual(listing(join(one.folder, 'cold/field')));
    }
  });

  test('is made anew where its choice is another one, and shares the cache with the whole', async () => {
    const one = project();
    one.commit(BASE);
    expect((await run(['build', '--all', '--json'], { cwd: one.folder })).status).toBe(0);
    const config = CONFIG.replace('8.5.0, prerelease: false', '9.0.0');
    writeFiles(one.folder, { 'content/distributions.yml': config });
    expect(await one.build()).toMatchObject({ revisions: 2, site: { how: 'written' } });
    writeFiles(one.folder, { 'content/installed.json': '[{ "name": "pkg_05", "version": "9.9.9" }]' });
    const { findings, revisions } = await one.build();
    expect({ findings, revisions }).toMatchObject({
      revisions: 1,
      findings: [{ code: 'installed', text: "lists pkg_05 9.9.9, which all doesn't have", level: 'warning' }],
    });
  });

  test('says what it promises, and what it does not', async () => {
    const one = project();
    one.commit(BASE);
    const { stdout } = await run(['build', '--dist', 'field'], { cwd: one.folder });
    expect(stdout).toContain('  stays        21 revisions of 20 packages\n');
    expect(stdout).toContain('  a part of    all, out of 41 revisions: what Kibana 8.5.0 can get\n');
    expect(stdout).toContain('  not promised all=true, which');
  });

  test('is refused where something of the whole is unfit, or lacks it with --skip-unfit', async () => {
    const one = project();
    one.commit({ ...BASE, 'pkg_04/0.1.0/manifest.yml': '[', 'pkg_04/0.1.0/docs/README.md': '' });
    const refused = await one.build();
    expect(refused.site).toBeUndefined();
    expect(refused.findings).toMatchObject([{ code: 'unfit', where: expect.stringContaining('pkg_04/0.1.0') }]);
    expect(await one.build('--skip-unfit')).toMatchObject({ revisions: 21, skipped: ['pkg_04@0.1.0'] });
  });
});

/** A storage that lacks a file of some revisions, which their manifests don't tell. */
const lacking = (...texts: readonly string[]) => {
  const one = project(CONFIG.replace('installed: installed.json', 'previous: 0'));
  const repository = one.commit(BASE);
  for (const text of texts) {
    const id = blobId(Buffer.from(text));
    rmSync(join(repository, 'objects', id.slice(0, 2), id.slice(2)));
  }
  return one;
};

describe('what is unfit only by its contents', () => {
  test.each([
    ['what is found', ['of pkg_04 1.1.0'], ['pkg_04@1.1.0'], 20],
    ['all versions of a package', ['of pkg_04 1.1.0', 'of pkg_04 1.0.0'], ['pkg_04@1.0.0', 'pkg_04@1.1.0'], 19],
    ['what only shows by its deprecation', ['of pkg_03 2.0.0'], ['pkg_03@2.0.0'], 20],
  ])('leaves the same bytes as the whole site with --skip-unfit: %s', async (_, texts, skipped, revisions) => {
    const one = lacking(...texts);
    const whole = await run(['build', '--dist', 'all', '--skip-unfit', '--json'], { cwd: one.folder });
    expect(whole.status).toBe(0);
    for (const args of [[], ['--no-cache']]) {
      const made = await one.build('--skip-unfit', ...args);
      expect({ skipped: made.skipped.toSorted(), revisions: made.revisions }).toEqual({ skipped, revisions });
      expect(siteFaults(one.site)).toEqual([]);
      const ofWhole = new Set(listing(join(one.folder, 'dist/all')));
      const answers = listing(one.site).filter((line) =>
        /^"(?:package|epr|_registry\/(?:package|files\/[^"]*))\//.test(line),
      );
      expect(answers.length).toBeGreaterThan(revisions * 4);
      expect(answers.filter((line) => !ofWhole.has(line))).toEqual([]);
    }
  });

  test('refuses the subset without it, and leaves the site that is there', async () => {
    const one = lacking('of pkg_04 1.1.0');
    const { site, findings } = await one.build();
    expect({ site, findings }).toMatchObject({
      site: undefined,
      findings: [{ where: expect.stringContaining('pkg_04') }],
    });
  });
});

test('explain says which rule keeps or drops each version, and list what is left out', async () => {
  const one = project();
  one.commit(BASE);
  const explained = await run(['explain', 'pkg_03', '--dist', 'field', '--json'], { cwd: one.folder });
  const { packages } = JSON.parse(explained.stdout) as { packages: { revisions: object[] }[] };
  const asked = '/search?kibana.version=8.5.0';
  expect(packages[0]?.revisions).toMatchObject([
    {
      version: '2.0.0',
      found: false,
      rule: 'left-out',
      text: 'field leaves it out: Kibana 8.5.0: it needs Kibana ^9.0.0, the client is 8.5.0',
      subset: { kept: false, rule: 'left-out' },
    },
    {
      version: '1.1.0',
      found: true,
      rule: 'found',
      subset: { kept: true, rule: 'found', text: `Kibana 8.5.0 finds it: ${asked}` },
    },
    {
      version: '1.0.0',
      rule: 'left-out',
      text: 'field leaves it out: Kibana 8.5.0: it passes, but 1.1.0 is newer, and only the newest stays',
    },
  ]);
  const shown = await run(['explain', 'pkg_05', '--dist', 'field'], { cwd: one.folder });
  expect(shown.stdout).toMatch(/out {3}1\.0\.0 .* it stays: it is installed, as .*installed\.json says \[installed\]/);

  const listed = await run(['list', 'pkg_03', '--dist', 'field', '--left-out'], { cwd: one.folder });
  expect(listed.stdout).toMatch(/PACKAGE +VERSION +SIZE[^]*pkg_03 +1\.0\.0 [^]*pkg_03 +2\.0\.0 /);
  expect(listed.stdout).toMatch(/Left out of all by field: 2 revisions, \d+ B\nWhat stays: 1 revision, \d+ B\n/);
  const json = await run(['list', '--dist', 'field', '--left-out', '--json'], { cwd: one.folder });
  const report = JSON.parse(json.stdout) as { revisions: object[] };
  expect(report).toMatchObject({ subset: { from: 'all', stays: { revisions: 21 }, leftOut: { revisions: 20 } } });
  expect(report.revisions).toHaveLength(20);
  const plain = await run(['list', '--dist', 'field', '--json'], { cwd: one.folder });
  expect((JSON.parse(plain.stdout) as typeof report).revisions).toHaveLength(21);
  const whole = await run(['list', '--dist', 'all', '--left-out'], { cwd: one.folder });
  expect(whole).toMatchObject({ status: 2, stderr: expect.stringContaining('all leaves nothing out') });
  const compared = await run(['diff', 'all', 'field', '--json'], { cwd: one.folder });
  expect(JSON.parse(compared.stdout)).toMatchObject({ removed: { length: 20 } });
});

test('a locked subset is the same again, and another choice is told', async () => {
  const one = project();
  one.commit(BASE);
  const { site } = await one.build('--lock');
  one.commit({ ...BASE, ...version('pkg_04', '1.2.0') });
  const again = await one.build('--locked', '--out', 'again');
  expect(again.site?.manifest).toBe(site?.manifest);
  expect(again.findings).toMatchObject([{ code: 'moved' }]);
  writeFiles(one.folder, { 'content/distributions.yml': CONFIG.replace('8.5.0', '8.6.0') });
  const { stderr, status } = await run(['build', '--dist', 'field', '--locked'], { cwd: one.folder });
  expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining('from, for or keep') });
});
