import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { cleanEnvironment, listing, run, temporaryFolder } from '../support/cli.ts';
import type { Run } from '../support/cli.ts';
import { sharedPath } from '../support/contract.ts';
import { createRepository, packageFiles, runGit, under, writeFiles } from '../support/repository.ts';
import type { Files, Repository } from '../support/repository.ts';

/* The verbs that only read a storage: check, diff, explain, list; and the lock of a build. */

const program = fileURLToPath(new URL('../../lib/cli.js', import.meta.url));

const CONFIG = `registry: 1.40.1
storage: ../origin.git
layers:
  production: { overwrite: never, remove: never }
  staging: { overwrite: warn, remove: exception }
  snapshot: { overwrite: allow, remove: allow }
distributions:
  production: { layers: [production] }
  staging: { layers: [production, staging] }
  snapshot: { layers: [production, staging, snapshot] }
`;

interface Project {
  readonly folder: string;
  readonly repository: Repository;
  run(...args: readonly string[]): Promise<Run>;
  json<T>(...args: readonly string[]): Promise<T>;
}

/** A project over a bare repository; layer -> its packages. */
function project(layers: Readonly<Record<string, Files>>): Project {
  const folder = temporaryFolder();
  const repository = createRepository(join(folder, 'origin.git'));
  writeFiles(folder, { 'content/distributions.yml': CONFIG });
  for (const layer of ['production', 'staging', 'snapshot'])
    push(repository, layer, layers[layer] ?? packageFiles(`only_${layer}`, '1.0.0'));
  const runHere = async (...args: readonly string[]): Promise<Run> => await run(args, { cwd: folder });
  return {
    folder,
    repository,
    run: runHere,
    json: async (...args) => JSON.parse((await runHere(...args, '--json')).stdout) as never,
  };
}

/** Puts exactly these packages on a branch; the commit. */
function push(repository: Repository, branch: string, files: Files): string {
  return repository.commit(branch, repository.treeOf(under('packages', files)));
}

/** A branch on top of a layer that holds these packages in place of the layer's. */
function propose({ repository }: Project, layer: string, files: Files, message = 'A change'): string {
  const tree = repository.treeOf(under('packages', files));
  const parent = repository.git('rev-parse', `refs/heads/${layer}`);
  const commit = repository.git('commit-tree', tree, '-p', parent, '-m', message);
  repository.git('update-ref', 'refs/heads/change', commit);
  return commit;
}

interface Checked {
  readonly findings: readonly { code: string; level: string; where: string; file?: string; line?: number }[];
}

const kinds = ({ findings }: Checked): string[] => findings.map(({ level, code }) => `${level} ${code}`);
const acme = packageFiles('acme', '1.0.0');
const newer = packageFiles('acme', '1.1.0');
const changed = packageFiles('acme', '1.0.0', { 'docs/README.md': '# changed\n' });

/** Its manifest has a condition that does not parse, in line 7. */
function broken(name: string): Files {
  return packageFiles(name, '1.0.0', {
    'manifest.yml': `format_version: 3.0.0\nname: ${name}\nversion: 1.0.0\ntitle: x\ndescription: x\nconditions:\n  kibana.version: nonsense\n`,
  });
}

/** For these versions of Kibana. */
function acmeFor(constraint: string, version: string): Files {
  return packageFiles('acme', version, {
    'manifest.yml': `format_version: 3.0.0\nname: acme\nversion: ${version}\ntitle: x\ndescription: x\nconditions: {kibana: {version: "${constraint}"}}\n`,
  });
}

type Ids = readonly { readonly id: string }[];

/** What sites and distributions say alike: a site has no layers. */
function withoutLayers({
  added,
  removed,
  changed: files,
  noticed,
}: Record<'added' | 'removed' | 'changed' | 'noticed', Ids>): object {
  return {
    added: added.map(({ id }) => id),
    removed: removed.map(({ id }) => id),
    files: files.map(({ id }) => id),
    noticed,
  };
}

