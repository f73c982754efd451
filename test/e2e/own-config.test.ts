import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/commands/check/run.ts';
import { run, temporaryFolder } from '../support/cli.ts';
import type { Run } from '../support/cli.ts';
import { createRepository, packageFiles, runGit, under, writeFiles } from '../support/repository.ts';
import type { Repository } from '../support/repository.ts';
import { USER } from '../support/workflow.ts';

/* Where no `--config` is given, a storage's own distributions file decides; and a plain clone of a storage works. */

const LAYERS = ['production', 'staging', 'snapshot'];

function config(rules = 'overwrite: never, remove: never', more = ''): string {
  return `registry: 1.40.1
storage: ..
layers: { production: { ${rules} }, staging: {${more}}, snapshot: {} }
distributions: { snapshot: { layers: [production, staging, snapshot] }, staging: { layers: [production, staging] } }
`;
}

interface Place {
  readonly folder: string;
  readonly repository: Repository;
  run(...args: readonly string[]): Promise<Run>;
}

/** A bare repository that describes itself on `main`, beside an empty folder in which the program runs. */
function place(files: Readonly<Record<string, string>> = { 'content/distributions.yml': config() }): Place {
  const folder = temporaryFolder();
  const repository = createRepository(join(folder, 'storage.git'));
  repository.git('symbolic-ref', 'HEAD', 'refs/heads/main');
  if (Object.keys(files).length > 0) repository.commit('main', repository.treeOf(files));
  for (const layer of LAYERS)
    repository.commit(
      layer,
      repository.treeOf(under('packages', packageFiles(layer === 'production' ? 'acme' : `only_${layer}`, '1.0.0'))),
    );
  mkdirSync(join(folder, 'here'));
  return { folder, repository, run: async (...args) => await run(args, { cwd: join(folder, 'here'), env: USER }) };
}

/** A branch `change` that overwrites what production has published, and may bring more files. */
function overwrite({ repository }: Place, more: Readonly<Record<string, string>> = {}): void {
  const files = under('packages', packageFiles('acme', '1.0.0', { 'docs/README.md': '# changed\n' }));
  const tree = repository.treeOf({ ...files, ...more });
  const commit = repository.git('commit-tree', tree, '-p', 'production', '-m', 'A change');
  repository.git('update-ref', 'refs/heads/change', commit);
}

const CHECK = ['check', '--layer', 'production', '--head', 'change'] as const;

