import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cleanEnvironment, listing, temporaryFolder } from '../support/cli.ts';
import { writeFiles } from '../support/repository.ts';
import { REPOSITORY } from '../support/source.ts';
import { USER } from '../support/workflow.ts';

/* `npm run release` in repositories of its own, with git and npm as they are. */

const CHANGELOG = '# Changelog\n\n## Unreleased\n- By hand.\n\n## 0.1.0 (2026-01-01)\n- First.\n';

class Repository {
  readonly folder = temporaryFolder();
  private readonly env = { ...cleanEnvironment(), ...USER };

  constructor() {
    const version = { name: 'epr-static', version: '0.1.0' };
    writeFiles(this.folder, {
      'package.json': `${JSON.stringify(version, null, 2)}\n`,
      'package-lock.json': `${JSON.stringify({ ...version, lockfileVersion: 3, packages: { '': version } }, null, 2)}\n`,
      'CHANGELOG.md': CHANGELOG,
      'content/storage-ci.yml': "EPR: 'epr-static@0.1'\n",
    });
    this.git('init', '--quiet');
    this.git('add', '.');
    this.commit('feat: all');
  }

  git(...args: readonly string[]): string {
    return execFileSync('git', args, { cwd: this.folder, env: this.env, encoding: 'utf8' }).trimEnd();
  }

  commit(...paragraphs: readonly string[]): void {
    this.git('commit', '--quiet', '--allow-empty', ...paragraphs.flatMap((text) => ['-m', text]));
  }

  release(...args: readonly string[]): { status: number | null; printed: string } {
    const script = join(REPOSITORY, 'lib/scripts/release.js');
    const options = { cwd: this.folder, env: this.env, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], options);
    return { status, printed: stdout + stderr };
  }

  text(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }
}

test('a dry run says what a release would be, and changes nothing', () => {
  const repository = new Repository();
  repository.git('tag', 'v0.1.0');
  repository.git('tag', 'v0.10.0-not-merged', repository.git('commit-tree', 'HEAD^{tree}', '-m', 'other'));
  repository.commit('fix(serve): one\n\nMore of it.');
  repository.commit('docs: two');
  repository.commit('feat: three');
  const before = listing(repository.folder);
  const { status, printed } = repository.release('--dry-run');
  expect(status, printed).toBe(0);
  expect(printed).toMatch(/^Would release v0\.2\.0, 3 commits after v0\.1\.0:/);
  expect(printed).toContain('### Features\n- three\n\n### Fixes\n- serve: one\n');
  expect(listing(repository.folder)).toEqual(before);
});

test('a release writes versions and notes, commits and tags them; the next one goes on from there', () => {
  const repository = new Repository();
  repository.git('tag', 'v0.1.0');
  repository.commit('feat!: everything is new', 'Why.', 'BREAKING CHANGE: old sites\nare made again\nReviewed-by: A');
  expect(repository.release()).toMatchObject({ status: 0 });
  expect(repository.text('CHANGELOG.md')).toMatch(
    /^# Changelog\n\n## Unreleased\n\n## 0\.2\.0 \(\d{4}-\d\d-\d\d\)\n- By hand\.\n\n### Breaking changes\n- old sites are made again\n\n### Features\n- everything is new\n\n## 0\.1\.0 \(2026-01-01\)\n- First\.\n$/,
  );
  expect(repository.text('package.json')).toBe('{\n  "name": "epr-static",\n  "version": "0.2.0"\n}\n');
  expect(repository.text('package-lock.json').match(/"version": "0\.2\.0"/g)).toHaveLength(2);
  expect(repository.text('content/storage-ci.yml')).toBe("EPR: 'epr-static@0.2'\n");
  expect(repository.git('status', '--porcelain')).toBe('');
  expect(repository.git('log', '-1', '--format=%s %D')).toMatch(/^chore: release 0\.2\.0 HEAD -> \S+, tag: v0\.2\.0$/);
  expect(repository.git('tag', '--list', 'v0.2.0', '--format=%(contents)')).toContain(
    '### Features\n- everything is new',
  );

  expect(repository.release()).toMatchObject({ status: 1, printed: expect.stringContaining('nothing to release') });
  repository.commit('perf: faster');
  expect(repository.release('--dry-run').printed).toContain('Would release v0.2.1, 1 commits after v0.2.0');
});

test('the first release has the version of package.json', () => {
  const repository = new Repository();
  expect(repository.release().printed).toMatch(/^Releases v0\.1\.0, 1 commits after nothing:\n\n### Features\n- all\n/);
  expect(repository.git('tag')).toBe('v0.1.0');
});

test('changes that are not committed are not released', () => {
  const repository = new Repository();
  writeFileSync(join(repository.folder, 'package.json'), '{ "version": "0.1.0" }');
  expect(repository.release()).toMatchObject({ status: 1, printed: expect.stringContaining('work tree has changes') });
  expect(repository.git('tag')).toBe('');
});

test('from 1.0.0 on, a breaking change is a major version', () => {
  const repository = new Repository();
  repository.git('tag', 'v1.4.2');
  repository.commit('fix!: stricter');
  expect(repository.release('--dry-run').printed).toContain('Would release v2.0.0');
});
