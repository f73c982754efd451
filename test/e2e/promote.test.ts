import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mergeLayers } from '../../src/catalog/merge.ts';
import { DEFAULT_LIMITS } from '../../src/limits.ts';
import { openGitStorage } from '../../src/storage/git/storage.ts';
import { applyChanges } from '../../src/workflow/change.ts';
import { openWorkflow } from '../../src/workflow/open.ts';
import { planPromotion, wayBetween } from '../../src/workflow/promotion.ts';
import type { AddReport } from '../../src/commands/add/run.ts';
import type { CheckReport } from '../../src/commands/check/run.ts';
import type { PromoteReport } from '../../src/commands/promote/run.ts';
import type { TagReport } from '../../src/commands/tag/run.ts';
import { temporaryFolder } from '../support/cli.ts';
import type { Run } from '../support/cli.ts';
import { sharedPath } from '../support/contract.ts';
import { coreInMemory } from '../support/implementations.ts';
import { createRepository, packageFiles, runGit, under, writeFiles } from '../support/repository.ts';
import type { Repository, TreeEntry } from '../support/repository.ts';
import { storageProject } from '../support/workflow.ts';
import type { StorageProject } from '../support/workflow.ts';

/* `epr-static promote` on real repositories: nobody who asks a registry meanwhile misses anything. */

const UP = ['--from', 'snapshot', '--to', 'staging'] as const;

function threePackages(): StorageProject {
  const zone = {
    'data_stream/zone/manifest.yml': 'title: Zone\ntype: logs\n',
    'data_stream/zone/fields/base.yml': FIELDS,
  };
  return storageProject({
    production: packageFiles('acme', '1.0.0'),
    staging: packageFiles('other', '0.9.0'),
    snapshot: { ...packageFiles('acme', '1.1.0', zone), ...packageFiles('widget', '2.0.0') },
  });
}

const FIELDS = `- { name: data_stream.type, type: constant_keyword }
- { name: data_stream.dataset, type: constant_keyword }
- { name: data_stream.namespace, type: constant_keyword }
- { name: '@timestamp', type: date }
`;

const QUERIES = [
  '/search?prerelease=true',
  '/search?package=acme&all=true',
  '/search?kibana.version=8.5.0',
  '/categories?prerelease=true',
  '/package/acme/1.1.0/',
  '/package/acme/1.1.0/data_stream/zone/manifest.yml',
  '/epr/acme/acme-1.1.0.zip',
];

/** The answers to all queries of a distribution that is built now: query -> status and bytes. */
async function answers(project: StorageProject, dist: string): Promise<Record<string, string>> {
  const built = await project.run('build', '--dist', dist);
  expect(built).toMatchObject({ status: 0 });
  const site = await coreInMemory.start(join(project.folder, 'dist', dist));
  const found: Record<string, string> = {};
  for (const query of QUERIES) {
    const { status, body } = await site.ask('GET', query, {});
    found[query] = `${status} ${body.toString('base64')}`;
  }
  return found;
}

