import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { listing, run, shippedContent, siteFaults, temporaryFolder } from '../support/cli.ts';
import type { Run } from '../support/cli.ts';
import { createRepository, distributions, packageFiles, under, writeFiles } from '../support/repository.ts';
import type { Files } from '../support/repository.ts';
import { makeSigner } from '../support/signatures.ts';

/* `epr-static build` as users run it: its words, its exit status, and what is in the folder afterwards. */

interface Report {
  readonly layers: readonly { readonly name: string; readonly revisions: number; readonly commit?: string }[];
  readonly packages: number;
  readonly revisions: number;
  readonly shadowed: readonly { readonly id: string; readonly sameContent: boolean }[];
  readonly skipped: readonly string[];
  readonly findings: readonly { readonly code: string; readonly where: string; readonly level: string }[];
  readonly site?: { readonly manifest: string; readonly folder: string };
}

/** A project of one layer `one`, or of the layers given, with a distribution `all`. */
function project(layers: Readonly<Record<string, Files>>, more = ''): string {
  const folder = temporaryFolder();
  writeFiles(join(folder, 'content'), { 'distributions.yml': distributions('storage', Object.keys(layers), more) });
  for (const [layer, files] of Object.entries(layers))
    writeFiles(join(folder, 'content/storage', layer), under('packages', files));
  return folder;
}

const buildAll = async (cwd: string, ...args: string[]): Promise<Run> =>
  await run(['build', '--dist', 'all', ...args], { cwd });

const reportOf = ({ stdout }: Run): Report => JSON.parse(stdout) as Report;

/** What lies in a folder but for what can be made again. */
const withoutCache = (folder: string): string[] => listing(folder).filter((line) => !line.startsWith('".cache/'));

const site = (folder: string): string => join(folder, 'dist/all');

describe('the sample storage', () => {
  const cwd = temporaryFolder();
  cpSync(shippedContent, join(cwd, 'content'), { recursive: true });

  test.each([
    ['production', 13, 7],
    ['staging', 17, 8],
    ['snapshot', 21, 9],
  ])('%s builds in seconds', async (name, revisions, packages) => {
    const began = performance.now();
    const built = await run(['build', '--dist', name], { cwd });
    expect(performance.now() - began).toBeLessThan(5000);
    expect(built).toMatchObject({ status: 0 });
    const counts = `${revisions} revisions of ${packages} packages`;
    expect(built.stdout).toContain(`merged       ${counts}`);
    expect(built.stdout).toContain(`built ${join(cwd, 'dist', name)}`);
    expect(built.stdout).toMatch(new RegExp(`\\nNext: node .*lib/cli\\.js serve --dir ${join(cwd, 'dist', name)}\\n`));
    expect(built.stderr).toBe(''); // short work shows no progress
    expect(siteFaults(join(cwd, 'dist', name))).toEqual([]);
  });

  test('the report names layers, what was shadowed, times and sizes, without colours', async () => {
    const built = await run(['build', '--dist', 'snapshot'], {
      cwd,
      env: { FORCE_COLOR: '1', TERM: 'xterm-256color' },
    });
    expect(built.stdout).toMatch(/^snapshot from .*storage\n/);
    expect(built.stdout).toMatch(/ production {3}13 revisions of 7 packages/);
    expect(built.stdout).toContain('shadowed     spool_reader@1.1.0 of snapshot, by staging (same content)');
    expect(built.stdout).toMatch(/\d+ files, [\d.]+ MB/);
    expect(built.stdout).toMatch(/layers [\d.]+ s, .* [\d.]+ s; manifest [0-9a-f]{16}/);
    expect(built.stdout + built.stderr).not.toMatch(/[\u001b\r]/);
  });

  test('--json gives the report as data and nothing else', async () => {
    const built = await run(['build', '--dist', 'snapshot', '--json'], { cwd });
    expect(built).toMatchObject({ status: 0, stderr: '' });
    const report = reportOf(built);
    expect(report).toMatchObject({ packages: 9, revisions: 21, findings: [], skipped: [] });
    expect(report.shadowed).toMatchObject([{ id: 'spool_reader@1.1.0', sameContent: true }]);
    const release = readFileSync(join(cwd, 'dist/snapshot/_registry/release.json'), 'utf8');
    expect(JSON.parse(release)).toMatchObject({ distribution: 'snapshot', manifest: report.site?.manifest });
  });
});

