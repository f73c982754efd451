import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ownProcess } from '../../src/tree/commit/process-id.ts';
import { listing, run, siteFaults, temporaryFolder } from '../support/cli.ts';
import type { Run } from '../support/cli.ts';
import { createRepository, distributions, packageFiles, runGit, under, writeFiles } from '../support/repository.ts';
import type { Files, Repository } from '../support/repository.ts';

/* Storages that are git repositories, of every kind and in every state. */

interface Project {
  readonly folder: string;
  readonly repository: Repository;
  /** Builds `all` from a storage, by default the repository. */
  build(args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<Run>;
  /** The packages, at versions, in the site. */
  built(): string[];
}

/** A project whose storage is a bare repository; layer -> its packages. */
function project(layers: Readonly<Record<string, Files>>, format: 'sha1' | 'sha256' = 'sha1'): Project {
  const folder = temporaryFolder();
  const repository = createRepository(join(folder, 'origin.git'), format);
  writeFiles(join(folder, 'content'), {
    'distributions.yml': distributions('../origin.git', Object.keys(layers)),
  });
  for (const [layer, files] of Object.entries(layers))
    repository.commit(layer, repository.treeOf(under('packages', files)));
  const packages = join(folder, 'dist/all/package');
  return {
    folder,
    repository,
    build: async (args = [], env = {}) => {
      const dist = args.includes('--dist') ? [] : ['--dist', 'all'];
      return await run(['build', ...dist, ...args], { cwd: folder, env });
    },
    built: () => readdirSync(packages).flatMap((name) => readdirSync(join(packages, name)).map((v) => `${name}@${v}`)),
  };
}

const acme = packageFiles('acme', '1.0.0');

/** Puts other packages on top of a branch. */
function push({ repository }: Project, branch: string, files: Files): string {
  return repository.commit(branch, repository.treeOf(under('packages', files)));
}

test('--no-cache keeps the clone where EPR_STATIC_CACHE says', async () => {
  const one = project({ main: acme });
  const url = `file://${join(one.folder, 'origin.git')}`;
  const built = await one.build(['--storage', url, '--no-cache'], { EPR_STATIC_CACHE: 'kept' });
  expect(built).toMatchObject({ status: 0 });
  expect(readdirSync(one.folder).sort()).toEqual(['content', 'dist', 'kept', 'origin.git']);
});

describe('kinds of repository', () => {
  test('a bare one: the report has the commits, release.json too', async () => {
    const one = project({ main: acme, next: packageFiles('acme', '1.1.0') });
    const built = await one.build();
    expect(built).toMatchObject({ status: 0 });
    const commit = one.repository.git('rev-parse', 'main');
    expect(built.stdout).toContain(`main at ${commit.slice(0, 12)}`);
    expect(one.built()).toEqual(['acme@1.0.0', 'acme@1.1.0']);
    expect(siteFaults(join(one.folder, 'dist/all'))).toEqual([]);
    const release = JSON.parse(readFileSync(join(one.folder, 'dist/all/_registry/release.json'), 'utf8')) as object;
    const next = one.repository.git('rev-parse', 'next');
    expect(release).toMatchObject({
      layers: [
        { name: 'main', ref: 'main', commit },
        { name: 'next', commit: next },
      ],
    });
    expect(existsSync(join(one.folder, '.cache/git'))).toBe(false);
  });

  test('a checkout is read as it was committed, and stays as it is', async () => {
    const one = project({ main: acme });
    const checkout = join(one.folder, 'checkout');
    runGit(['clone', '--quiet', '--branch', 'main', one.repository.folder, checkout]);
    writeFiles(checkout, under('packages', packageFiles('dirty', '1.0.0')));
    const before = listing(checkout);
    expect(await one.build(['--storage', 'checkout'])).toMatchObject({ status: 0 });
    expect(one.built()).toEqual(['acme@1.0.0']);
    expect(listing(checkout)).toEqual(before);
  });

  test('a linked work tree', async () => {
    const one = project({ main: acme });
    runGit(['--git-dir', one.repository.folder, 'worktree', 'add', '--quiet', join(one.folder, 'tree'), 'main']);
    expect(await one.build(['--storage', 'tree'])).toMatchObject({ status: 0 });
  });

  test('a bundle, and a newer one in its place', async () => {
    const one = project({ main: acme });
    const bundle = join(one.folder, 'storage.bundle');
    one.repository.git('bundle', 'create', '--quiet', bundle, '--all');
    expect(await one.build(['--storage', 'storage.bundle', '--offline'])).toMatchObject({ status: 0 });
    push(one, 'main', packageFiles('acme', '2.0.0'));
    one.repository.git('bundle', 'create', '--quiet', bundle, '--all');
    expect(await one.build(['--storage', 'storage.bundle', '--offline'])).toMatchObject({ status: 0 });
    expect(one.built()).toEqual(['acme@2.0.0']);
    expect(readdirSync(join(one.folder, '.cache/git'))).toHaveLength(1);
  });

  test('a SHA-256 one, and a clone of it', async () => {
    const one = project({ main: packageFiles('acme', '1.0.0', { 'docs/odd name.md': 'x' }) }, 'sha256');
    expect(await one.build()).toMatchObject({ status: 0 });
    const before = listing(join(one.folder, 'dist/all/package'));
    expect(await one.build(['--storage', pathToFileURL(one.repository.folder).href])).toMatchObject({ status: 0 });
    expect(listing(join(one.folder, 'dist/all/package'))).toEqual(before);
  });

  test('a clone by URL is fetched again when its origin moves; not with --offline', async () => {
    const one = project({ main: acme });
    const storage = ['--storage', pathToFileURL(one.repository.folder).href];
    const never = await one.build([...storage, '--offline']);
    expect(never).toMatchObject({ status: 2, stderr: expect.stringMatching(/was never fetched[^]*without --offline/) });
    expect(await one.build(storage)).toMatchObject({ status: 0 });
    push(one, 'main', packageFiles('acme', '2.0.0'));
    expect(await one.build([...storage, '--offline'])).toMatchObject({ status: 0 });
    expect(one.built()).toEqual(['acme@1.0.0']);
    expect(await one.build(storage)).toMatchObject({ status: 0 });
    expect(one.built()).toEqual(['acme@2.0.0']);
    one.repository.git('update-ref', 'refs/heads/main', 'main~1'); // as a forced push does
    expect(await one.build(storage)).toMatchObject({ status: 0 });
    expect(one.built()).toEqual(['acme@1.0.0']);
    rmSync(one.repository.folder, { recursive: true });
    expect(await one.build(storage)).toMatchObject({ status: 2, stderr: expect.stringContaining('[git-failed]') });
    expect(await one.build([...storage, '--offline'])).toMatchObject({ status: 0 });
  });

  test('a repository on this machine is cloned with settings by which it runs nothing', async () => {
    const one = project({ main: acme });
    const trace = join(one.folder, 'trace');
    const storage = ['--storage', pathToFileURL(one.repository.folder).href];
    for (let round = 0; round < 2; round++) {
      rmSync(trace, { force: true });
      expect(await one.build(storage, { GIT_TRACE: trace })).toMatchObject({ status: 0 });
      expect(readFileSync(trace, 'utf8')).toMatch(/GIT_ALLOW_PROTOCOL=none GIT_NO_LAZY_FETCH=1 git .*upload-pack/);
    }
  });

  test("a stack's release is fetched once a run, from a URL too", async () => {
    const one = project({ main: acme });
    one.repository.git('tag', '8.7.0', 'main');
    const url = pathToFileURL(one.repository.folder).href;
    const fetches = async (...args: string[]): Promise<number> => {
      const trace = join(one.folder, 'trace');
      rmSync(trace, { force: true });
      const done = await run([...args, '--storage', url], { cwd: one.folder, env: { GIT_TRACE: trace } });
      expect(done).toMatchObject({ status: 0 });
      return readFileSync(trace, 'utf8')
        .split('\n')
        .filter((line) => / built-in: git (clone|fetch) /.test(line)).length;
    };
    expect(await fetches('build', '--dist', '8.7.0')).toBe(1);
    expect(await fetches('build', '--dist', '8.7.0')).toBe(1);
    expect(await fetches('list', '--dist', '8.7.0')).toBe(1);
    expect(await fetches('diff', '8.7.0', '8.7.0')).toBe(1);
    const unknown = await one.build(['--dist', '9.9.9', '--storage', url]);
    expect(unknown).toMatchObject({ status: 2, stderr: expect.stringContaining('there is no distribution "9.9.9"') });
    writeFiles(join(one.folder, 'folder/9.9.9/packages'), acme);
    const folder = await one.build(['--dist', '9.9.9', '--storage', 'folder']);
    expect(folder).toMatchObject({ status: 2, stderr: expect.stringContaining('there is no distribution "9.9.9"') });
  });

  test('many that fetch into one clone at once wait for each other', async () => {
    const one = project({ main: acme });
    const storage = ['--storage', pathToFileURL(one.repository.folder).href];
    for (let round = 0; round < 3; round++) {
      for (let branch = 0; branch < 40; branch++) one.repository.git('branch', '--force', `b${branch}`, 'main');
      const runs = await Promise.all(
        Array.from({ length: 6 }, () => run(['list', '--dist', 'all', ...storage], { cwd: one.folder })),
      );
      expect(runs.map(({ stderr, status }) => (status === 0 ? 'listed' : stderr))).toEqual(runs.map(() => 'listed'));
      push(one, 'main', packageFiles('acme', `2.0.${round}`));
    }
  });

  test('two first builds of a URL at once, and what a killed one has left', async () => {
    const one = project({ main: acme });
    const storage = ['--storage', pathToFileURL(one.repository.folder).href];
    for (let round = 0; round < 2; round++) {
      const runs = await Promise.all([1, 2, 3].map((n) => one.build([...storage, '--out', `dist${n}`])));
      expect(runs.map(({ stderr, status }) => (status === 0 ? 'built' : stderr))).toEqual(['built', 'built', 'built']);
      push(one, 'main', packageFiles('acme', '2.0.0'));
    }
    const [clone = ''] = readdirSync(join(one.folder, '.cache/git'));
    const gone = ownProcess().replace(/-\d+-/, '-99999999-');
    mkdirSync(join(one.folder, `.cache/git/${clone}.${gone}.tmp`));
    expect(await one.build(storage)).toMatchObject({ status: 0 });
    expect(readdirSync(join(one.folder, '.cache/git'))).toEqual([clone]);
  });
});

describe('refs', () => {
  test('--ref pins a layer to a commit, a tag or another branch', async () => {
    const one = project({ main: acme, other: packageFiles('other', '1.0.0') });
    writeFiles(join(one.folder, 'content'), { 'distributions.yml': distributions('../origin.git', ['main']) });
    const first = one.repository.git('rev-parse', 'main');
    one.repository.git('tag', '-a', '-m', 'annotated', 'v1', first);
    push(one, 'main', packageFiles('acme', '2.0.0'));
    for (const [ref, found] of [
      ['main', 'acme@2.0.0'],
      [first, 'acme@1.0.0'],
      [first.slice(0, 10), 'acme@1.0.0'],
      ['v1', 'acme@1.0.0'],
      ['other', 'other@1.0.0'],
    ] as const) {
      expect(await one.build(['--ref', `main=${ref}`])).toMatchObject({ status: 0 });
      expect(one.built()).toEqual([found]);
    }
  });

  test.each(['mian', '--all', 'main:packages', 'HEAD^{tree}', 'main..v1'])(
    'an unknown one, %s, lists what there is',
    async (ref) => {
      const one = project({ main: acme });
      push(one, 'side/branch', acme);
      one.repository.git('tag', 'v1', 'main');
      const failed = await one.build(['--ref', `main=${ref}`]);
      expect(failed).toMatchObject({ status: 2, stdout: '' });
      expect(failed.stderr).toContain(`no branch, tag or commit "${ref}" (layer main)`);
      expect(failed.stderr).toContain('it has: main, side/branch, v1');
    },
  );

  test('`packages: .` reads the root of the layer', async () => {
    const one = project({});
    one.repository.commit('main', one.repository.treeOf(acme));
    const config = distributions('../origin.git', ['main']);
    writeFiles(one.folder, { 'content/distributions.yml': config });
    expect(await one.build()).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/no folder "packages"[^]*`packages`/),
    });
    writeFiles(one.folder, { 'content/distributions.yml': config.replace('{}', '{ packages: . }') });
    expect(await one.build()).toMatchObject({ status: 0 });
    expect(one.built()).toEqual(['acme@1.0.0']);
  });
});