describe("a storage's own distributions file", () => {
  test.each([
    ['content/distributions.yml', 'main'],
    ['distributions.yml', 'main'],
    ['content/distributions.yml', 'trunk'],
  ])('%s on %s decides what a change may do', async (path, branch) => {
    const one = place({});
    one.repository.commit(branch, one.repository.treeOf({ [path]: config() }));
    one.repository.git('symbolic-ref', 'HEAD', `refs/heads/${branch}`);
    overwrite(one);
    const { status, stdout } = await one.run(...CHECK, '--storage', '../storage.git', '--json');
    const report = JSON.parse(stdout) as CheckReport;
    expect({ status, codes: report.findings.map(({ code }) => code) }).toEqual({ status: 1, codes: ['overwrite'] });
    expect(report.config).toBe(`${path} on ${branch} of ${join(one.folder, 'storage.git')}`);
  });

  test('counts before one in the current folder, which is then warned of; --config counts before both', async () => {
    const one = place();
    overwrite(one);
    writeFiles(join(one.folder, 'here'), {
      'content/distributions.yml': config('').replace('..', '../../storage.git'),
    });
    const own = await one.run(...CHECK);
    expect(own).toMatchObject({ status: 1, stdout: expect.stringContaining('[other-config]') as unknown });
    expect(await one.run(...CHECK, '--config', 'content/distributions.yml')).toMatchObject({ status: 0 });
  });

  test('also where a URL is the storage, or the current folder, or a folder of layers', async () => {
    const one = place();
    const url = `file://${one.repository.folder}`;
    expect(await one.run('list', '--dist', 'staging', '--storage', url)).toMatchObject({ status: 0 });
    expect(await one.run('build', '--dist', 'staging', '--storage', url)).toMatchObject({ status: 0 });
    expect(await run(['list', '--dist', 'staging'], { cwd: one.repository.folder })).toMatchObject({ status: 0 });
    const folder = temporaryFolder();
    writeFiles(folder, {
      'distributions.yml': config(),
      ...under('production/packages', packageFiles('acme', '1.0.0')),
    });
    for (const layer of ['staging', 'snapshot']) mkdirSync(join(folder, layer, 'packages'), { recursive: true });
    const listed = await one.run('list', '--dist', 'staging', '--storage', folder);
    expect(listed).toMatchObject({ status: 0, stdout: expect.stringContaining('acme') as unknown });
  });

  test('is not the one that a change brings along, whatever is checked out', async () => {
    const one = place();
    overwrite(one, { 'content/distributions.yml': config('overwrite: allow') });
    const clone = join(one.folder, 'clone');
    runGit(['clone', '--quiet', '--branch', 'change', one.repository.folder, clone]);
    for (const args of [[...CHECK], [...CHECK, '--storage', '.']])
      expect(await run(args, { cwd: clone })).toMatchObject({ status: 1 });
    const bare = place({});
    overwrite(bare, { 'content/distributions.yml': config('overwrite: allow') });
    runGit(['clone', '--quiet', '--branch', 'change', bare.repository.folder, join(bare.folder, 'clone')]);
    bare.repository.commit('main', bare.repository.treeOf({ 'README.md': 'nothing\n' }));
    runGit(['-C', join(bare.folder, 'clone'), 'fetch', '--quiet']);
    const none = await bare.run(...CHECK, '--storage', '../clone');
    expect(none).toMatchObject({ status: 2, stderr: expect.stringContaining('[no-config]') as unknown });
  });

  test('without any, every verb says so, and how to make one', async () => {
    const one = place({});
    for (const args of [
      [...CHECK],
      ['list', '--dist', 'staging'],
      ['build', '--dist', 'staging'],
      ['promote', 'acme', '1.0.0', '--from', 'staging', '--to', 'production'],
    ]) {
      const stopped = await one.run(...args, '--storage', '../storage.git');
      expect(stopped).toMatchObject({ status: 2, stdout: '' });
      expect(stopped.stderr).toMatch(/there is no distributions\.yml: .*\[no-config\]\n.*--config.*init/);
    }
    expect((await one.run('build', '--dist', 'staging')).stderr).toContain('[no-config]');
  });

  test.each([
    ['a ref that leads out', config('', ' ref: ../../other ')],
    ['an absolute ref', config('', ' ref: /etc ')],
    ['a ref that is an option', config('', ' ref: --all ')],
    ['a ref that is a search', config('', ' ref: ":/fix" ')],
    ['packages that lead out', config('', ' packages: ../packages ')],
    ['more values than anybody can check', `${config()}x: &a [1,1,1,1,1,1,1,1,1,1]\n${bomb()}`],
    ['a large file', `${config()}${'#'.repeat(2 ** 20)}\n`],
  ])('is refused for %s', async (_, text) => {
    const one = place({ 'content/distributions.yml': text });
    const stopped = await one.run('check', '--storage', '../storage.git');
    expect(stopped).toMatchObject({ status: 2, stderr: expect.stringContaining('[bad-config]') as unknown });
  });

  test('can name no other storage, and no file outside', async () => {
    const other = place();
    const one = place({ 'content/distributions.yml': config().replace('..', other.repository.folder) });
    const listed = await one.run('list', '--dist', 'staging', '--storage', '../storage.git');
    expect(listed.stdout).toContain(one.repository.folder);
    for (const link of ['distributions.yml', 'content']) {
      const folder = temporaryFolder();
      writeFiles(join(one.folder, 'secret'), { 'distributions.yml': 'password: hunter2\n' });
      const target = join(one.folder, 'secret', link === 'content' ? '' : link);
      symlinkSync(target, join(folder, link));
      const stopped = await one.run('list', '--dist', 'staging', '--storage', folder);
      expect(stopped).toMatchObject({ status: 2, stderr: expect.stringContaining('is not a plain file') as unknown });
      expect(stopped.stderr).not.toContain('password');
    }
  });
});

