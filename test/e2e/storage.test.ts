import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AddReport } from '../../src/commands/add/run.ts';
import type { CheckReport } from '../../src/commands/check/run.ts';
import type { RemoveReport } from '../../src/commands/remove/run.ts';
import type { TagReport } from '../../src/commands/tag/run.ts';
import { run, shippedContent, startServer, temporaryFolder } from '../support/cli.ts';
import { createRepository, packageFiles, runGit, under, writeFiles } from '../support/repository.ts';
import type { Files } from '../support/repository.ts';
import { storageProject, USER } from '../support/workflow.ts';
import type { StorageProject } from '../support/workflow.ts';

/* `init`, `add`, `remove` and `tag` as a maintainer runs them. */

/** A package as a folder beside the project; the path to name it by. */
function folderOf({ folder }: Pick<StorageProject, 'folder'>, name: string, version: string, more: Files = {}): string {
  writeFiles(join(folder, 'work'), packageFiles(name, version, more));
  return `work/${name}/${version}`;
}

/** A zip of a package, as a site that is built of it serves it. */
async function zipOf(project: StorageProject, name: string, version: string, more: Files = {}): Promise<string> {
  const one = storageProject({ production: packageFiles(name, version, more) });
  expect(await one.run('build', '--dist', 'production')).toMatchObject({ status: 0 });
  const zip = `${name}-${version}.zip`;
  cpSync(join(one.folder, 'dist/production/epr', name, zip), join(project.folder, zip));
  return zip;
}

describe('init', () => {
  test('makes a storage that can be filled, built and served', async () => {
    const cwd = temporaryFolder();
    const made = await run(['init', 'registry'], { cwd, env: USER });
    expect(made).toMatchObject({ status: 0, stderr: '' });
    const folder = join(cwd, 'registry');
    const here = { cwd: folder, env: USER };
    expect(readdirSync(folder).sort()).toEqual(['.git', '.gitignore', 'README.md', 'content']);
    expect(runGit(['-C', folder, 'status', '--porcelain', '--branch'])).toBe('## main');
    const branches = ['--format=%(refname:short)', 'refs/heads'];
    expect(runGit(['-C', folder, 'for-each-ref', ...branches])).toBe('main\nproduction\nsnapshot\nstaging');
    const job = readFileSync(join(shippedContent, 'storage-ci.yml'), 'utf8').trimEnd();
    for (const layer of ['production', 'staging', 'snapshot'])
      expect(runGit(['-C', folder, 'show', `${layer}:.github/workflows/packages.yml`])).toBe(job);

    writeFiles(join(cwd, 'work'), packageFiles('acme', '1.0.0'));
    expect(await run(['add', '../work/acme/1.0.0', '--layer', 'snapshot', '--apply'], here)).toMatchObject({
      status: 0,
    });
    expect(await run(['build', '--dist', 'snapshot'], here)).toMatchObject({ status: 0 });
    const server = await startServer(['--dist', 'snapshot'], here);
    const found = (await (await fetch(`${server.url}/search`)).json()) as { name: string; version: string }[];
    await server.stop();
    expect(found.map(({ name, version }) => `${name}@${version}`)).toEqual(['acme@1.0.0', 'spool_reader@1.1.0']);
    expect(runGit(['-C', folder, 'status', '--porcelain'])).toBe('');
  });

  test('leaves alone a folder that holds something, and makes nothing in a dry run or where git knows no user', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'file'), '');
    expect(await run(['init', '.'], { cwd, env: USER })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('not empty') as unknown,
    });
    expect(await run(['init', 'dry', '--dry-run'], { cwd, env: USER })).toMatchObject({ status: 0 });
    const nobody = await run(['init', 'nobody'], { cwd, env: { ...USER, GIT_AUTHOR_NAME: '' } });
    expect(nobody).toMatchObject({ status: 2, stderr: expect.stringContaining('user.name') as unknown });
    expect(readdirSync(cwd).sort()).toEqual(['file', 'nobody']);
    expect(await run(['init', 'nobody'], { cwd, env: USER })).toMatchObject({ status: 0 });
  });
});