describe('the command line', () => {
  const cwd = temporaryFolder();
  writeFiles(cwd, { 'content/distributions.yml': distributions('storage', ['one']) });

  test.each([[['--help']], [['build', '--help']], [['serve', '--help']], [['help', 'build']]])('%s', async (args) => {
    const help = await run(args, { cwd });
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toContain('Usage: epr-static');
    expect(help.stdout).toContain('Examples:');
  });

  test.each([
    [['biuld'], /unknown command 'biuld'[^]*Did you mean build/],
    [['build', '--dits', 'all'], /unknown option '--dits'[^]*Did you mean --dist[^]*--help/],
    [['build'], /no distribution was named[^]*--dist with one of: all/],
    [['build', '--dist', 'al'], /no distribution "al"[^]*one of: all \(did you mean "all"\?\)/],
    [['build', '--dist', 'constructor'], /no distribution "constructor"/],
    [['build', '--dist', '../all'], /no distribution "\.\.\/all"/],
    [['build', '--dist', 'all', '--ref', 'one'], /LAYER=REF/],
    [['build', '--dist', 'all', '--ref', 'two=x'], /no layer "two"[^]*its layers are: one/],
    [['build', '--dist', 'all'], /storage .*content\/storage does not exist[^]*--storage/],
    [['build', '--dist', 'all', '--config', 'no.yml'], /no\.yml is not there[^]*--config/],
    [['build', '--dist', 'all', '--storage', 'content/distributions.yml'], /is a file but no git bundle/],
    [['serve', '--dist', 'all', '--port', 'http'], /A port is a number/],
  ])('%s could not run', async (args, message) => {
    const failed = await run(args, { cwd });
    expect(failed).toMatchObject({ status: 2, stdout: '' });
    expect(failed.stderr).toMatch(message);
    expect(failed.stderr).not.toMatch(/bug|\n {4}at /);
  });

  test('a layer that the folder storage lacks could not run', async () => {
    const folder = project({ one: packageFiles('acme', '1.0.0') });
    writeFiles(folder, { 'content/distributions.yml': distributions('storage', ['one', 'two']) });
    const failed = await buildAll(folder);
    expect(failed).toMatchObject({ status: 2, stderr: expect.stringMatching(/two.*\[no-layer\][^]*it has: one$/m) });
  });

  test('a folder that is no site is never replaced', async () => {
    const folder = project({ all: packageFiles('acme', '1.0.0') });
    writeFiles(folder, { 'mine/all/letter': 'kept' });
    const failed = await buildAll(folder, '--out', 'mine');
    expect(failed).toMatchObject({ status: 2, stderr: expect.stringContaining('is not a site') });
    expect(existsSync(join(folder, 'mine/all/letter'))).toBe(true);
  });
});