describe('a promotion from snapshot to staging', () => {
  test('leaves every answer as it was: before, between its two changes and after; a second run finishes it', async () => {
    const project = threePackages();
    const before = await answers(project, 'snapshot');
    expect(Object.values(before).every((one) => one.startsWith('200 '))).toBe(true);
    const unfreeze = project.freeze('snapshot');
    const interrupted = await project.run('promote', 'acme', '1.1.0', ...UP, '--apply');
    expect(interrupted).toMatchObject({ status: 2, stdout: '' });
    expect(interrupted.stderr).toContain('[git-failed]');
    unfreeze();
    expect(project.revisions('staging')).toEqual(['other@0.9.0']);
    const { promotions } = await project.json<PromoteReport>('promote', 'acme', '1.1.0', ...UP);
    project.repository.git('update-ref', 'refs/heads/staging', promotions[0]?.add.commit ?? '');
    expect(project.revisions('staging')).toEqual(['acme@1.1.0', 'other@0.9.0']);
    expect(project.revisions('snapshot')).toEqual(['acme@1.1.0', 'widget@2.0.0']);
    expect(await answers(project, 'snapshot')).toEqual(before);
    const between = await answers(project, 'staging');

    const again = await project.json<PromoteReport>('promote', 'acme', '1.1.0', ...UP, '--apply');
    expect(again).toMatchObject({ status: 0, promotions: [{ add: { state: 'done' }, remove: { state: 'made' } }] });
    expect(project.revisions('staging')).toEqual(['acme@1.1.0', 'other@0.9.0']);
    expect(project.revisions('snapshot')).toEqual(['widget@2.0.0']);
    expect(await answers(project, 'snapshot')).toEqual(before);
    expect(await answers(project, 'staging')).toEqual(between);
    for (const query of QUERIES.slice(4)) expect(between[query]).toBe(before[query]);

    const done = await project.run('promote', 'acme', '1.1.0', ...UP, '--apply');
    expect(done).toMatchObject({ status: 0, stderr: '' });
    expect(done.stdout).toContain('Nothing was left to do.');
  });

  test('changes nothing but its folder in either layer, file modes and odd entries included', async () => {
    const project = threePackages();
    const { repository } = project;
    const odd = oddLayers(repository);
    const before = { staging: project.files('staging'), snapshot: project.files('snapshot') };
    expect((await project.run('promote', 'acme', '1.1.0', ...UP, '--apply')).status).toBe(0);
    const moved = before.snapshot.filter((line) => line.includes(' packages/acme/1.1.0'));
    expect(moved.length).toBe(4);
    expect(moved.filter((line) => line.startsWith('100755'))).toHaveLength(1);
    expect(project.files('snapshot')).toEqual(before.snapshot.filter((line) => !moved.includes(line)));
    expect(project.files('staging').sort(byPath)).toEqual([...before.staging, ...moved].sort(byPath));
    for (const branch of ['staging', 'snapshot'])
      expect(repository.git('cat-file', 'tree', `${branch}:packages/acme`)).toContain(odd);
  });

  test('a commit is by whom and when git says; the layer that is left keeps its folder, though empty', async () => {
    const project = storageProject({});
    const { repository } = project;
    repository.commit('snapshot', repository.treeOf(under('packages', packageFiles('acme', '1.1.0'))));
    expect((await project.run('promote', 'acme', '1.1.0', ...UP, '--apply')).status).toBe(0);
    const format = '%an <%ae> %aI | %cn %cI | %s';
    expect(repository.git('log', '-1', `--format=${format}`, 'staging')).toBe(
      'A Maintainer <maintainer@example.org> 2024-05-06T07:08:09+02:00 | A Maintainer 2024-05-06T07:08:09+02:00 | [staging] Promote acme-1.1.0 from snapshot',
    );
    expect(repository.git('log', '-1', '--format=%s', 'snapshot')).toBe(
      '[snapshot] Remove acme-1.1.0, promoted to staging',
    );
    expect(project.files('snapshot')).toEqual([]);
    expect(await project.run('build', '--dist', 'snapshot')).toMatchObject({ status: 0 });
    expect(repository.git('fsck', '--strict')).not.toMatch(/error|missing/);
  });
});

describe('by default', () => {
  test('two branches are made, with a commit each, and the layers stay where they are', async () => {
    const project = threePackages();
    const { repository } = project;
    const layers = (): string => repository.git('for-each-ref', 'refs/heads/staging', 'refs/heads/snapshot');
    const before = layers();
    const first = await project.json<PromoteReport>('promote', 'acme', '1.1.0', ...UP);
    expect(first).toMatchObject({
      status: 0,
      findings: [],
      promotions: [
        {
          ids: ['acme@1.1.0'],
          add: {
            state: 'made',
            branch: 'promote/acme-1.1.0-to-staging',
            title: '[staging] Promote acme-1.1.0 from snapshot',
          },
          remove: {
            state: 'made',
            branch: 'promote/acme-1.1.0-from-snapshot',
            title: '[snapshot] Remove acme-1.1.0, promoted to staging',
          },
        },
      ],
    });
    expect(layers()).toBe(before);
    for (const [branch, layer] of [
      ['promote/acme-1.1.0-to-staging', 'staging'],
      ['promote/acme-1.1.0-from-snapshot', 'snapshot'],
    ])
      expect(repository.git('rev-list', `${layer}..${branch}`).split('\n')).toHaveLength(1);
    expect(project.revisions('promote/acme-1.1.0-to-staging')).toEqual(['acme@1.1.0', 'other@0.9.0']);
    expect(project.revisions('promote/acme-1.1.0-from-snapshot')).toEqual(['widget@2.0.0']);
    const text = (await project.run('promote', 'acme', '1.1.0', ...UP)).stdout;
    expect(text.match(/there already/g)).toHaveLength(2);
    expect(text).toMatch(
      /in this order:\n.* promote\/acme-1\.1\.0-to-staging:staging\n.* promote\/acme-1\.1\.0-from-snapshot:snapshot/,
    );
    repository.git('remote', 'add', 'origin', '/nowhere');
    const pushed = (await project.run('promote', 'acme', '1.1.0', ...UP)).stdout;
    expect(pushed).toContain('push origin promote/acme-1.1.0-to-staging promote/acme-1.1.0-from-snapshot');
  });

  test('a branch of the name that holds something else stops it', async () => {
    const project = threePackages();
    project.repository.git('branch', 'promote/acme-1.1.0-to-staging', 'production');
    const stopped = await project.run('promote', 'acme', '1.1.0', ...UP);
    expect(stopped).toMatchObject({ status: 2, stdout: '' });
    expect(stopped.stderr).toContain('git branch -D promote/acme-1.1.0-to-staging');
  });

  test('a dry run makes no branch and no object', async () => {
    const project = threePackages();
    const objects = project.repository.git('count-objects', '-v');
    const report = await project.json<PromoteReport>('promote', 'acme', '1.1.0', ...UP, '--dry-run', '--apply');
    expect(report.promotions).toMatchObject([{ add: { state: 'planned' }, remove: { state: 'planned' } }]);
    expect(project.repository.git('count-objects', '-v')).toBe(objects);
  });
});