describe('add', () => {
  test('puts a folder into a layer, modes included, and says so when it is there', async () => {
    const project = storageProject({});
    const path = folderOf(project, 'acme', '1.0.0', { 'bin/run': '#!/bin/sh\n' });
    chmodSync(join(project.folder, path, 'bin/run'), 0o755);
    const before = project.files('snapshot');
    const first = await project.json<AddReport>('add', path, '--layer', 'snapshot', '--apply');
    expect(first).toMatchObject({
      status: 0,
      findings: [],
      packages: [{ id: 'acme@1.0.0', where: 'packages/acme/1.0.0', files: 3, state: 'new' }],
      change: { title: '[snapshot] Add acme-1.0.0', state: 'made' },
    });
    const added = project.files('snapshot').filter((line) => !before.includes(line));
    expect(added.map((line) => line.replace(/ blob \w+ /, ' '))).toEqual([
      '100755 packages/acme/1.0.0/bin/run',
      '100644 packages/acme/1.0.0/docs/README.md',
      '100644 packages/acme/1.0.0/manifest.yml',
    ]);
    const again = await project.json<AddReport>('add', path, '--layer', 'snapshot', '--apply');
    expect(again).toMatchObject({ status: 0, packages: [{ state: 'done' }] });
    expect(again.change).toBeUndefined();
  });

  test('unpacks a zip; keeps it where asked, or where it is signed, with its signature, byte for byte', async () => {
    const project = storageProject({});
    const plain = await zipOf(project, 'acme', '1.0.0');
    const kept = await zipOf(project, 'kept', '1.0.0');
    const signed = await zipOf(project, 'signed', '1.0.0');
    writeFileSync(join(project.folder, `${signed}.sig`), 'a signature\n');
    const snapshot = ['--layer', 'snapshot', '--apply'];
    expect(await project.run('add', plain, signed, ...snapshot)).toMatchObject({ status: 0 });
    expect(await project.run('add', kept, '--keep-zip', ...snapshot)).toMatchObject({ status: 0 });
    expect(project.files('snapshot').map((line) => line.split(' ').slice(3).join(' '))).toEqual([
      'packages/README.md',
      'packages/acme/1.0.0/docs/README.md',
      'packages/acme/1.0.0/manifest.yml',
      'packages/kept-1.0.0.zip',
      'packages/signed-1.0.0.zip',
      'packages/signed-1.0.0.zip.sig',
    ]);
    expect(project.repository.git('log', '-1', '--format=%s', 'snapshot~1')).toBe('[snapshot] Add 2 packages');
    expect(await project.run('build', '--dist', 'snapshot')).toMatchObject({ status: 0 });
    expect(await project.run('check')).toMatchObject({ status: 0, stderr: '' });
    for (const file of [signed, `${signed}.sig`])
      expect(readFileSync(join(project.folder, 'dist/snapshot/epr/signed', file))).toEqual(
        readFileSync(join(project.folder, file)),
      );

    const promoted = ['promote', 'signed', '1.0.0', '--from', 'snapshot', '--to', 'staging', '--apply'];
    expect(await project.run(...promoted)).toMatchObject({ status: 0 });
    expect(project.files('staging').filter((line) => line.includes('signed'))).toHaveLength(2);
    expect(project.files('snapshot').filter((line) => line.includes('signed'))).toHaveLength(0);
  });

  test('overwrites by the rules of the layer, and takes the place of another form', async () => {
    const project = storageProject({
      production: packageFiles('acme', '1.0.0'),
      snapshot: packageFiles('next', '2.0.0'),
    });
    const changed = folderOf(project, 'acme', '1.0.0', { 'docs/README.md': '# changed\n' });
    const refused = await project.run('add', changed, '--layer', 'production', '--apply');
    expect(refused).toMatchObject({ status: 1, stdout: expect.stringContaining('nothing was done') as unknown });
    const collision = await project.run('add', changed, '--layer', 'snapshot', '--apply');
    expect(collision).toMatchObject({ status: 1, stdout: expect.stringContaining('different content') as unknown });
    const zip = await zipOf(project, 'next', '2.0.0', { 'docs/README.md': '# changed\n' });
    const overwritten = await project.json<AddReport>('add', zip, '--keep-zip', '--layer', 'snapshot', '--apply');
    expect(overwritten).toMatchObject({ status: 0, findings: [], packages: [{ state: 'overwritten' }] });
    expect(project.files('snapshot').filter((line) => line.includes('next'))).toEqual([
      expect.stringContaining('packages/next-2.0.0.zip') as unknown,
    ]);
  });

  test('makes a branch of its own, once', async () => {
    const project = storageProject({});
    const paths = [folderOf(project, 'acme', '1.0.0'), folderOf(project, 'widget', '1.0.0')];
    const layer = project.files('snapshot');
    const first = await project.json<AddReport>('add', ...paths, '--layer', 'snapshot');
    const branch = 'add/acme-1.0.0-and-1-more-to-snapshot';
    expect(first).toMatchObject({ status: 0, change: { state: 'made', branch } });
    expect(project.revisions(branch)).toEqual(['acme@1.0.0', 'widget@1.0.0']);
    expect(project.files('snapshot')).toEqual(layer);
    const again = await project.json<AddReport>('add', ...paths, '--layer', 'snapshot');
    expect(again.change).toMatchObject({ state: 'there', branch, commit: first.change?.commit });
  });

  test('names everything that is wrong, and then does nothing', async () => {
    const project = storageProject({});
    const good = folderOf(project, 'acme', '1.0.0');
    const link = folderOf(project, 'link', '1.0.0');
    symlinkSync('/etc/passwd', join(project.folder, link, 'docs/link'));
    const git = folderOf(project, 'git', '1.0.0', { '.GIT/config': 'hostile\n' });
    const unfit = folderOf(project, 'unfit', '1.0.0', { 'manifest.yml': 'name: unfit\nversion: 1.0.0\n' });
    mkdirSync(join(project.folder, 'work/none'));
    writeFileSync(join(project.folder, 'work/damaged.zip'), 'no zip');
    const paths = [good, link, git, unfit, good, 'work/none', 'work/damaged.zip'];
    const report = await project.json<AddReport>('add', ...paths, '--layer', 'snapshot', '--apply');
    expect(report.status).toBe(1);
    const texts = report.findings.map(({ where, text }) => `${where}: ${text}`).join('\n');
    for (const words of [
      'link/1.0.0/docs/link: is a symbolic link',
      '.GIT/config: git holds no files of this name',
      'work/unfit/1.0.0/manifest.yml',
      `${good}: acme@1.0.0 is also in ${good}`,
      'work/none: has no manifest.yml',
      'work/damaged.zip: not a readable zip',
    ])
      expect(texts).toContain(words);
    expect(project.revisions('snapshot')).toEqual([]);
    expect(report.change).toMatchObject({ state: 'planned' });
    const missing = await project.run('add', 'nowhere.zip', '--layer', 'snapshot');
    expect(missing).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('nowhere.zip is not there') as unknown,
    });
  });
});