describe('check', () => {
  test('a new version is clean; nothing of the repository changes', async () => {
    const one = project({ production: acme, staging: acme });
    propose(one, 'staging', { ...acme, ...newer });
    const before = listing(one.repository.folder);
    const checked = await one.run('check', '--layer', 'staging', '--head', 'change', '--title', '[staging] Add acme');
    expect(checked).toMatchObject({ status: 0, stderr: '' });
    expect(checked.stdout).toMatch(/added +acme@1\.1\.0\n[^]*0 errors, 0 warnings, 0 notes/);
    expect(listing(one.repository.folder)).toEqual(before);
  });

  test('policies: overwriting and removing, with a reason and without', async () => {
    const other = packageFiles('other', '1.0.0');
    const layers = {
      production: { ...acme, ...other },
      staging: { ...newer, ...other, ...packageFiles('third', '1.0.0') },
    };
    const one = project(layers);
    const check = async (layer: string): Promise<Checked> =>
      await one.json('check', '--layer', layer, '--head', 'change');
    propose(one, 'production', changed);
    expect(kinds(await check('production'))).toEqual(['error overwrite', 'error remove', 'note packages']);
    propose(one, 'staging', { ...packageFiles('acme', '1.1.0', { 'docs/README.md': 'x' }), ...other });
    expect(kinds(await check('staging'))).toEqual(['warning overwrite', 'error remove', 'note packages']);
    propose(one, 'staging', { ...newer, ...other }, 'Remove third\n\nReason: loses events');
    expect(kinds(await check('staging'))).toEqual(['warning remove']);
    propose(one, 'staging', { ...newer, ...packageFiles('third', '1.0.0') });
    expect(kinds(await check('staging'))).toEqual(['note promoted']);
  });

  test('what is in a higher layer already, lower than that, or different there', async () => {
    const one = project({ production: newer });
    const check = async (files: Files): Promise<string[]> => {
      propose(one, 'snapshot', { ...packageFiles('only_snapshot', '1.0.0'), ...files });
      return kinds(await one.json('check', '--layer', 'snapshot', '--head', 'change'));
    };
    expect(await check(newer)).toEqual(['error not-newer']);
    expect(await check(acme)).toEqual(['error not-newer']);
    expect(await check(packageFiles('acme', '1.1.0', { 'docs/README.md': 'x' }))).toEqual([
      'error collision',
      'error not-newer',
    ]);
    expect(await check(packageFiles('acme', '1.2.0-rc1'))).toEqual([]);
  });

  test('the rules of the build, with file and line; only on what the change adds', async () => {
    const one = project({ staging: broken('old') });
    propose(one, 'staging', { ...broken('old'), ...broken('acme') });
    const checked = await one.json<Checked>('check', '--layer', 'staging', '--head', 'change');
    expect(checked.findings).toMatchObject([
      { code: 'unfit', level: 'error', file: 'packages/acme/1.0.0/manifest.yml', line: 7 },
    ]);
    const github = await one.run('check', '--layer', 'staging', '--head', 'change', '--format', 'github');
    expect(github.status).toBe(1);
    expect(github.stdout).toBe(
      '::error file=packages/acme/1.0.0/manifest.yml,line=7,title=unfit::' +
        'staging: packages/acme/1.0.0/manifest.yml: conditions.kibana.version does not parse as a constraint\n',
    );
  });

  test('a large file, a path in another case, and a title', async () => {
    const one = project({});
    const files = { 'img/large.bin': Buffer.alloc(25 * 2 ** 20 + 1), 'docs/readme.md': 'x' };
    propose(one, 'snapshot', { ...packageFiles('only_snapshot', '1.0.0'), ...packageFiles('acme', '1.0.0', files) });
    const args = ['check', '--layer', 'snapshot', '--head', 'change', '--title', 'Add acme'];
    expect(kinds(await one.json(...args))).toEqual(['error title', 'error case', 'warning kibana', 'error large-file']);
  });

  test('what the base has got meanwhile is no removal', async () => {
    const one = project({ staging: acme });
    propose(one, 'staging', { ...acme, ...packageFiles('mine', '1.0.0') });
    push(one.repository, 'staging', { ...acme, ...packageFiles('theirs', '1.0.0') });
    const args = ['check', '--layer', 'staging', '--base', 'staging', '--head', 'change'];
    expect(await one.json(...args)).toMatchObject({ findings: [], change: { added: ['mine@1.0.0'], removed: [] } });
  });

  test('file modes alone are a note', async () => {
    const one = project({ production: acme });
    const { repository } = one;
    const blob = (path: string): string => repository.git('rev-parse', `production:packages/acme/1.0.0/${path}`);
    const docs = repository.tree([{ mode: '100644', name: 'README.md', id: blob('docs/README.md') }]);
    const manifest = { mode: '100755' as '100644', name: 'manifest.yml', id: blob('manifest.yml') };
    const version = repository.tree([{ mode: '40000', name: 'docs', id: docs }, manifest]);
    const name = repository.tree([{ mode: '40000', name: '1.0.0', id: version }]);
    const packages = repository.tree([{ mode: '40000', name: 'acme', id: name }]);
    repository.commit('change', repository.tree([{ mode: '40000', name: 'packages', id: packages }]));
    const checked = await one.json<Checked>(
      'check',
      '--layer',
      'production',
      '--base',
      'production',
      '--head',
      'change',
    );
    expect(kinds(checked)).toEqual(['note modes']);
  });

  test('what can not run says why', async () => {
    const one = project({});
    expect(await one.run('check', '--layer', 'stagging')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('did you mean "staging"?'),
    });
    expect(await one.run('check', '--head', 'x')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--layer'),
    });
    expect(await one.run('check', '--layer', 'staging', '--head', 'nope')).toMatchObject({ status: 2 });
  });
});