describe('when others move the branches', () => {
  test('two promotions at once lose nothing', async () => {
    const project = threePackages();
    const promote = async (name: string, version: string): Promise<Run> => {
      const ended = await project.run('promote', name, version, ...UP, '--apply');
      if (ended.status !== 0) {
        expect(ended).toMatchObject({ status: 2 });
        expect(ended.stderr).toMatch(/moved by somebody else meanwhile.*\n.*run the command again/);
      }
      return ended.status === 0 ? ended : await promote(name, version);
    };
    await Promise.all([promote('acme', '1.1.0'), promote('widget', '2.0.0')]);
    expect(project.revisions('staging')).toEqual(['acme@1.1.0', 'other@0.9.0', 'widget@2.0.0']);
    expect(project.revisions('snapshot')).toEqual([]);
  });

  test.each(['staging', 'snapshot'])('a branch %s that moved since it was read stops the step', async (branch) => {
    const project = threePackages();
    const { repository } = project;
    const options = {
      config: join(project.folder, 'content/distributions.yml'),
      cache: join(project.folder, '.cache'),
    };
    const workflow = await openWorkflow(options);
    try {
      const { add, remove } = await planPromotion(
        workflow,
        wayBetween(workflow, 'snapshot', 'staging'),
        'acme',
        '1.1.0',
      );
      const others = repository.commit(branch, repository.treeOf(under('packages', packageFiles('late', '1.0.0'))));
      const { commit, branch: ref } = add.layer;
      const step =
        branch === 'staging'
          ? applyChanges(workflow, [add])
          : applyChanges(workflow, [remove], [{ ref, from: commit, to: commit }]);
      await expect(step).rejects.toMatchObject({ code: 'moved', hint: expect.stringContaining('again') as unknown });
      expect(repository.git('rev-parse', branch)).toBe(others);
    } finally {
      await workflow.close();
    }
  });

  test('the removal is not made when the upper layer lost the package meanwhile', async () => {
    const project = threePackages();
    const { repository } = project;
    const before = repository.git('rev-parse', 'snapshot');
    const options = {
      config: join(project.folder, 'content/distributions.yml'),
      cache: join(project.folder, '.cache'),
    };
    const workflow = await openWorkflow(options);
    try {
      const { add, remove } = await planPromotion(
        workflow,
        wayBetween(workflow, 'snapshot', 'staging'),
        'acme',
        '1.1.0',
      );
      const { moves } = await applyChanges(workflow, [add]);
      repository.git('update-ref', 'refs/heads/staging', add.layer.commit);
      await expect(applyChanges(workflow, [remove], moves)).rejects.toMatchObject({ code: 'moved' });
      expect(repository.git('rev-parse', 'snapshot')).toBe(before);
    } finally {
      await workflow.close();
    }
  });
});

