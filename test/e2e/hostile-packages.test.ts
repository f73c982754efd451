import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { listing, run, siteFaults, temporaryFolder } from '../support/cli.ts';
import type { Run } from '../support/cli.ts';
import {
  filesOf,
  forge,
  hostileContents,
  hostileFolders,
  hostileTrees,
  hostileZips,
  zipOf,
} from '../support/hostile.ts';
import { byGitOrder, createRepository, distributions, packageFiles, under, writeFiles } from '../support/repository.ts';
import type { Files, Repository, TreeEntry } from '../support/repository.ts';

/*
 * Each hostile input of the tables in `test/support/hostile.ts` is one package of a storage, beside a good one. All of them are
 * built at once, with little memory: one that takes much of time or memory fails them all. Each is refused by name.
 */

/** In MB, of JavaScript's own memory, which holds whatever is made of an input. */
const HEAP = 160;
const LIMITED = { NODE_OPTIONS: `--max-old-space-size=${HEAP}` };
const GOOD = 'good_one';

/** A project whose storage is `origin`, which `fill` makes. */
function projectWith(fill: (origin: string) => void): string {
  const folder = temporaryFolder();
  writeFiles(folder, { 'content/distributions.yml': distributions('../origin', ['main']) });
  fill(join(folder, 'origin'));
  return folder;
}

interface Tried {
  readonly folder: string;
  readonly whole: Run;
  readonly rest: Run;
}

/** Builds the storage; and again without what is unfit. */
async function tryAll(folder: string): Promise<Tried> {
  const build = async (...args: string[]): Promise<Run> =>
    await run(['build', '--dist', 'all', ...args], { cwd: folder, env: LIMITED });
  const whole = await build();
  return { folder, whole, rest: await build('--skip-unfit') };
}

function itIsRefused(tried: () => Tried, rows: readonly { readonly name: string; readonly finding: string }[]): void {
  test.each(rows.map(({ name, finding }) => [name, finding]))('%s: %s', (name, finding) => {
    const { status, stdout } = tried().whole;
    expect(status).toBe(1);
    const lines = stdout.split('\n').filter((line) => line.includes(`packages/${name}`));
    expect(lines.map((line) => line.slice(0, 500)).join('\n')).toContain(finding);
  });

  test('the good package beside them is built, and nothing else is written', () => {
    const { folder, whole, rest } = tried();
    expect([whole.stderr, rest.stderr].join('\n')).not.toMatch(/this is a bug|heap/i);
    expect(rest.status).toBe(0);
    expect(readdirSync(join(folder, 'dist/all/package'))).toEqual([GOOD]);
    expect(siteFaults(join(folder, 'dist/all'))).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(['.cache', 'content', 'dist', 'origin']);
  });
}

function goodFiles(): Files {
  return packageFiles(GOOD, '1.0.0');
}

/** The entries of the tree of a good package. */
function entriesOf(repository: Repository, name: string): TreeEntry[] {
  const docs = repository.treeOf({ 'README.md': `# ${name}\n` });
  const manifest = packageFiles(name, '1.0.0')[`${name}/1.0.0/manifest.yml`] ?? '';
  return [
    { mode: '40000', name: 'docs', id: docs },
    { mode: '100644', name: 'manifest.yml', id: repository.blob(manifest) },
  ];
}

function commitPackages(repository: Repository, packages: readonly { name: string; id: string }[]): void {
  const entries = packages.map(({ name, id }): TreeEntry => {
    return { mode: '40000', name, id: repository.tree([{ mode: '40000', name: '1.0.0', id }]) };
  });
  const id = repository.tree(entries.sort(byGitOrder));
  repository.commit('main', repository.tree([{ mode: '40000', name: 'packages', id }]));
}

describe('contents, in a git repository', () => {
  let tried: Tried;
  beforeAll(async () => {
    tried = await tryAll(
      projectWith((origin) => {
        const repository = createRepository(origin);
        const files = [goodFiles(), ...hostileContents.map(filesOf)];
        repository.commit('main', repository.treeOf(under('packages', ...files)));
      }),
    );
  });
  itIsRefused(() => tried, hostileContents);
});