describe('diff', () => {
  test('two commits of a layer, alone and in a distribution', async () => {
    const one = project({ production: acmeFor('^8.0.0', '1.0.0'), staging: packageFiles('other', '1.0.0') });
    const { repository } = one;
    const from = repository.git('rev-parse', 'staging');
    push(repository, 'staging', {
      ...acmeFor('^8.5.0', '1.1.0'),
      ...packageFiles('other', '1.0.0', { 'docs/README.md': 'x', 'docs/more.md': 'y' }),
    });
    const alone = await one.json<{ noticed: object[] }>('diff', from, 'staging', '--layer', 'staging');
    expect(alone).toMatchObject({
      added: [{ id: 'acme@1.1.0', layer: 'staging' }],
      removed: [],
      changed: [
        {
          id: 'other@1.0.0',
          files: [
            { path: 'docs/README.md', change: 'changed' },
            { path: 'docs/more.md', change: 'added' },
          ],
        },
      ],
      noticed: [
        { package: 'acme', after: '1.1.0', clients: { prerelease: 'any', kibana: ['>=8.5.0 <9.0.0', 'none'] } },
      ],
    });
    const args = ['diff', from, 'staging', '--layer', 'staging', '--dist', 'staging'];
    expect(await one.json(...args)).toMatchObject({ noticed: [{ before: '1.0.0', after: '1.1.0' }] });
    const markdown = await one.run(...args, '--format', 'markdown');
    expect(markdown).toMatchObject({ status: 0 });
    expect(markdown.stdout).toContain('| Kibana \\>=8.5.0 \\<9.0.0; no version given | `acme` | 1.0.0 | 1.1.0 |');
  });

  test('says why a change that a higher layer hides shows nothing', async () => {
    const one = project({ production: acme });
    const { repository } = one;
    const from = repository.git('rev-parse', 'staging');
    push(repository, 'staging', { ...packageFiles('only_staging', '1.0.0'), ...changed });
    const args = ['diff', from, 'staging', '--layer', 'staging', '--dist', 'staging'];
    expect((await one.run(...args)).stdout).toContain(
      "acme@1.0.0 was added in staging; clients don't see it, since production holds it with other content and wins",
    );
    const back = ['diff', 'staging', from, '--layer', 'staging', '--dist', 'staging', '--format', 'markdown'];
    expect((await one.run(...back)).stdout).toContain('acme@1.0.0 was removed in staging');
    push(repository, 'staging', { ...packageFiles('only_staging', '1.0.0'), ...acme });
    expect(await one.json('diff', 'staging~1', 'staging', ...args.slice(3))).toMatchObject({
      hidden: [{ id: 'acme@1.0.0', layer: 'staging', change: 'changed', by: 'production', sameContent: true }],
    });
  });

  test('two sites say what their distributions say', async () => {
    const one = project({
      production: acme,
      staging: { ...changed, ...newer },
      snapshot: packageFiles('next', '1.0.0-a'),
    });
    for (const dist of ['production', 'snapshot']) await one.run('build', '--dist', dist);
    const sites = await one.json<Parameters<typeof withoutLayers>[0]>('diff', 'dist/production', 'dist/snapshot');
    const distributions = await one.json<Parameters<typeof withoutLayers>[0]>('diff', 'production', 'snapshot');
    expect(withoutLayers(sites)).toEqual(withoutLayers(distributions));
    expect(sites.added).toMatchObject([{ id: 'acme@1.1.0' }, { id: 'next@1.0.0-a' }]);
    const text = await one.run('diff', 'dist/production', 'dist/snapshot');
    expect(text.stdout).toMatch(/no version given, with prerelease=true\n +next +\(none\) -> 1\.0\.0-a/);
    const mixed = await one.run('diff', 'dist/production', 'snapshot');
    expect(mixed).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is a site, and the other side is not'),
    });
  });
});