describe('findings', () => {
  const unfit = {
    ...packageFiles('acme', '1.0.0'),
    ...packageFiles('anvil', '1.0.0', { 'manifest.yml': 'name: anvil\n' }),
    ...packageFiles('balloon', '1.0.0', { 'docs/README.md': '', 'a-b/c': '' }),
    ...packageFiles('catapult', '1.0.0', { 'manifest.yml': 'name: [' }),
  };

  test('all are listed together, the exit status is 1, the site stays as it was', async () => {
    const folder = project({ one: packageFiles('acme', '1.0.0') });
    expect(await buildAll(folder)).toMatchObject({ status: 0 });
    const before = listing(folder);
    writeFiles(join(folder, 'content/storage/one/packages'), unfit);
    const failed = await buildAll(folder);
    expect(failed.status).toBe(1);
    expect(failed.stdout).toContain('one: packages/anvil/1.0.0/manifest.yml: format_version');
    expect(failed.stdout).toContain('one: packages/balloon/1.0.0/a-b');
    expect(failed.stdout).toContain('one: packages/catapult/1.0.0/manifest.yml');
    expect(failed.stdout).toContain('nothing was written, all stays as it was');
    expect(failed.stdout).toContain('--skip-unfit');
    expect(listing(join(folder, 'dist'))).toEqual(
      before.flatMap((line) => (line.startsWith('"dist/') ? [line.replace('dist/', '')] : [])),
    );
    const asData = await buildAll(folder, '--json');
    expect(asData.status).toBe(1);
    expect(reportOf(asData).site).toBeUndefined();
    expect(new Set(reportOf(asData).findings.map(({ level }) => level))).toEqual(new Set(['error']));
  });

  test('the first build leaves no folder behind where it fails', async () => {
    const folder = project({ one: unfit });
    const before = readdirSync(folder);
    expect(await buildAll(folder)).toMatchObject({ status: 1 });
    expect(await buildAll(folder, '--out', 'sites/own')).toMatchObject({ status: 1 });
    expect(readdirSync(folder).filter((name) => name !== '.cache')).toEqual(before);
  });

  test('--skip-unfit leaves them out and says so', async () => {
    const folder = project({ one: unfit });
    const built = await buildAll(folder, '--skip-unfit');
    expect(built.status).toBe(0);
    expect(built.stdout).toContain('left out: anvil@1.0.0, balloon@1.0.0, catapult@1.0.0');
    expect(built.stdout).toContain('warning one: packages/anvil/1.0.0/manifest.yml');
    expect(readdirSync(join(site(folder), 'package'))).toEqual(['acme']);
    expect(siteFaults(site(folder))).toEqual([]);
  });

  test('a warning fails nothing', async () => {
    const manifest = String(packageFiles('acme', '1.0.0')['acme/1.0.0/manifest.yml']).replace('custom', 'nowhere');
    const built = await buildAll(project({ one: packageFiles('acme', '1.0.0', { 'manifest.yml': manifest }) }));
    expect(built).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/warning .*category "nowhere".*\[category\]/),
    });
  });

  test('a symbolic link is refused, in a package and in place of one', async () => {
    const folder = project({ one: packageFiles('acme', '1.0.0') });
    const packages = join(folder, 'content/storage/one/packages');
    symlinkSync('/etc/passwd', join(packages, 'acme/1.0.0/passwd'));
    symlinkSync('1.0.0', join(packages, 'acme/2.0.0'));
    const failed = await buildAll(folder);
    expect(failed.status).toBe(1);
    expect(failed.stdout).toMatch(/acme\/1\.0\.0\/passwd: is a symbolic link/);
    expect(failed.stdout).toMatch(/acme\/2\.0\.0: is a symbolic link/);
  });

  test('collisions are reported or refused; the same content is none', async () => {
    const layers = {
      high: { ...packageFiles('acme', '1.0.0'), ...packageFiles('anvil', '1.0.0') },
      low: { ...packageFiles('acme', '1.0.0', { 'docs/README.md': 'other' }), ...packageFiles('anvil', '1.0.0') },
    };
    const folder = project(layers);
    const reported = await buildAll(folder);
    expect(reported.status).toBe(0);
    expect(reported.stdout).toMatch(/warning acme@1\.0\.0: low and high hold different content; high wins/);
    expect(reported.stdout).toContain('anvil@1.0.0 of low, by high (same content)');
    expect(readFileSync(join(site(folder), 'package/acme/1.0.0/docs/README.md'), 'utf8')).toBe('# acme\n');
    const refused = await buildAll(project(layers, 'collisions: refuse'), '--json');
    expect(refused.status).toBe(1);
    expect(reportOf(refused).findings).toMatchObject([{ code: 'collision', where: 'acme@1.0.0', level: 'error' }]);
  });

  test('signatures can be required', async () => {
    const files = packageFiles('acme', '1.0.0');
    const lacking = await buildAll(project({ one: files }, 'signatures: required'));
    expect(lacking).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/packages\/acme\/1\.0\.0: has no signature/),
    });
    const { sign } = await makeSigner();
    const signature = await sign(Buffer.from('any zip'));
    const folder = project({ one: { ...files, 'acme/1.0.0.sig': signature } }, 'signatures: required');
    expect(await buildAll(folder)).toMatchObject({ status: 0 });
    expect(readFileSync(join(site(folder), 'epr/acme/acme-1.0.0.zip.sig'), 'utf8')).toBe(signature);
  });

  test('a folder and a zip of one id in one layer are a finding', async () => {
    const folder = project({ one: packageFiles('acme', '1.0.0') });
    await buildAll(folder);
    cpSync(join(site(folder), 'epr/acme/acme-1.0.0.zip'), join(folder, 'content/storage/one/packages/acme-1.0.0.zip'));
    const twice = await buildAll(folder, '--json');
    expect(twice.status).toBe(1);
    expect(reportOf(twice).findings).toMatchObject([{ code: 'twice', where: 'one: packages/acme-1.0.0.zip' }]);
  });
});