describe('it refuses', () => {
  test('to move a branch that a work tree has checked out, and touches neither index nor files', async () => {
    const project = threePackages();
    const clone = join(project.folder, 'clone');
    runGit(['clone', '--quiet', '--branch', 'staging', project.repository.folder, clone]);
    runGit(['-C', clone, 'branch', 'snapshot', 'origin/snapshot']);
    runGit(['-C', clone, 'branch', 'production', 'origin/production']);
    const here = ['--storage', 'clone'];
    const stopped = await project.run('promote', 'acme', '1.1.0', ...UP, '--apply', ...here);
    expect(stopped).toMatchObject({ status: 2, stdout: '' });
    expect(stopped.stderr).toContain('the branch staging is checked out in a work tree');
    expect(runGit(['-C', clone, 'rev-parse', 'staging'])).toBe(project.repository.git('rev-parse', 'staging'));
    expect((await project.run('promote', 'acme', '1.1.0', ...UP, ...here)).status).toBe(0);
    runGit(['-C', clone, 'switch', '--quiet', '--detach']);
    expect((await project.run('promote', 'acme', '1.1.0', ...UP, '--apply', ...here)).status).toBe(0);
    expect(runGit(['-C', clone, 'status', '--porcelain'])).toBe('');
  });

  test('to overwrite what is published in production; in staging it only warns', async () => {
    const changed = packageFiles('acme', '1.0.0', { 'docs/README.md': '# changed\n' });
    const project = storageProject({ production: packageFiles('acme', '1.0.0'), staging: changed });
    const before = project.files('production');
    const refused = await project.run('promote', 'acme', '1.0.0', '--from', 'staging', '--to', 'production', '--apply');
    expect(refused.status).toBe(1);
    expect(refused.stdout).toContain('production is never overwritten: make a new version');
    expect(refused.stdout).toContain('nothing was done');
    expect(project.files('production')).toEqual(before);
    const other = storageProject({ staging: packageFiles('acme', '1.0.0'), snapshot: changed });
    const warned = await other.json<PromoteReport>('promote', 'acme', '1.0.0', ...UP, '--apply');
    expect(warned).toMatchObject({ status: 0, findings: [{ code: 'overwrite', level: 'warning' }] });
    expect(other.repository.git('show', 'staging:packages/acme/1.0.0/docs/README.md')).toBe('# changed');
    expect(other.revisions('snapshot')).toEqual([]);
  });

  test('what is unfit, what is not there, what leads down, and a storage that is no repository here', async () => {
    const project = storageProject({ snapshot: packageFiles('acme', '1.0.0', { 'manifest.yml': 'name: acme\n' }) });
    const unfit = await project.run('promote', 'acme', '1.0.0', ...UP, '--apply');
    expect(unfit.status).toBe(1);
    expect(unfit.stdout).toContain('packages/acme/1.0.0/manifest.yml');
    expect(project.revisions('staging')).toEqual([]);
    for (const [args, words] of [
      [['acme', '2.0.0', ...UP], 'it has: 1.0.0'],
      [['acma', '1.0.0', ...UP], 'did you mean "acme"?'],
      [['acme', '1.0.0', '--from', 'staging', '--to', 'snapshot'], "snapshot doesn't win over staging"],
      [['acme', '1.0.0', '--from', 'snapshot', '--to', 'stagin'], 'the layers are: production, staging, snapshot'],
      [['acme', ...UP], 'NAME and a VERSION, or --all'],
      [['acme', '1.0.0', ...UP, '--storage', 'https://example.invalid/a.git'], 'is not on this machine'],
      [['acme', '1.0.0', ...UP, '--storage', 'content'], 'content is a folder, and not a git repository'],
    ] as const)
      expect(await project.run('promote', ...args)).toMatchObject({
        status: 2,
        stdout: '',
        stderr: expect.stringContaining(words) as unknown,
      });
  });
});

const needs = (kibana: string) => (name: string, version: string) =>
  packageFiles(name, version, {
    'manifest.yml': `format_version: 3.0.0
name: ${name}
title: ${name}
description: Made for a test.
version: ${version}
type: integration
conditions: { kibana: { version: ${kibana} } }
owner: { github: acme/tests, type: community }
`,
  });

const halfPromoted = (): StorageProject =>
  storageProject({
    production: packageFiles('old', '1.0.0'),
    staging: { ...packageFiles('half', '1.0.0'), ...packageFiles('differs', '1.0.0') },
    snapshot: {
      ...packageFiles('old', '1.0.0'),
      ...packageFiles('half', '1.0.0'),
      ...packageFiles('differs', '1.0.0', { 'docs/README.md': '# other\n' }),
      ...needs('^9.0.0')('acme', '2.0.0'),
      ...needs('^8.0.0')('acme', '1.9.0'),
      ...packageFiles('widget', '1.0.0'),
    },
  });