describe('a git that fails', () => {
  test.each([
    ['cat-file', '--batch-check', []],
    ['cat-file', '--batch-command', []],
    ['merge-base', '', ['--layer', 'staging', '--head', 'staging']],
  ])('at %s %s ends the check, in words of its own', async (command, option, args) => {
    const one = project({ production: acme });
    const bin = join(one.folder, 'bin');
    const git = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
    const wrapper = `#!/bin/sh\ncase "$*" in *" ${command} ${option}"*) echo fatal: no luck >&2; exit 128;; esac\nexec ${git} "$@"\n`;
    writeFiles(bin, { git: wrapper });
    chmodSync(join(bin, 'git'), 0o755);
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    const { status, stderr } = await run(['check', ...args], { cwd: one.folder, env });
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('fatal: no luck') as string });
    expect(stderr).toContain(command);
  });
});

describe('explain', () => {
  test('each revision, newest first, with its layer, what it shadows and the rule', async () => {
    const one = project({ production: acme, staging: { ...acme, ...newer }, snapshot: changed });
    const explained = await one.run('explain', 'acme', '--dist', 'snapshot', '--kibana', '8.3.0');
    expect(explained).toMatchObject({ status: 0, stderr: '' });
    expect(explained.stdout).toMatch(/^\/search\?package=acme&kibana\.version=8\.3\.0 on snapshot/);
    expect(explained.stdout).toMatch(/acme 1\.1\.0\n +found 1\.1\.0 +staging: .*\[found\]\n/);
    expect(explained.stdout).toMatch(
      / out +1\.0\.0 +production, over staging, snapshot \(other content\): .*1\.1\.0 is newer.*\[not-newest\]/,
    );
    const seven = await one.json(
      'explain',
      '--dist',
      'snapshot',
      '--url',
      'https://x/search?package=acme&kibana.version=7.0',
    );
    expect(seven).toMatchObject({
      packages: [{ name: 'acme', found: [], revisions: [{ rule: 'kibana' }, { rule: 'kibana' }] }],
    });
  });

  test('says what was asked in letters, whatever the alphabet', async () => {
    const one = project({ production: acme });
    const textFor = async (...args: string[]): Promise<string> =>
      (await one.run('explain', '--dist', 'production', ...args)).stdout;
    expect(await textFor('acme', '--category', 'Sécurité')).toMatch(/ are in Sécurité \[category\]/);
    expect(await textFor('acme', '--type', 'été')).toMatch(/its type is integration, not été \[type\]/);
    expect(await textFor('acme', '--url', '/search?package=%C3%A9')).toMatch(/asks for the package é \[package\]/);
    expect(await textFor('acme', '--discovery', 'fields:länge')).toMatch(/discovery fields:länge must have all/);
    expect(await one.run('explain', '--dist', 'production', '--url', '/search?package=ä')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('production has no package "ä"'),
    });
  });

  test('a tag of a stack release is a distribution', async () => {
    const one = project({ production: acme });
    one.repository.git('tag', '8.7.0', 'production');
    push(one.repository, 'production', { ...acme, ...newer });
    const explained = await one.json('explain', 'acme', '--dist', '8.7.0');
    expect(explained).toMatchObject({ distribution: '8.7.0', packages: [{ found: ['1.0.0'] }] });
    expect(await one.json('diff', '8.7.0', 'production')).toMatchObject({ added: [{ id: 'acme@1.1.0' }], removed: [] });
  });

  test('all packages of a request, an unknown one, and a bad request', async () => {
    const one = project({ production: { ...acme, ...packageFiles('other', '1.0.0-a') } });
    const all = await one.run('explain', '--dist', 'production', '--url', '/search');
    expect(all.stdout).toContain('1 package of 2 found');
    expect(await one.run('explain', 'acne', '--dist', 'production')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('did you mean "acme"?'),
    });
    expect(await one.run('explain', 'acne', '--dist', 'production', '--storage', one.repository.folder)).toMatchObject({
      stderr: expect.stringContaining(`list --dist production --storage ${one.repository.folder} shows`),
    });
    expect(await one.run('explain', 'acme', '--dist', 'production', '--kibana', 'x')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("invalid Kibana version 'x'"),
    });
    expect(await one.run('explain', '--dist', 'production', '--url', '/package/a')).toMatchObject({ status: 2 });
  });

  test('a version that is not there is a finding, though the nearest ones are told', async () => {
    const one = project({ production: acme });
    const there = await one.run('explain', 'acme', '1.0', '--dist', 'production');
    expect(there).toMatchObject({ status: 0, stdout: expect.stringContaining('acme 1.0; this client gets 1.0.0') });
    const nearest = await one.run('explain', 'acme', '1.9', '--dist', 'production');
    expect(nearest).toMatchObject({ status: 1, stdout: expect.stringContaining('There is no acme 1.9') });
  });
});