describe('the same content gives the same bytes', () => {
  test('from git and from folders, in any time zone', async () => {
    const folder = project({
      one: { ...packageFiles('acme', '1.0.0', ODD_FILES), ...packageFiles('acme', '1.2.0-rc.1') },
      two: packageFiles('anvil', '1.0.0', { 'img/a.svg': '<svg/>' }),
    });
    const repository = createRepository(join(folder, 'repository.git'));
    for (const layer of ['one', 'two']) {
      const files = filesBelow(join(folder, 'content/storage', layer));
      repository.commit(layer, repository.treeOf(files));
    }
    const inFolder = await run(['build', '--dist', 'all', '--json'], { cwd: folder, env: { TZ: 'Asia/Tokyo' } });
    const args = ['build', '--dist', 'all', '--out', 'other', '--storage', 'repository.git'];
    expect(await run(args, { cwd: folder, env: { TZ: 'UTC' } })).toMatchObject({ status: 0 });
    expect(inFolder.status).toBe(0);
    const others = (name: string): string[] =>
      listing(join(folder, name, 'all')).filter((line) => !line.startsWith('"_registry/release.json"'));
    expect(others('other')).toEqual(others('dist'));
    expect(others('dist').filter((line) => line.includes('.zip"'))).toHaveLength(3);
    const release = (name: string): object =>
      JSON.parse(readFileSync(join(folder, name, 'all/_registry/release.json'), 'utf8')) as object;
    expect({ ...release('other'), layers: 0, seal: 0 }).toEqual({ ...release('dist'), layers: 0, seal: 0 });
  });

  test('two builds of one site at once do each other no harm', async () => {
    const folder = project({ one: manyPackages(8) });
    for (let round = 0; round < 3; round++) {
      const runs = await Promise.all([1, 2, 3, 4].map(() => buildAll(folder)));
      expect(runs.map(({ status, stderr }) => (status === 0 ? 'built' : stderr))).toEqual(Array(4).fill('built'));
      expect(siteFaults(site(folder))).toEqual([]);
    }
    expect(readdirSync(join(folder, 'dist'))).toEqual(['all']);
  });
});

test('processes that replace one folder over and over never find it taken', async () => {
  const folder = temporaryFolder();
  const modules = new URL('../../lib/tree/commit/', import.meta.url).href;
  const script = `
    import { writeFileSync } from 'node:fs';
    import { withLock } from '${modules}lock.js';
    import { replaceFolder } from '${modules}replace.js';
    for (let i = 0; i < 20; i++)
      await withLock('site', { onWait: () => {} }, (lock) =>
        replaceFolder({ folder: 'site', lock }, async (temporary) => writeFileSync(temporary + '/file', 'whole')));`;
  const args = ['--input-type=module', '--eval', script];
  await Promise.all([1, 2, 3, 4].map(() => promisify(execFile)(process.execPath, args, { cwd: folder })));
  expect(readdirSync(folder)).toEqual(['site']);
  expect(readdirSync(join(folder, 'site'))).toEqual(['file']);
});