/** What lies in a project but for what can be made again. */
function withoutCache({ folder }: Project): string[] {
  return listing(folder).filter((line) => !line.startsWith('".cache/'));
}

/** Deletes an object, as a broken disk does. */
function forget({ repository }: Project, object: string): void {
  const id = repository.git('rev-parse', object);
  rmSync(join(repository.folder, 'objects', id.slice(0, 2), id.slice(2)), { force: true });
}

describe('what a repository may lack or hold', () => {
  test.each([
    ['docs/logo.txt', 'docs/logo.txt'],
    ['manifest.yml', 'manifest.yml'],
    ['docs', 'docs/'],
  ])('a missing %s is a finding for it', async (path, where) => {
    const files = packageFiles('acme', '1.0.0', { 'docs/logo.txt': 'a logo' });
    const one = project({ main: { ...files, ...packageFiles('whole', '1.0.0') } });
    forget(one, `main:packages/acme/1.0.0/${path}`);
    const failed = await one.build();
    expect(failed.status).toBe(1);
    expect(failed.stdout).toMatch(
      new RegExp(`error .*main: packages/acme/1.0.0/${where}: the (storage|repository) lacks`),
    );
    expect(await one.build(['--skip-unfit'])).toMatchObject({ status: 0 });
    expect(one.built()).toEqual(['whole@1.0.0']);
  });

  test('a missing folder of a package, or signature, is one too', async () => {
    const one = project({ main: { ...acme, 'acme/1.0.0.sig': 'signed', ...packageFiles('whole', '1.0.0') } });
    forget(one, 'main:packages/whole');
    forget(one, 'main:packages/acme/1.0.0.sig');
    const failed = await one.build();
    expect(failed.status).toBe(1);
    expect(failed.stdout).toContain('main: packages/whole: the repository lacks this folder');
    expect(failed.stdout).toContain('main: packages/acme/1.0.0.sig: the storage lacks');
  });

  test('a broken object stops the build, and leaves the site', async () => {
    const one = project({ main: packageFiles('acme', '1.0.0', { 'docs/logo.txt': 'a logo' }) });
    await one.build();
    const before = listing(join(one.folder, 'dist'));
    const id = one.repository.git('rev-parse', 'main:packages/acme/1.0.0/docs/logo.txt');
    const file = join(one.repository.folder, 'objects', id.slice(0, 2), id.slice(2));
    rmSync(file);
    writeFileSync(file, 'garbage');
    rmSync(join(one.folder, '.cache'), { recursive: true, force: true });
    const failed = await one.build();
    expect(failed.status).toBeGreaterThan(0);
    expect(failed.stderr).not.toContain('bug');
    expect(listing(join(one.folder, 'dist'))).toEqual(before);
  });

  test('links and submodules are findings, wherever they are', async () => {
    const one = project({ main: acme });
    const { repository } = one;
    const link = repository.blob('/etc/passwd');
    const commit = repository.git('rev-parse', 'main');
    const inner = repository.tree([
      { mode: '120000', name: 'link', id: link },
      { mode: '160000', name: 'module', id: commit },
    ]);
    const version = repository.tree([{ mode: '40000', name: '1.0.0', id: inner }]);
    const packages = repository.tree([
      { mode: '40000', name: 'acme', id: version },
      { mode: '120000', name: 'linked', id: link },
      { mode: '160000', name: 'module', id: commit },
    ]);
    repository.commit('main', repository.tree([{ mode: '40000', name: 'packages', id: packages }]));
    const failed = await one.build();
    expect(failed.status).toBe(1);
    expect(failed.stdout).toContain('main: packages/acme/1.0.0/link: is a symbolic link');
    expect(failed.stdout).toContain('main: packages/acme/1.0.0/module: is a submodule');
    expect(failed.stdout).toContain('main: packages/linked: is a symbolic link');
    expect(failed.stdout).toContain('main: packages/module: is a submodule');
  });

  test.each([
    ['..', 'a name that no file can have'],
    ['.', 'a name that no file can have'],
    ['a/../../../../../evil', 'a name that no file can have'],
    [Buffer.from([0xc3, 0x28]), 'a name that no file can have'],
    ['x'.repeat(300), 'too long a name'],
    ['twice', 'a name that no file can have'],
  ])('an entry called %j is a finding', async (name, text) => {
    const one = project({ main: acme });
    const { repository } = one;
    const id = repository.blob('evil');
    const entry = { mode: '100644', name, id } as const;
    const inner = repository.tree([entry, ...(name === 'twice' ? [entry] : [])]);
    const version = repository.tree([{ mode: '40000', name: '1.0.0', id: inner }]);
    const packages = repository.tree([{ mode: '40000', name: 'acme', id: version }]);
    repository.commit('main', repository.tree([{ mode: '40000', name: 'packages', id: packages }]));
    const before = withoutCache(one);
    const failed = await one.build();
    expect(failed).toMatchObject({
      status: 1,
      stdout: expect.stringContaining(text),
      stderr: expect.not.stringContaining('bug'),
    });
    expect(withoutCache(one)).toEqual(before);
  });

  test('entries with odd names are files like others', async () => {
    const names = ['a b#?%.txt', 'new\nline', '-dash', '[x]{y}', '日本語', '"quoted"', '.dot', 'back\\slash', ' '];
    const files = Object.fromEntries(names.map((name) => [`docs/${name}`, name]));
    const one = project({ main: packageFiles('acme', '1.0.0', files) });
    expect(await one.build()).toMatchObject({ status: 0 });
    for (const name of names)
      expect(readFileSync(join(one.folder, 'dist/all/package/acme/1.0.0/docs', name), 'utf8')).toBe(name);
  });

  test('a zip in a tree is served as it is', async () => {
    const one = project({ main: acme });
    await one.build();
    const zip = readFileSync(join(one.folder, 'dist/all/epr/acme/acme-1.0.0.zip'));
    push(one, 'main', { 'acme-1.0.0.zip': zip, 'acme-1.0.0.zip.sig': 'signed' });
    expect(await one.build()).toMatchObject({ status: 0 });
    expect(readFileSync(join(one.folder, 'dist/all/epr/acme/acme-1.0.0.zip'))).toEqual(zip);
    expect(readFileSync(join(one.folder, 'dist/all/package/acme/1.0.0/docs/README.md'), 'utf8')).toBe('# acme\n');
  });

  test('what a zip holds is found again where the cache has lost it', async () => {
    const one = project({ main: acme });
    await one.build();
    const zip = readFileSync(join(one.folder, 'dist/all/epr/acme/acme-1.0.0.zip'));
    const other = project({ main: { 'acme-1.0.0.zip': zip } });
    writeFiles(other.folder, { 'folder/main/packages/acme-1.0.0.zip': zip });
    for (const storage of ['origin.git', 'folder']) {
      expect(await other.build(['--storage', storage])).toMatchObject({ status: 0 });
      for (const lost of ['dist', '.cache/contents']) rmSync(join(other.folder, lost), { recursive: true });
      expect(await other.build(['--storage', storage])).toMatchObject({ status: 0 });
    }
    const readme = join(other.folder, 'dist/all/package/acme/1.0.0/docs/README.md');
    expect(readFileSync(readme, 'utf8')).toBe('# acme\n');
  });
});