describe('list', () => {
  test('revisions by layer, and what waits since when', async () => {
    const one = project({ production: acme, staging: { ...acme, ...newer } });
    const { repository } = one;
    const tree = repository.treeOf(under('packages', { ...newer, ...packageFiles('acme', '2.0.0') }));
    const parent = repository.git('rev-parse', 'snapshot');
    const commit = repository.git('commit-tree', tree, '-p', parent, '-m', 'next');
    repository.git('update-ref', 'refs/heads/snapshot', commit);
    const listed = await one.run('list', '--dist', 'snapshot');
    expect(listed).toMatchObject({ status: 0, stderr: '' });
    expect(listed.stdout).toMatch(
      /\nPACKAGE +VERSION +SIZE +LAYER +KIBANA\nacme +1\.0\.0 +\d+ B +production +\^8\.0\.0\nacme +1\.1\.0 +\d+ B +staging +\^8\.0\.0\nacme +2\.0\.0 +\d+ B +snapshot /,
    );
    const long = await one.run('list', 'acme', '--dist', 'snapshot', '--long');
    expect(long.stdout).toMatch(
      /FILES +FORM +SINCE +TITLE\nacme +1\.0\.0 .* production \(and staging\) .* 2 +folder +2024-01-02 +acme\n/,
    );
    const near = await one.run('list', 'acne', '--dist', 'snapshot');
    expect(near).toMatchObject({ status: 2, stderr: expect.stringContaining('did you mean "acme"?') as unknown });
    expect(listed.stdout).toContain('acme@1.1.0 in staging since 2024-01-02, for production (1.0.0 is newest there)');
    expect(listed.stdout).toContain('acme@2.0.0 in snapshot since 2024-01-02, for staging (1.1.0 is newest there)');
    const outdated = await one.json<{ waiting: { id: string }[] }>(
      'list',
      '--dist',
      'snapshot',
      '--layer',
      'snapshot',
      '--outdated',
    );
    expect(outdated.waiting.map(({ id }) => id)).toEqual(['acme@2.0.0']);
  });
});