/** Aliases of aliases: ten to the seventh values. */
function bomb(): string {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  return names
    .slice(1)
    .map((name, i) => `x${name}: &${name} [${Array.from({ length: 10 }, () => `*${names[i] ?? ''}`).join(', ')}]\n`)
    .join('');
}

const here = ['--storage', '../clone'] as const;

function clone(one: Place): string {
  const folder = join(one.folder, 'clone');
  runGit(['clone', '--quiet', one.repository.folder, folder]);
  return folder;
}

function heads(folder: string): string {
  return runGit(['-C', folder, 'for-each-ref', '--format=%(refname)', 'refs/heads']);
}

describe('a plain clone', () => {
  test('has its layers as branches of origin, for every verb that reads', async () => {
    const one = place();
    const folder = clone(one);
    for (const args of [
      ['check'],
      ['list', '--dist', 'snapshot'],
      ['build', '--dist', 'snapshot'],
      ['explain', 'acme', '--dist', 'snapshot'],
      ['diff', 'staging', 'snapshot'],
      ['diff', 'staging', 'snapshot', '--layer', 'staging'],
      ['promote', 'only_snapshot', '1.0.0', '--from', 'snapshot', '--to', 'staging', '--dry-run'],
    ])
      expect(await one.run(...args, ...here), args.join(' ')).toMatchObject({ status: 0 });
    expect(heads(folder)).toBe('refs/heads/main');
  });

  test('gets a branch for the layer that is changed, on top of that of origin, and is told so', async () => {
    const one = place();
    const folder = clone(one);
    const theirs = runGit(['-C', folder, 'rev-parse', 'origin/snapshot']);
    writeFiles(join(one.folder, 'here'), packageFiles('widget', '1.0.0'));
    const added = await one.run('add', 'widget/1.0.0', '--layer', 'snapshot', '--apply', ...here);
    expect(added).toMatchObject({ status: 0, stdout: expect.stringContaining('from origin/snapshot') as unknown });
    expect(runGit(['-C', folder, 'rev-parse', 'snapshot~1'])).toBe(theirs);
    const promote = ['promote', 'widget', '1.0.0', '--from', 'snapshot', '--to', 'staging', '--apply', ...here];
    expect(await one.run(...promote)).toMatchObject({ status: 0 });
    expect(heads(folder).split('\n')).toEqual(['refs/heads/main', 'refs/heads/snapshot', 'refs/heads/staging']);
    expect(runGit(['-C', folder, 'rev-parse', 'staging~1'])).toBe(
      runGit(['-C', folder, 'rev-parse', 'origin/staging']),
    );
  });

  test('gets a tag, and is told how to push it', async () => {
    const one = place();
    const { stdout } = await one.run('tag', '8.7.0', '--layer', 'staging', '--storage', clone(one));
    const [, command = ''] = /^Next: push:\n {2}(.*)$/m.exec(stdout) ?? [];
    execFileSync('sh', ['-c', `${command} --quiet`]);
    expect(one.repository.git('rev-parse', '8.7.0^{commit}')).toBe(one.repository.git('rev-parse', 'staging'));
  });

  test('a branch that lacks commits of origin is warned of', async () => {
    const one = place();
    const folder = clone(one);
    runGit(['-C', folder, 'branch', '--no-track', 'staging', 'origin/staging']);
    const { repository } = one;
    repository.commit('staging', repository.treeOf(under('packages', packageFiles('late', '1.0.0'))));
    runGit(['-C', folder, 'fetch', '--quiet']);
    for (const args of [
      ['check'],
      ['list', '--dist', 'staging'],
      ['build', '--dist', 'staging'],
      ['explain', 'acme', '--dist', 'staging'],
      ['diff', 'staging', 'snapshot'],
      ['promote', 'only_snapshot', '1.0.0', '--from', 'snapshot', '--to', 'staging', '--dry-run'],
    ]) {
      const { stdout } = await one.run(...args, ...here);
      expect(stdout, args.join(' ')).toContain('the branch staging lacks 1 commit of origin/staging: git -C ');
    }
  });
});
