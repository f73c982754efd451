import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/cli.ts';
import { packageFiles, writeFiles } from '../support/repository.ts';
import { storageProject } from '../support/workflow.ts';
import type { StorageProject } from '../support/workflow.ts';

/*
 * A repository whose own configuration names programs: git would run them, and a storage must not make it. Each program would
 * leave a file behind.
 */

const folder = temporaryFolder();
const marker = join(folder, 'was-run');
const program = join(folder, 'program');
writeFileSync(program, `#!/bin/sh\necho "$0 $*" >> ${marker}\nexit 1\n`);
chmodSync(program, 0o755);
afterEach(() => rmSync(marker, { force: true }));

function hostile(...settings: readonly (readonly [key: string, value: string])[]): StorageProject {
  const storage = storageProject({
    production: packageFiles('acme', '1.0.0'),
    staging: packageFiles('acme', '1.1.0'),
  });
  for (const [key, value] of settings) storage.repository.git('config', key, value);
  return storage;
}

/** Runs every verb that reads or changes a storage. */
async function runAll(storage: StorageProject): Promise<void> {
  writeFiles(storage.folder, packageFiles('other', '1.0.0'));
  for (const args of [
    ['build', '--dist', 'snapshot'],
    ['list', '--dist', 'snapshot'],
    ['diff', '--layer', 'staging', 'production', 'staging'],
    ['check', '--layer', 'staging', '--base', 'production', '--head', 'staging'],
    ['explain', 'acme', '--dist', 'snapshot'],
    ['add', 'other/1.0.0', '--layer', 'snapshot', '--apply'],
    ['promote', 'acme', '1.1.0', '--from', 'staging', '--to', 'production', '--apply'],
    ['tag', '8.7.0'],
    ['remove', 'other', '1.0.0', '--layer', 'snapshot', '--apply', '--reason', 'a test'],
  ]) {
    const { stderr } = await storage.run(...args);
    expect([args.join(' '), /this is a bug/i.test(stderr)]).toEqual([args.join(' '), false]);
  }
}

describe('nothing that a repository names is run:', () => {
  test('hooks', async () => {
    const storage = hostile(['core.hooksPath', join(folder, 'hooks')]);
    for (const place of [join(folder, 'hooks'), join(storage.repository.folder, 'hooks')]) {
      mkdirSync(place, { recursive: true });
      for (const hook of ['reference-transaction', 'post-commit', 'pre-commit', 'post-index-change', 'update']) {
        writeFileSync(join(place, hook), `#!/bin/sh\n${program} ${hook}\n`);
        chmodSync(join(place, hook), 0o755);
      }
    }
    await runAll(storage);
    expect(existsSync(marker)).toBe(false);
    expect(storage.revisions('production')).toContain('acme@1.1.0');
  });

  test('programs that sign and check signatures', async () => {
    const programs = ['gpg.program', 'gpg.openpgp.program', 'gpg.x509.program', 'gpg.ssh.program'];
    await runAll(
      hostile(
        ...programs.map((key) => [key, program] as const),
        ['commit.gpgSign', 'true'],
        ['tag.gpgSign', 'true'],
        ['tag.forceSignAnnotated', 'true'],
        ['log.showSignature', 'true'],
      ),
    );
    expect(existsSync(marker)).toBe(false);
  });

  test('the watcher of a work tree, a pager, an editor, a diff', async () => {
    const keys = ['core.fsmonitor', 'core.pager', 'core.editor', 'diff.external', 'core.alternateRefsCommand'];
    await runAll(hostile(...keys.map((key) => [key, program] as const)));
    expect(existsSync(marker)).toBe(false);
  });

  test.each([
    ['an ext:: place', [['remote.origin.url', `ext::${program} %S`]]],
    [
      'an upload-pack',
      [
        ['remote.origin.url', folder],
        ['remote.origin.uploadpack', program],
      ],
    ],
    [
      'an ssh command',
      [
        ['remote.origin.url', 'ssh://localhost/x'],
        ['core.sshCommand', program],
      ],
    ],
    [
      'a remote helper',
      [
        ['remote.origin.url', 'x'],
        ['remote.origin.vcs', 'ext'],
      ],
    ],
  ] as const)('for missing objects: %s', async (_, settings) => {
    const storage = hostile(
      ['core.repositoryFormatVersion', '1'],
      ['extensions.partialClone', 'origin'],
      ['remote.origin.promisor', 'true'],
      ['protocol.allow', 'always'],
      ['protocol.ext.allow', 'always'],
      ...settings,
    );
    const tree = storage.repository.tree([
      {
        mode: '40000',
        name: 'packages',
        id: storage.repository.tree([{ mode: '40000', name: 'lacking', id: 'ab'.repeat(20) }]),
      },
    ]);
    storage.repository.commit('snapshot', tree);
    await runAll(storage);
    expect(existsSync(marker)).toBe(false);
    const url = `file://${storage.repository.folder}`;
    const cloned = await storage.run('build', '--dist', 'snapshot', '--storage', url);
    expect(cloned).toMatchObject({ status: 2, stderr: expect.stringContaining('[git-failed]') as unknown });
    expect(existsSync(marker)).toBe(false);
  });
});