describe('--all', () => {
  test('promotes what only the lower layer has, and finishes what is half done', async () => {
    const one = halfPromoted();
    const report = await one.json<PromoteReport>('promote', '--all', '--each', ...UP, '--apply');
    expect(report).toMatchObject({ status: 0, findings: [{ code: 'collision', where: 'differs@1.0.0' }] });
    expect(report.promotions.map(({ ids, add, remove }) => `${ids.join()} ${add.state} ${remove.state}`)).toEqual([
      'acme@1.9.0 made made',
      'acme@2.0.0 made made',
      'half@1.0.0 done made',
      'widget@1.0.0 made made',
    ]);
    expect(one.revisions('snapshot')).toEqual(['differs@1.0.0', 'old@1.0.0']);
    expect(one.revisions('staging')).toEqual([
      'acme@1.9.0',
      'acme@2.0.0',
      'differs@1.0.0',
      'half@1.0.0',
      'widget@1.0.0',
    ]);
  });

  test.each([
    [
      ['--package', 'acme'],
      ['acme@1.9.0', 'acme@2.0.0'],
    ],
    [['--package', 'acme', '--kibana', '8.5.0'], ['acme@1.9.0']],
    [['--kibana', '9.1.0'], ['acme@2.0.0']],
  ])('%s', async (filter, ids) => {
    const report = await halfPromoted().json<PromoteReport>('promote', '--all', ...UP, ...filter, '--dry-run');
    expect(report.promotions.flatMap((one) => one.ids)).toEqual(ids);
  });
});

function shown({ promotions }: PromoteReport): string[] {
  return promotions.map(
    ({ ids, add, remove }) => `${ids.join(' ')}: ${add.branch ?? add.state}, ${remove.branch ?? ''}`,
  );
}

function texts({ findings }: PromoteReport): string[] {
  return findings.map(({ level, text }) => `${level} ${text}`);
}