describe('an interruption', () => {
  const folder = project({ one: manyPackages(60) });

  test('the storage builds', async () => {
    expect(await buildAll(folder)).toMatchObject({ status: 0 });
  });

  test('the next build clears away what was left', async () => {
    mkdirSync(join(folder, 'dist/.all.0123456789ab-7-4242.tmp/left'), { recursive: true });
    expect(await buildAll(folder)).toMatchObject({ status: 0 });
    expect(readdirSync(join(folder, 'dist'))).toEqual(['all']);
  });

  test('a build that was killed between the two moves is put back', async () => {
    const old = join(folder, 'dist/.all.0123456789ab-7-4242.old');
    renameSync(site(folder), old);
    writeFiles(join(folder, 'content/storage/one/packages'), { 'newcomer/1.0.0/manifest.yml': 'name: 1' });
    expect(await buildAll(folder)).toMatchObject({ status: 1 });
    const failed = await run(['serve', '--dist', 'all', '--host', '256.0.0.1', '--port', '0'], { cwd: folder });
    expect(failed.status).toBe(2);
    expect(siteFaults(site(folder))).toEqual([]);
    expect(readdirSync(join(folder, 'dist'))).toEqual(['all']);
  });
});

const ODD_FILES: Files = Object.fromEntries(
  [
    'with space.md',
    'a#b?c.txt',
    '100%.txt',
    '%2e%2e%2fescape',
    '[brackets]{braces}.yml',
    `quotes"and'.txt`,
    'line\nbreak.txt',
    'line\nbreak/in\na/folder.txt',
    'tab\tand\\backslash',
    'ünïcödé-日本語.md',
    '-rf',
    '--help',
    '.hidden',
    '.DS_Store',
    '...',
    '__proto__',
    '!(negated)',
    '*',
    '~',
    'emoji-🚀.txt',
  ].map((name) => [`docs/${name}`, `this is ${name}`]),
);