function codes({ findings }: AddReport): string[] {
  return findings.map(({ level, code }) => `${level} ${code}`);
}

function states({ packages }: AddReport): string[] {
  return packages.map(({ state }) => state);
}

describe('add, of what check will say', () => {
  test('warns of names and sizes, of what Kibana refuses and of unknown categories', async () => {
    const project = storageProject({ staging: packageFiles('Acme', '0.1.0') });
    const manifest = String(Object.values(packageFiles('acme', '1.0.0'))[0]);
    const path = folderOf(project, 'acme', '1.0.0', {
      'manifest.yml': manifest.replace('[custom]', '[cusstom]').replace(/owner.*/, ''),
      'docs/readme.md': '# twin\n',
      'ml_model/large.bin': Buffer.alloc(25 * 2 ** 20 + 1),
    });
    const report = await project.json<AddReport>('add', path, '--layer', 'snapshot');
    expect(codes(report).sort()).toEqual([
      'warning case',
      'warning case',
      'warning category',
      'warning kibana',
      'warning large-file',
    ]);
    expect(report).toMatchObject({ status: 0, change: { state: 'made' } });
  });

  test('a repository of SHA-256 ids has the same content for the same', async () => {
    const repository = createRepository(join(temporaryFolder(), 'origin.git'), 'sha256');
    for (const layer of ['production', 'staging', 'snapshot'])
      repository.commit(layer, repository.treeOf({ 'packages/README.md': 'Packages.\n' }));
    const project = storageProject({}, repository);
    const folder = folderOf(project, 'acme', '1.0.0');
    const zip = await zipOf(project, 'kept', '1.0.0');
    const signed = await zipOf(project, 'signed', '1.0.0');
    writeFileSync(join(project.folder, `${signed}.sig`), 'a signature\n');
    const add = ['add', folder, zip, signed, '--keep-zip', '--layer', 'snapshot', '--apply'];
    expect(states(await project.json<AddReport>(...add))).toEqual(['new', 'new', 'new']);
    expect(states(await project.json<AddReport>(...add))).toEqual(['done', 'done', 'done']);
    writeFileSync(join(project.folder, folder, 'docs/README.md'), '# changed\n');
    writeFileSync(join(project.folder, `${signed}.sig`), 'another signature\n');
    expect(states(await project.json<AddReport>(...add))).toEqual(['overwritten', 'done', 'overwritten']);
  });
});