describe('a batch', () => {
  const ALL = ['promote', '--all', ...UP] as const;

  test('is one change of each layer, which leaves out what is done; --each makes one for each version', async () => {
    const one = halfPromoted();
    const ids = 'acme@1.9.0 acme@2.0.0 half@1.0.0 widget@1.0.0';
    const [to, from] = ['promote/acme-1.9.0-and-2-more-to-staging', 'promote/acme-1.9.0-and-3-more-from-snapshot'];
    expect(shown(await one.json<PromoteReport>(...ALL))).toEqual([`${ids}: ${to}, ${from}`]);
    for (const [layer, branch] of [
      ['staging', to],
      ['snapshot', from],
    ])
      expect(one.repository.git('rev-list', `${layer}..${branch}`).split('\n')).toHaveLength(1);
    expect(one.revisions(from)).toEqual(['differs@1.0.0', 'old@1.0.0']);
    expect(one.repository.git('log', '-1', '--format=%B', to)).toMatch(
      /^\[staging\] Promote 3 package versions from snapshot\n\nAdds [^]*\n {2}acme-1\.9\.0\n {2}acme-2\.0\.0\n {2}widget-1\.0\.0\n/,
    );
    const each = await halfPromoted().json<PromoteReport>(...ALL, '--each');
    expect(each.promotions.map((promotion) => promotion.ids.join(' ')).join(' ')).toBe(ids);
    const applied = halfPromoted();
    const before = applied.repository.git('rev-parse', 'staging');
    expect(await applied.run(...ALL, '--apply')).toMatchObject({ status: 0 });
    expect(applied.repository.git('rev-parse', 'staging~1')).toBe(before);
  });

  test('goes on where it was left, and deletes its branches once they are merged, also by another commit', async () => {
    const one = threePackages();
    const { repository } = one;
    const first = await one.json<PromoteReport>(...ALL);
    expect(first.deleted).toEqual([]);
    const [to, from] = ['promote/acme-1.1.0-and-1-more-to-staging', 'promote/acme-1.1.0-and-1-more-from-snapshot'];
    const squash = repository.git('commit-tree', `${to}^{tree}`, '-p', 'staging', '-m', 'Squashed');
    repository.git('update-ref', 'refs/heads/staging', squash);
    const second = await one.json<PromoteReport>(...ALL);
    expect(second).toMatchObject({
      deleted: [to],
      promotions: [{ add: { state: 'done' }, remove: { state: 'there', branch: from } }],
    });
    repository.git('update-ref', 'refs/heads/snapshot', from);
    expect(await one.json<PromoteReport>(...ALL)).toMatchObject({ deleted: [from], promotions: [] });
    expect(repository.git('for-each-ref', '--format=%(refname:short)')).toBe('production\nsnapshot\nstaging');
  });

  test('keeps a branch that removes what `origin` never had', async () => {
    const { repository, ...one } = threePackages();
    repository.git('remote', 'add', 'origin', '.');
    const earlier = repository.git('commit-tree', repository.treeOf({ 'README.md': 'None yet.\n' }), '-m', 'Start');
    repository.git('update-ref', 'refs/remotes/origin/snapshot', earlier);
    const found = await one.json<PromoteReport>(...ALL);
    expect(found).toMatchObject({ deleted: [], promotions: [{ remove: { state: 'made' } }] });
    expect(await one.json<PromoteReport>(...ALL)).toMatchObject({
      deleted: [],
      promotions: [{ remove: { state: 'there' } }],
    });
  });

  test('names the packages that are required and that the layer lacks', async () => {
    const required =
      'requires: { input: [{ package: widget, version: ^2.0.0 }], content: [{ package: gone, version: 1.0.0 }] }\n';
    const manifest = Object.values(packageFiles('acme', '1.1.0'))[0];
    const one = storageProject({
      snapshot: {
        ...packageFiles('acme', '1.1.0', { 'manifest.yml': `${String(manifest)}${required}` }),
        ...packageFiles('widget', '2.1.0'),
      },
    });
    const gone = 'warning requires gone 1.0.0, which staging lacks';
    expect(texts(await one.json<PromoteReport>('promote', 'acme', '1.1.0', ...UP, '--dry-run'))).toEqual([
      'warning requires widget ^2.0.0, which staging lacks; snapshot has 2.1.0',
      gone,
    ]);
    expect(texts(await one.json<PromoteReport>(...ALL, '--dry-run'))).toEqual([gone]);
  });
});

const bundle = sharedPath('package-storage.bundle', 'a promotion in the real storage');

describe.skipIf(bundle === undefined)('in the real storage', () => {
  test('a revision stays in the catalog of snapshot, with its files, at each step', async () => {
    const folder = join(temporaryFolder(), 'real.git');
    runGit(['clone', '--quiet', '--bare', bundle ?? '', folder]);
    const git = (...args: string[]): string => runGit(['--git-dir', folder, ...args]);
    mkdirSync(join(folder, 'hooks'), { recursive: true });
    const project = storageProject({}, { ...createRepository(join(temporaryFolder(), 'unused.git')), folder, git });
    const catalog = async (names: readonly string[]) => {
      const storage = await openGitStorage(folder, {
        cache: join(project.folder, '.cache'),
        isClone: false,
        limits: DEFAULT_LIMITS,
      });
      try {
        const layers = await Promise.all(
          names.map((name) => storage.readLayer({ name, ref: name, packages: 'packages' })),
        );
        const found = mergeLayers(layers).revisions.find(({ id }) => id === ID);
        const ids = mergeLayers(layers).revisions.map(({ id }) => id);
        return { ids, layer: found?.layer, files: found && (await storage.listFiles(found)).files };
      } finally {
        await storage.close();
      }
    };
    const [name = '', version = ''] = ID.split('@');
    const all = ['production', 'staging', 'snapshot'];
    const before = await catalog(all);
    const staging = project.files('staging');
    const snapshot = project.files('snapshot');
    expect(before.layer).toBe('snapshot');
    const unfreeze = project.freeze('snapshot');
    expect((await project.run('promote', name, version, ...UP, '--apply')).status).toBe(2);
    unfreeze();
    expect(await catalog(all)).toEqual(before);
    const { promotions } = await project.json<PromoteReport>('promote', name, version, ...UP);
    git('update-ref', 'refs/heads/staging', promotions[0]?.add.commit ?? '');
    const between = await catalog(all);
    expect(between).toEqual({ ...before, layer: 'staging' });
    const stagingSite = await catalog(all.slice(0, 2));
    expect((await project.run('promote', name, version, ...UP, '--apply')).status).toBe(0);
    expect(await catalog(all)).toEqual(between);
    expect(await catalog(all.slice(0, 2))).toEqual(stagingSite);
    expect(stagingSite.files).toEqual(before.files);

    const moved = snapshot.filter((line) => line.includes(` packages/${name}/${version}/`));
    expect(moved).toHaveLength(before.files?.length ?? 0);
    expect(project.files('snapshot')).toEqual(snapshot.filter((line) => !moved.includes(line)));
    expect(project.files('staging').sort(byPath)).toEqual([...staging, ...moved].sort(byPath));
  });
});