describe('hostile content', () => {
  test('files of any name are served under it', async () => {
    const folder = project({ one: packageFiles('acme', '1.0.0', ODD_FILES) });
    expect(await buildAll(folder)).toMatchObject({ status: 0 });
    for (const [name, content] of Object.entries(ODD_FILES))
      expect(readFileSync(join(site(folder), 'package/acme/1.0.0', name), 'utf8')).toBe(content);
    expect(siteFaults(site(folder))).toEqual([]);
  });

  test('names that no text can hold are findings', async () => {
    const folder = project({ one: packageFiles('acme', '1.0.0') });
    const base = join(folder, 'content/storage/one/packages/acme/1.0.0/');
    const bad = Buffer.concat([Buffer.from(base), Buffer.from([0xff, 0xfe])]);
    writeFileSync(bad, 'x');
    const text = expect.stringContaining('has a name that is not UTF-8');
    expect(await buildAll(folder)).toMatchObject({ status: 1, stdout: text });
    rmSync(bad);
    mkdirSync(bad);
    writeFileSync(Buffer.concat([bad, Buffer.from('/x')]), 'x');
    expect(await buildAll(folder)).toMatchObject({ status: 1, stdout: text });
  });

  test.each(['../../../evil', 'a/b', '..', '/etc/evil', '__proto__', 'ACME'])(
    'a package that calls itself %s',
    async (name) => {
      const manifest = String(packageFiles('acme', '1.0.0')['acme/1.0.0/manifest.yml']);
      const folder = project({
        one: packageFiles('acme', '1.0.0', {
          'manifest.yml': manifest.replace('name: acme', `name: ${JSON.stringify(name)}`),
        }),
      });
      const before = withoutCache(folder);
      expect(await buildAll(folder)).toMatchObject({
        status: 1,
        stdout: expect.stringContaining('acme/1.0.0/manifest.yml: name'),
      });
      expect(withoutCache(folder)).toEqual(before);
    },
  );

  test.each([
    ['leaves its folder', 'docs/xyz', '../../xy'],
    ['leaves it at once', 'acme-1.0.0/docs/xyz', '/tmp/evil-acme/xyz/'],
    ['has a backslash', 'docs/xyz', '..\\..\\xy'],
  ])('a zip of which an entry %s is a finding', async (_, from, to) => {
    const folder = project({ one: packageFiles('acme', '1.0.0', { 'docs/xyz/evil.txt': 'evil' }) });
    await buildAll(folder);
    const zip = readFileSync(join(site(folder), 'epr/acme/acme-1.0.0.zip')).toString('latin1');
    const hostile = project({ one: { 'acme-1.0.0.zip': Buffer.from(zip.replaceAll(from, to), 'latin1') } });
    const before = withoutCache(hostile);
    const failed = await buildAll(hostile);
    expect(failed).toMatchObject({ status: 1, stdout: expect.stringMatching(/error .*packages\/acme-1\.0\.0\.zip: /) });
    expect(withoutCache(hostile)).toEqual(before);
  });

  test('a zip as published is served byte for byte, with its signature', async () => {
    const names = Object.entries(ODD_FILES).filter(([name]) => !name.includes('\\')); // which zips must not have
    const folder = project({ one: packageFiles('acme', '1.0.0', Object.fromEntries(names)) });
    await buildAll(folder);
    const zip = readFileSync(join(site(folder), 'epr/acme/acme-1.0.0.zip'));
    const published = Buffer.concat([zip.subarray(0, -2), Buffer.from([2, 0]), Buffer.from('by')]); // a comment of its own
    const other = project({ one: { 'acme-1.0.0.zip': published, 'acme-1.0.0.zip.sig': 'signed' } });
    expect(await buildAll(other)).toMatchObject({ status: 0 });
    expect(readFileSync(join(site(other), 'epr/acme/acme-1.0.0.zip'))).toEqual(published);
    expect(readFileSync(join(site(other), 'epr/acme/acme-1.0.0.zip.sig'), 'utf8')).toBe('signed');
    const own = (of: string): string[] => listing(join(site(of), 'package'));
    expect(own(other)).toEqual(own(folder));
  });

  test('only the site and the cache are written', async () => {
    const folder = project({ one: packageFiles('acme', '1.0.0', ODD_FILES) });
    const before = listing(join(folder, 'content'));
    expect(await buildAll(folder)).toMatchObject({ status: 0 });
    expect(listing(join(folder, 'content'))).toEqual(before);
    expect(new Set([...readdirSync(folder), '.cache'])).toEqual(new Set(['.cache', 'content', 'dist']));
  });
});

test('the own static files win over those that are shipped; none may lie among the site', async () => {
  const folder = project({ one: packageFiles('acme', '1.0.0') });
  await buildAll(folder);
  const shipped = readFileSync(join(shippedContent, 'static/favicon.ico'));
  expect(readFileSync(join(site(folder), 'favicon.ico'))).toEqual(shipped);
  writeFiles(join(folder, 'content/static'), { 'favicon.ico': 'mine', 'deep/er.txt': 'too' });
  expect(await buildAll(folder)).toMatchObject({ status: 0 });
  expect(readFileSync(join(site(folder), 'favicon.ico'), 'utf8')).toBe('mine');
  expect(readFileSync(join(site(folder), 'deep/er.txt'), 'utf8')).toBe('too');
  expect(siteFaults(site(folder))).toEqual([]);
  writeFiles(join(folder, 'content/static'), { 'package/acme/1.0.0/manifest.yml': 'evil' });
  expect(await buildAll(folder)).toMatchObject({ status: 2, stderr: expect.stringContaining('[reserved]') });
});

/** So many packages that a build takes a while. */
function manyPackages(count: number): Files {
  const files: Record<string, string | Buffer> = {};
  for (let i = 0; i < count; i++) {
    const own = Object.fromEntries(
      Array.from({ length: 12 }, (_, k) => [`kibana/dashboard/${k}.json`, `${i} ${k} ${'lorem ipsum '.repeat(2000)}`]),
    );
    Object.assign(files, packageFiles(`bulk_${i}`, '1.0.0', own));
  }
  return files;
}

function filesBelow(folder: string): Files {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return [file.slice(folder.length + 1), readFileSync(file)];
    }),
  );
}
