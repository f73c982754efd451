import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { BuildReport } from '../../src/commands/build/run.ts';
import { run, shippedContent, temporaryFolder } from '../support/cli.ts';
import { createRepository, distributions, packageFiles, under, writeFiles } from '../support/repository.ts';

/* Where a build refuses to write. */

const cwd = temporaryFolder();
const project = join(cwd, 'project');

beforeAll(() => {
  cpSync(shippedContent, join(project, 'content'), { recursive: true });
  mkdirSync(join(cwd, 'elsewhere'));
  writeFileSync(join(cwd, 'elsewhere/file'), 'own');
  mkdirSync(join(project, 'links'));
  symlinkSync('../../elsewhere', join(project, 'links/staging'));
  symlinkSync('../nowhere', join(project, 'links/production'));
  mkdirSync(join(project, 'host'));
  symlinkSync('../../elsewhere', join(project, 'host/staging.nginx'));
  symlinkSync('content/storage', join(project, 'way'));
  cpSync(join(project, 'content/storage'), join(project, 'holds/staging/_registry/storage'), { recursive: true });
});

const STAGING = ['--dist', 'staging'];

describe('a build refuses by name', () => {
  test.each<[string, string[], string]>([
    ['a link in the place of the site', [...STAGING, '--out', 'links'], 'links/staging is a symbolic link'],
    ['a link that leads nowhere', ['--dist', 'production', '--out', 'links'], 'links/production is a symbolic link'],
    [
      'a link in the place of a host',
      [...STAGING, '--out', 'host', '--target', 'nginx'],
      'staging.nginx is a symbolic link',
    ],
    ['the storage', [...STAGING, '--out', 'content/storage'], 'content/storage/staging lies in the storage'],
    ['a layer', [...STAGING, '--out', 'content/storage/production/packages'], 'packages/staging lies in the storage'],
    ['a way into a layer', [...STAGING, '--out', 'way/production'], 'way/production/staging lies in the storage'],
    [
      'a site that holds the storage',
      [...STAGING, '--out', 'holds', '--storage', 'holds/staging/_registry/storage'],
      'lies in',
    ],
    ['a site that holds the cache', [...STAGING, '--cache', 'dist/staging/.cache'], 'the cache'],
  ])('%s', async (_, args, problem) => {
    const before = readdirSync(cwd, { recursive: true });
    const { status, stderr } = await run(['build', ...args], { cwd: project });
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining(problem) });
    expect(stderr).toMatch(/^error .*\n {2}.*another folder with --out\n$/);
    expect(readdirSync(cwd, { recursive: true })).toEqual(before);
  });

  test('and leaves links and what they lead to alone', () => {
    expect(readFileSync(join(cwd, 'elsewhere/file'), 'utf8')).toBe('own');
    expect(lstatSync(join(project, 'links/staging')).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(project, 'links/production'))).toBe('../nowhere');
  });
});

test('a link above the site is followed', async () => {
  mkdirSync(join(cwd, 'disk'));
  symlinkSync('../disk', join(project, 'linked'));
  expect(await run(['build', ...STAGING, '--out', 'linked'], { cwd: project })).toMatchObject({ status: 0 });
  expect(readdirSync(join(cwd, 'disk'))).toEqual(['staging']);
});

describe('a file that is a link is refused, and stays', () => {
  const own = join(cwd, 'elsewhere/own-file');
  const args = {
    bundle: ['bundle', ...STAGING, '--file', 'out/site.tar.gz'],
    lock: ['build', '--dist', 'all', '--lock'],
    changes: ['build', ...STAGING],
  };

  beforeAll(async () => {
    const repository = createRepository(join(cwd, 'locked.git'));
    repository.commit('main', repository.treeOf(under('packages', packageFiles('one', '1.0.0'))));
    writeFiles(join(cwd, 'locked'), { 'content/distributions.yml': distributions('../../locked.git', ['main']) });
    expect(await run(args.changes, { cwd: project })).toMatchObject({ status: 0 });
    mkdirSync(join(project, 'out'));
    writeFileSync(own, 'own');
  });

  test.each([
    ['a bundle', 'project/out/site.tar.gz', args.bundle],
    ['its sum', 'project/out/site.tar.gz.sha256', args.bundle],
    ['a lock file', 'locked/content/distributions.lock.json', args.lock],
  ])('%s', async (_, link, command) => {
    symlinkSync(own, join(cwd, link));
    const { status, stderr } = await run(command, { cwd: join(cwd, link.split('/', 1)[0] as string) });
    expect({ status, stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(
        `error ${join(cwd, link)} is a symbolic link, which would be replaced [bad-output]`,
      ),
    });
    expect(readlinkSync(join(cwd, link))).toBe(own);
    expect(readFileSync(own, 'utf8')).toBe('own');
    rmSync(join(cwd, link));
  });

  test('the list of changes', async () => {
    writeFiles(project, { 'content/static/new.txt': 'new' });
    const { stdout } = await run([...args.changes, '--json'], { cwd: project });
    const { list } = (JSON.parse(stdout) as BuildReport).site?.changes ?? { list: '' };
    rmSync(list);
    symlinkSync(own, list);
    writeFiles(project, { 'content/static/new.txt': 'newer' });
    const { status, stderr } = await run(args.changes, { cwd: project });
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining('is a symbolic link') });
    expect(readlinkSync(list)).toBe(own);
    expect(readFileSync(join(project, 'dist/staging/new.txt'), 'utf8')).toBe('new');
  });
});

test('in a work tree, a site may lie beside the packages, not among them', async () => {
  const tree = join(cwd, 'tree');
  const repository = createRepository(join(tree, '.git'));
  repository.commit('main', repository.treeOf(under('packages', packageFiles('one', '1.0.0'))));
  writeFiles(tree, { 'content/distributions.yml': distributions('..', ['main']), 'packages/x': '' });
  for (const out of ['packages', '.git']) {
    const { status, stderr } = await run(['build', '--dist', 'all', '--out', out], { cwd: tree });
    expect({ out, status, stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('lies in the storage'),
    });
  }
  expect(await run(['build', '--dist', 'all'], { cwd: tree })).toMatchObject({ status: 0 });
});