/** A revision that only the real snapshot holds. */
const ID = '1password@1.7.1';

/** Entries as old tools wrote them, beside what is promoted, and a file of it that can be run. */
function oddLayers(repository: Repository): string {
  const odd = { mode: '100664', name: 'NOTES', id: repository.blob('notes\n') } as unknown as TreeEntry;
  for (const branch of ['staging', 'snapshot']) {
    const tree = (path: string): TreeEntry[] => {
      const text = repository.git('ls-tree', `${branch}:${path}`);
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => {
          const [mode = '', , id = '', name = ''] = line.split(/\s/);
          return { mode: mode.replace(/^0/, ''), id, name } as TreeEntry;
        });
    };
    const versions = tree('packages').some(({ name }) => name === 'acme') ? tree('packages/acme') : [];
    const inner = versions.map((version) => {
      const files = tree(`packages/acme/${String(version.name)}`).map(({ name, id, mode }) => {
        return { name, id, mode: name === 'manifest.yml' ? '100755' : mode } as unknown as TreeEntry;
      });
      return { mode: version.mode, name: version.name, id: repository.tree(files) };
    });
    const acme = { mode: '40000', name: 'acme', id: repository.tree([...inner, odd]) } as const;
    const packages = [...tree('packages').filter(({ name }) => name !== 'acme'), acme].sort((a, b) =>
      String(a.name) < String(b.name) ? -1 : 1,
    );
    const root = { mode: '40000', name: 'packages', id: repository.tree(packages) } as const;
    repository.commit(branch, repository.tree([root, { mode: '160000', name: 'tools', id: '1'.repeat(40) }]));
  }
  return '100664 NOTES';
}

function byPath(a: string, b: string): number {
  return pathOf(a) < pathOf(b) ? -1 : 1;
}

function pathOf(line: string): string {
  return line.split(' ').slice(3).join(' ');
}

describe('a layer of a distribution that requires signatures', () => {
  test('takes nothing unsigned, by whatever verb; check says the same of the same revision', async () => {
    const project = threePackages();
    const config = join(project.folder, 'content/distributions.yml');
    const text = readFileSync(config, 'utf8');
    writeFileSync(config, text.replace('[production, staging] }', '[production, staging], signatures: required }'));
    const unsigned = { code: 'unfit', text: 'has no signature, and this distribution requires one', level: 'error' };

    const before = project.files('staging');
    const one = await project.json<PromoteReport>('promote', 'acme', '1.1.0', ...UP, '--apply');
    expect(one).toMatchObject({ status: 1, findings: [unsigned] });
    const all = await project.json<PromoteReport>('promote', '--all', ...UP, '--apply');
    expect(all).toMatchObject({ status: 1, findings: [unsigned, unsigned] });
    const folder = join(project.folder, 'widget');
    writeFiles(folder, packageFiles('widget', '3.0.0'));
    const path = join(folder, 'widget/3.0.0');
    const added = await project.json<AddReport>('add', path, '--layer', 'staging', '--apply');
    expect(added).toMatchObject({ status: 1, findings: [unsigned] });
    expect(project.files('staging')).toEqual(before);

    const toSnapshot = await project.json<AddReport>('add', path, '--layer', 'snapshot', '--apply');
    expect(toSnapshot).toMatchObject({ status: 0, findings: [] });
    expect(await project.json<CheckReport>('check', '--layer', 'staging')).toMatchObject({
      status: 1,
      findings: [unsigned],
    });
    expect(await project.json<CheckReport>('check', '--layer', 'snapshot')).toMatchObject({ status: 0, findings: [] });
    const tagged = await project.json<TagReport>('tag', '8.7.0', '--layer', 'staging', '--dry-run');
    expect(tagged).toMatchObject({ status: 1, findings: [unsigned] });
  });
});