describe('surroundings', () => {
  test('variables for git that point elsewhere do not mislead', async () => {
    const one = project({ main: acme });
    const other = project({ main: packageFiles('other', '1.0.0') });
    const elsewhere = other.repository.folder;
    const env = {
      GIT_DIR: elsewhere,
      GIT_OBJECT_DIRECTORY: join(elsewhere, 'objects'),
      GIT_WORK_TREE: other.folder,
      GIT_NAMESPACE: 'elsewhere',
      GIT_COMMON_DIR: elsewhere,
    };
    const storages = [[], ['--storage', pathToFileURL(one.repository.folder).href]];
    for (const storage of storages) {
      expect(await one.build(storage, env)).toMatchObject({ status: 0 });
      expect(one.built()).toEqual(['acme@1.0.0']);
    }
  });

  test('a replacement of an object is not used', async () => {
    const one = project({ main: acme });
    const id = one.repository.git('rev-parse', 'main:packages/acme/1.0.0/docs/README.md');
    one.repository.git('replace', id, one.repository.blob('replaced'));
    expect(await one.build()).toMatchObject({ status: 0 });
    expect(readFileSync(join(one.folder, 'dist/all/package/acme/1.0.0/docs/README.md'), 'utf8')).toBe('# acme\n');
  });

  test.each(['https://someone:s3cret@127.0.0.1:1/storage.git', 'https://someone:s3cr@s3cret@127.0.0.1:1/storage.git'])(
    'the password of %s is shown nowhere',
    async (url) => {
      const one = project({ main: acme });
      for (const args of [
        ['--storage', url],
        ['--storage', url, '--offline'],
      ]) {
        const failed = await one.build(args);
        expect(failed.status).toBe(2);
        expect(failed.stderr).toContain('127.0.0.1:1/storage.git');
        expect(failed.stdout + failed.stderr).not.toMatch(/s3cr/);
      }
    },
  );

  test('a password is neither in the report nor in the cache', async () => {
    const one = project({ main: acme });
    const env = {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `url.${one.repository.folder}.insteadOf`,
      GIT_CONFIG_VALUE_0: 'https://someone:s3cret@example.invalid/storage.git',
    };
    const storage = ['--storage', env.GIT_CONFIG_VALUE_0, '--json'];
    for (let round = 0; round < 2; round++) {
      const built = await one.build(storage, env);
      expect(built).toMatchObject({ status: 0, stderr: 'Fetching https://example.invalid/storage.git\n' });
      expect(built.stdout).toContain('"https://example.invalid/storage.git"');
      expect(built.stdout).not.toContain('s3cret');
    }
    const files = readdirSync(one.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const withPassword = files.filter((entry) =>
      readFileSync(join(entry.parentPath, entry.name), 'latin1').includes('s3cret'),
    );
    expect(withPassword.map(({ name }) => name)).toEqual([]);
  });
});