test('what is given twice, or belongs to nothing, is not passed over', async () => {
  const project = storageProject({});
  const twice = await project.run('check', '--storage', 'a', '--storage', 'b');
  expect(twice).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('--storage <path|url> was given twice') as unknown,
  });
  expect(await project.run('add', 'x', '--layer', 'snapshott')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('(did you mean "snapshot"?)') as unknown,
  });
  const files = { 'notes.txt': '', '.gitkeep': '', 'README.md': '', 'acme/manifest.yml': '', 'acme/1.0.0.sig': '' };
  const { repository } = project;
  repository.commit('snapshot', repository.treeOf(under('packages', files)));
  const { findings, status } = await project.json<CheckReport>('check', '--layer', 'snapshot');
  expect(status).toBe(0);
  expect(findings.map(({ level, where, text }) => `${level} ${where} ${text}`).sort()).toEqual([
    'warning snapshot: packages/acme/1.0.0.sig is a signature of nothing that is here',
    'warning snapshot: packages/acme/manifest.yml is not served: a package lies in a folder of its version, <name>/<version>/',
    'warning snapshot: packages/notes.txt belongs to no package, and is not served',
  ]);
});

describe('remove', () => {
  test.each([
    ['snapshot', [], 0],
    ['staging', [], 1],
    ['staging', ['--reason', 'loses events'], 0],
    ['production', ['--reason', 'loses events'], 1],
  ])('from %s with %j ends with %i', async (layer, reason, status) => {
    const project = storageProject({ [layer]: packageFiles('acme', '1.0.0') });
    const before = project.files(layer);
    const report = await project.json<RemoveReport>('remove', 'acme', '1.0.0', '--layer', layer, '--apply', ...reason);
    expect(report.status).toBe(status);
    if (status === 1) expect(project.files(layer)).toEqual(before);
    else expect(project.revisions(layer)).toEqual([]);
    if (status === 0 && reason.length > 0)
      expect(project.repository.git('log', '-1', '--format=%B', layer)).toContain('Reason: loses events');
  });

  test('what a higher layer holds with the same content may always go', async () => {
    const project = storageProject({
      production: packageFiles('acme', '1.0.0'),
      staging: packageFiles('acme', '1.0.0'),
    });
    expect(await project.run('remove', 'acme', '1.0.0', '--layer', 'staging', '--apply')).toMatchObject({ status: 0 });
    expect(await project.run('remove', 'acme', '1.0.0', '--layer', 'staging')).toMatchObject({ status: 2 });
  });
});

describe('tag', () => {
  test('tags a release once; its build is a distribution of that name', async () => {
    const project = storageProject({ production: packageFiles('acme', '1.0.0') });
    const commit = project.repository.git('rev-parse', 'production');
    const report = await project.json<TagReport>('tag', '8.7.0');
    expect(report).toMatchObject({ status: 0, made: true, commit, revisions: 1, findings: [] });
    expect(
      project.repository.git('for-each-ref', '--format=%(objecttype) %(taggername) %(*objectname)', 'refs/tags'),
    ).toBe(`tag A Maintainer ${commit}`);
    project.repository.commit('production', project.repository.treeOf({ 'packages/README.md': 'Empty.\n' }));
    for (const storage of [[], ['--storage', `file://${project.repository.folder}`]]) {
      expect(await project.run('build', '--dist', '8.7.0', ...storage)).toMatchObject({ status: 0 });
      expect(existsSync(join(project.folder, 'dist/8.7.0/package/acme/1.0.0/manifest.yml'))).toBe(true);
    }
    const again = await project.run('tag', '8.7.0');
    expect(again).toMatchObject({ status: 2, stderr: expect.stringContaining('the tag 8.7.0 exists') as unknown });
    const unknown = await project.run('build', '--dist', '8.8.0');
    expect(unknown.stderr).toContain('use --dist with one of: production, staging, snapshot');
  });

  test.each(['v8.7.0', '8.7', '8.7.0-rc1', '8.7.0+1', '08.7.0', '8.7.0 '])('"%s" is no release', async (release) => {
    expect(await storageProject({}).run('tag', release)).toMatchObject({ status: 2 });
  });

  test('not where a build would have findings', async () => {
    const project = storageProject({ staging: packageFiles('acme', '1.0.0', { 'manifest.yml': 'name: acme\n' }) });
    const report = await project.json<TagReport>('tag', '8.7.0', '--layer', 'staging');
    expect(report).toMatchObject({ status: 1, made: false });
    expect(project.repository.git('tag')).toBe('');
  });
});