describe('contents, in a folder', () => {
  let tried: Tried;
  beforeAll(async () => {
    tried = await tryAll(
      projectWith((origin) => {
        for (const files of [goodFiles(), ...hostileContents.map(filesOf)])
          writeFiles(join(origin, 'main/packages'), files);
      }),
    );
  });
  itIsRefused(() => tried, hostileContents);
});

describe('contents, in zips', () => {
  let tried: Tried;
  beforeAll(async () => {
    tried = await tryAll(
      projectWith((origin) => {
        const zips = hostileContents.map((row) => [`${row.name}-1.0.0.zip`, zipOf(row.name, filesOf(row))]);
        writeFiles(join(origin, 'main/packages'), { ...goodFiles(), ...(Object.fromEntries(zips) as Files) });
      }),
    );
  });
  itIsRefused(() => tried, hostileContents);
});

describe('zips', () => {
  let tried: Tried;
  beforeAll(async () => {
    tried = await tryAll(
      projectWith((origin) => {
        const zips = Object.fromEntries(hostileZips.map(({ name, zip }) => [`${name}-1.0.0.zip`, zip()]));
        writeFiles(join(origin, 'main/packages'), { ...goodFiles(), ...zips });
      }),
    );
  });
  itIsRefused(() => tried, hostileZips);
});

describe('git trees and objects', () => {
  let tried: Tried;
  beforeAll(async () => {
    tried = await tryAll(
      projectWith((origin) => {
        const repository = createRepository(origin);
        const packages = hostileTrees.map(({ name, tree }) => ({
          name,
          id: tree(repository, entriesOf(repository, name)),
        }));
        const good = { name: GOOD, id: repository.tree(entriesOf(repository, GOOD)) };
        commitPackages(repository, [...packages, good]);
      }),
    );
  });
  itIsRefused(() => tried, hostileTrees);
});

describe('folders', () => {
  let tried: Tried;
  beforeAll(async () => {
    tried = await tryAll(
      projectWith((origin) => {
        writeFiles(join(origin, 'main/packages'), goodFiles());
        for (const { name, make } of hostileFolders) {
          writeFiles(join(origin, 'main/packages'), packageFiles(name, '1.0.0'));
          make(join(origin, 'main/packages', name, '1.0.0'));
        }
      }),
    );
  });
  itIsRefused(() => tried, hostileFolders);
});

test('what is forged in one storage is in no site of another, though they share a cache', async () => {
  const logo = Buffer.from('the real logo');
  const files = packageFiles(GOOD, '1.0.0', { 'logo.svg': logo });
  const forged = projectWith((origin) => {
    const repository = createRepository(origin);
    repository.commit('main', repository.treeOf(under('packages', files)));
    forge(repository, 'blob', logo, Buffer.from('the evil logo'));
  });
  const honest = projectWith((origin) => {
    const repository = createRepository(origin);
    repository.commit('main', repository.treeOf(under('packages', files)));
  });
  const cache = ['--cache', join(forged, 'shared-cache')];
  const failed = await run(['build', '--dist', 'all', ...cache], { cwd: forged });
  expect(failed).toMatchObject({
    status: 1,
    stdout: expect.stringContaining('run git fsck in the repository') as unknown,
  });
  expect(await run(['build', '--dist', 'all', ...cache], { cwd: honest })).toMatchObject({ status: 0 });
  expect(readFileSync(join(honest, `dist/all/package/${GOOD}/1.0.0/logo.svg`))).toEqual(logo);
});