test('a build warns of packages that differ only by case, as a check does', async () => {
  const one = project({ production: packageFiles('acme', '1.0.0-RC1'), staging: packageFiles('acme', '1.0.0-rc1') });
  const text = 'differs only by case from acme@1.0.0-RC1 in production';
  const built = await one.run('build', '--dist', 'staging');
  expect(built).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(`packages/acme/1.0.0-rc1: ${text} [case]`),
  });
  const checked = await one.run('check', '--layer', 'staging');
  expect(checked).toMatchObject({
    status: 1,
    stdout: expect.stringContaining(`packages/acme/1.0.0-rc1: ${text} [case]`),
  });
});

describe('a built site', () => {
  test('is listed and explained like the distribution that it was built of', async () => {
    const one = project({ production: acme, staging: { ...newer, ...acmeFor('^9.0.0', '2.0.0') } });
    expect(await one.run('build', '--dist', 'staging')).toMatchObject({ status: 0 });
    const site = ['--dir', 'dist/staging'];
    type Listed = { revisions: { name: string; version: string; size: number; kibana?: string; files: number }[] };
    const facts = ({ revisions }: Listed): string[] =>
      revisions.map(({ name, version, size, kibana, files }) => `${name} ${version} ${size} ${kibana ?? ''} ${files}`);
    const listed = await one.json<Listed>('list', ...site);
    expect(facts(listed)).toEqual(facts(await one.json<Listed>('list', '--dist', 'staging')));
    expect(facts(listed)).toHaveLength(3);
    type Explained = { packages: { revisions: { version: string; rule: string; text: string }[] }[] };
    const rules = ({ packages }: Explained): string[] =>
      packages.flatMap(({ revisions }) => revisions.map(({ version, rule, text }) => `${version} ${rule} ${text}`));
    for (const asked of [['acme', '--kibana', '8.5.0'], ['acme', '1', '--category', 'custom'], []]) {
      const explained = await one.json<Explained>('explain', ...asked, ...site);
      expect(rules(explained)).toEqual(rules(await one.json<Explained>('explain', ...asked, '--dist', 'staging')));
    }
    expect(await one.run('list', '--dir', 'content')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('[not-a-site]') as unknown,
    });
  });
});

describe('a version that is asked about', () => {
  test.each([
    ['1.1', 'acme 1.1; this client gets 1.1.0:', ['1.1.0']],
    ['1.0.0', 'acme 1.0.0; this client gets 1.1.0:', ['1.0.0']],
    ['1', 'acme 1; this client gets 1.1.0:', ['1.1.0', '1.0.0']],
    ['1.0.5', 'There is no acme 1.0.5; this client gets 1.1.0. The nearest versions:', ['1.1.0', '1.0.0']],
    ['3', 'There is no acme 3; this client gets 1.1.0. The nearest versions:', ['2.0.0']],
  ])('%s', async (version, head, versions) => {
    const one = project({ production: { ...acme, ...newer, ...acmeFor('^9.0.0', '2.0.0') } });
    const explained = await one.run('explain', 'acme', version, '--dist', 'production', '--kibana', '8.5.0');
    expect(explained.status).toBe(head.startsWith('There is no') ? 1 : 0);
    const [, , shown, ...lines] = explained.stdout.trimEnd().split('\n');
    expect(shown).toBe(head);
    expect(lines.map((line) => line.trim().split(/ +/)[1])).toEqual(versions);
  });
});

