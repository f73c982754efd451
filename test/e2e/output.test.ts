import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
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