describe('layers', () => {
  test.each([
    ['a way out', ['--ref', 'main=../..'], 'leads out of the storage'],
    ['a link out', ['--ref', 'main=link'], 'leads out of the storage'],
    ['a folder of packages that is a link out', ['--ref', 'main=inner'], 'leads out of the storage'],
    ['a folder that is not there', ['--ref', 'main=-x'], "can't be read"],
  ])('of a folder: %s', async (_, args, words) => {
    const folder = projectWith((origin) => {
      writeFiles(join(origin, 'main/packages'), goodFiles());
      writeFiles(join(origin, '../elsewhere/packages'), goodFiles());
      mkdirSync(join(origin, '../packages'));
      mkdirSync(join(origin, '../../packages'), { recursive: true });
      mkdirSync(join(origin, 'inner'));
      symlinkSync('../elsewhere', join(origin, 'link'));
      symlinkSync('../../elsewhere/packages', join(origin, 'inner/packages'));
    });
    const failed = await run(['build', '--dist', 'all', ...args], { cwd: folder });
    expect(failed).toMatchObject({ status: 2, stderr: expect.stringContaining(words) as unknown });
    expect(existsSync(join(folder, 'dist/all'))).toBe(false);
  });

  test.each([
    ['link', 'packages is a symbolic link'],
    ['module', 'packages is a submodule'],
    ['file', 'packages is a file'],
    ['forged', 'which is no commit, or is damaged'],
    ['--upload-pack=touch x', 'has no branch, tag or commit'],
    ['main:packages', 'has no branch, tag or commit'],
    ['main@{0}', 'has no branch, tag or commit'],
    [':/Made', 'has no branch, tag or commit'],
  ])('of a repository: %s', async (ref, words) => {
    const folder = projectWith((origin) => {
      const repository = createRepository(origin);
      const commit = repository.commit('main', repository.treeOf(under('packages', goodFiles())));
      const entry = (mode: TreeEntry['mode'], id: string): string => repository.tree([{ mode, name: 'packages', id }]);
      repository.commit('link', entry('120000', repository.blob('/etc')));
      repository.commit('module', entry('160000', commit));
      repository.commit('file', entry('100644', repository.blob('file')));
      const bytes = execFileSync('git', ['--git-dir', origin, 'cat-file', 'commit', 'main']);
      const other = Buffer.from(bytes.toString('latin1').replace('Made', 'Mode'), 'latin1');
      writeFiles(origin, { 'refs/heads/forged': `${forge(repository, 'commit', other, bytes)}\n` });
    });
    const failed = await run(['build', '--dist', 'all', '--ref', `main=${ref}`], { cwd: folder });
    expect(failed).toMatchObject({ status: 2, stderr: expect.stringContaining(words) as unknown });
    expect(failed.stderr).not.toContain('bug');
    expect(existsSync(join(folder, 'dist/all'))).toBe(false);
    expect(listing(folder).some((line) => line.startsWith('"x"'))).toBe(false);
  });

  test('too many packages, or versions of them, from few objects', async () => {
    const folder = projectWith((origin) => {
      const repository = createRepository(origin);
      const good = repository.tree(entriesOf(repository, GOOD));
      const versions = Array.from({ length: 1000 }, (_, i) => `1.0.${1000 + i}`);
      const many = repository.tree(versions.map((name) => ({ mode: '40000', name, id: good })));
      for (const [branch, count] of [
        ['main', 100],
        ['wide', 20_000],
      ] as const) {
        const names = Array.from({ length: count }, (_, i) => `p${100_000 + i}`);
        const packages = repository.tree(names.map((name) => ({ mode: '40000', name, id: many })));
        repository.commit(branch, repository.tree([{ mode: '40000', name: 'packages', id: packages }]));
      }
    });
    const versions = await run(['build', '--dist', 'all'], { cwd: folder, env: LIMITED });
    expect(versions).toMatchObject({ status: 1 });
    expect(versions.stdout).toContain('main: packages: has 100,000 versions of packages; the limit is 50,000');
    const packages = await run(['build', '--dist', 'all', '--ref', 'main=wide'], { cwd: folder, env: LIMITED });
    expect(packages.stdout).toContain('main: packages: has 20,000 packages; the limit is 10,000');
  });
});