describe('the lock', () => {
  test('a locked build is the same site, whatever moved, and says so', async () => {
    const one = project({ production: acme });
    expect(await one.run('build', '--dist', 'staging', '--lock')).toMatchObject({ status: 0 });
    const file = join(one.folder, 'content/distributions.lock.json');
    const lock = JSON.parse(readFileSync(file, 'utf8')) as object;
    const commit = one.repository.git('rev-parse', 'production');
    expect(lock).toMatchObject({
      version: 1,
      distributions: { staging: { registry: '1.40.1', layers: [{ commit }, {}] } },
    });
    const before = listing(join(one.folder, 'dist/staging'));
    push(one.repository, 'production', { ...acme, ...newer });
    const locked = await one.run('build', '--dist', 'staging', '--locked', '--out', 'again');
    expect(locked).toMatchObject({ status: 0 });
    expect(locked.stdout).toMatch(/warning production: is locked at \w{12}; production is at \w{12} by now \[moved\]/);
    expect(listing(join(one.folder, 'again/staging'))).toEqual(before);
  });

  test('what no longer fits is refused', async () => {
    const one = project({});
    expect(await one.run('build', '--dist', 'staging', '--locked')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/has no distribution "staging"[^]*--lock/),
    });
    await one.run('build', '--dist', 'staging', '--lock');
    writeFileSync(join(one.folder, 'content/distributions.yml'), CONFIG.replace('1.40.1', '1.41.0'));
    expect(await one.run('build', '--dist', 'staging', '--locked')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('registry: locked 1.40.1, now 1.41.0'),
    });
    expect(await one.run('build', '--dist', 'staging', '--locked', '--ref', 'staging=main')).toMatchObject({
      status: 2,
    });
    const folders = temporaryFolder();
    writeFiles(folders, { 'content/distributions.yml': CONFIG.replace('../origin.git', 'storage') });
    for (const layer of ['production', 'staging'])
      writeFiles(join(folders, 'content/storage', layer, 'packages'), acme);
    expect(await run(['build', '--dist', 'staging', '--lock'], { cwd: folders })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('[no-commit]'),
    });
  });
});

describe('the job of a storage', () => {
  const job = load(readFileSync(new URL('../../content/storage-ci.yml', import.meta.url), 'utf8')) as {
    jobs: { packages: { steps: { name?: string; run?: string }[] } };
  };

  /** Runs the job's steps as its shell does, with the program in the path; per step the status and what it prints. */
  function runJob(one: Project, title: string): Record<string, { status: number | null; stdout: string }> {
    const bin = join(one.folder, 'bin');
    writeFiles(bin, {
      'epr-static': `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`,
      gh: '#!/bin/sh\n',
      npm: '#!/bin/sh\n',
    });
    for (const name of ['epr-static', 'gh', 'npm']) chmodSync(join(bin, name), 0o755);
    const env = {
      ...cleanEnvironment(),
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      EPR_STATIC: 'epr-static',
      LAYER: 'staging',
      TITLE: title,
      URL: one.repository.folder,
      CHANGE: 'refs/heads/change',
      GITHUB_STEP_SUMMARY: join(one.folder, 'summary.md'),
    };
    const steps = job.jobs.packages.steps.filter((step) => step.run !== undefined);
    return Object.fromEntries(
      steps.map(({ name = '', run: script = '' }) => {
        const { status, stdout } = spawnSync('bash', ['-e', '-c', script], { cwd: one.folder, env, encoding: 'utf8' });
        return [name, { status, stdout }];
      }),
    );
  }

  test('passes a good change, shows what clients notice, and builds', () => {
    const one = project({ production: acme });
    propose(one, 'staging', { ...packageFiles('only_staging', '1.0.0'), ...newer });
    const steps = runJob(one, '[staging] Add "acme" $(exit 3)');
    expect(Object.values(steps).map(({ status }) => status)).toEqual([0, 0, 0, 0, 0]);
    expect(readFileSync(join(one.folder, 'summary.md'), 'utf8')).toContain('| `acme` | 1.0.0 | 1.1.0 |');
    expect(steps['Build']?.stdout).toContain('3 revisions of 2 packages');
  });

  test("stops an overwrite that the storage's own rules forbid, with no distributions file at hand", () => {
    const one = project({ staging: acme });
    rmSync(join(one.folder, 'content'), { recursive: true });
    const { repository } = one;
    const rules = CONFIG.replace('overwrite: warn', 'overwrite: never');
    repository.commit('main', repository.treeOf({ 'content/distributions.yml': rules }));
    repository.git('symbolic-ref', 'HEAD', 'refs/heads/main');
    propose(one, 'staging', changed);
    const { Check: check, Diff: diff, Build: build } = runJob(one, '[staging] Overwrite acme');
    expect(check).toMatchObject({ status: 1, stdout: expect.stringContaining(',title=overwrite::') });
    expect([diff?.status, build?.status]).toEqual([0, 0]);
  });

  test('stops a bad one with an annotation', () => {
    const one = project({ production: acme });
    propose(one, 'staging', { ...packageFiles('only_staging', '1.0.0'), ...changed });
    const { Check: check, Diff: diff } = runJob(one, 'Add acme');
    expect(check).toMatchObject({ status: 1, stdout: expect.stringContaining('::error title=title::') });
    expect(check?.stdout).toContain('::error file=packages/acme/1.0.0,title=collision::');
    expect(diff).toMatchObject({ status: 0 });
  });
});

