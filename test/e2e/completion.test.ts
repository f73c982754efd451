import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { run, temporaryFolder } from '../support/cli.ts';

/* The scripts of `completion`, in the shells that the machine has. */

const cwd = temporaryFolder();

async function scriptFor(shell: string): Promise<string> {
  const { status, stdout } = await run(['completion', shell], { cwd });
  expect(status).toBe(0);
  const file = join(cwd, `epr-static.${shell}`);
  writeFileSync(file, stdout);
  return file;
}

/** What bash would offer at the end of a line. */
function offered(script: string, words: readonly string[]): string[] {
  const ask = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _epr_static; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const printed = execFileSync('bash', ['-c', ask, script, 'epr-static', ...words], { encoding: 'utf8' });
  return printed.split('\n').filter((line) => line !== '');
}

test('bash completes verbs, options and the words that an option takes', async () => {
  const script = await scriptFor('bash');
  expect(offered(script, ['bu'])).toEqual(['build', 'bundle']);
  expect(offered(script, ['build', '--ta'])).toEqual(['--target']);
  expect(offered(script, ['build', '--target', 'n'])).toEqual(['nginx', 'netlify']);
  expect(offered(script, ['build', '--config', ''])).toEqual([]); // bash itself offers paths
  expect(offered(script, ['cache', ''])).toContain('prune');
  expect(offered(script, ['reader', 'l'])).toEqual(['lambda']);
  expect(offered(script, ['completion', ''])).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
  expect(offered(script, ['nothing', ''])).toEqual([]);
});

test.each(['zsh', 'fish'])('%s takes its script', async (shell) => {
  const script = await scriptFor(shell);
  const checked = spawnSync(shell, ['-n', script], { encoding: 'utf8' });
  if (checked.error) process.stderr.write(`\nSKIPPED: completion in ${shell}, which is not installed\n`);
  else expect(checked.stderr).toBe('');
});

test('an unknown shell is named, with those there are', async () => {
  const { status, stderr } = await run(['completion', 'tcsh'], { cwd });
  expect(status).toBe(2);
  expect(stderr).toContain('bash, zsh, fish');
});