const bundle = sharedPath('package-storage.bundle', 'the verbs over the real storage');

describe.skipIf(bundle === undefined)('over the real storage', () => {
  const folder = temporaryFolder();
  const storage = join(folder, 'storage.git');
  const config = join(folder, 'distributions.yml');
  writeFileSync(config, CONFIG);
  const real = async (...args: readonly string[]): Promise<Run> =>
    await run([...args, '--config', config, '--storage', storage], { cwd: folder });

  test('what is in more than one branch', async () => {
    runGit(['clone', '--quiet', '--bare', bundle ?? '', storage]);
    const checked = await real('check', '--json');
    expect(checked.status).toBe(0);
    const { shared, findings } = JSON.parse(checked.stdout) as {
      shared: { id: string; layers: string[]; sameContent: boolean; modes: number }[];
      findings: { code: string }[];
    };
    expect(shared.map(({ id, layers, modes }) => `${id} ${layers.join(' ')} ${modes}`)).toEqual([
      'apm@8.1.0 production snapshot 57',
      'apm@8.2.0 production snapshot 0',
      'kubernetes@1.27.0 production snapshot 0',
      'logstash@1.1.0 production snapshot 0',
      'postgresql@1.4.1 production snapshot 0',
      'synthetics@0.10.2 production snapshot 100',
      'synthetics@0.10.3 production staging snapshot 0',
      'system@1.19.5 production staging 0',
      'synthetics@0.11.2 staging snapshot 0',
    ]);
    expect(shared.every(({ sameContent }) => sameContent)).toBe(true);
    expect(findings.filter(({ code }) => code !== 'kibana')).toHaveLength(9);
  });

  test('why a client gets its version, what waits, and what a distribution adds', async () => {
    const explained = await real('explain', 'nginx', '--dist', 'staging', '--kibana', '8.3.0');
    expect(explained.stdout).toMatch(
      /found 1\.5\.0 +production: .*\n[^]*out +1\.1\.0 +production: .*\^7\.14\.0.*\[kibana\]/,
    );
    const waiting = await real('list', '--dist', 'snapshot', '--outdated');
    expect(waiting.stdout).toContain(
      'synthetics@0.11.2 in staging since 2022-12-16, for production (0.10.3 is newest there)',
    );
    const differing = await real('diff', 'production', 'staging');
    expect(differing.stdout).toMatch(/22 revisions added, 0 removed, 0 changed/);
    expect(differing.stdout).toMatch(/Kibana >=8\.5\.0 <9\.0\.0; no version given\n +synthetics +0\.10\.3 -> 0\.11\.2/);
  });
});
