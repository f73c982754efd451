import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { run, shippedContent } from '../support/cli.ts';

const cwd = dirname(shippedContent);

/* What a program that asked for JSON gets where a command could not run. */

test.each([
  ['a distribution that is not there', ['build', '--dist', 'nowhere', '--json'], 'unknown-distribution', /nowhere/],
  ['a storage that is not there', ['build', '--dist', 'staging', '--storage', 'no', '--json'], 'no-storage', /no$|no /],
  ['an unknown option', ['build', '--jsn', '--json'], 'usage', /unknown option '--jsn'/],
  ['a missing argument', ['promote', '--json'], 'usage', /./],
  ['an unknown command', ['biuld', '--json'], 'usage', /unknown command 'biuld'/],
])('%s is an object on standard output, and words on standard error', async (_, args, code, message) => {
  const { status, stdout, stderr } = await run(args, { cwd });
  expect(status).toBe(2);
  const { error, findings } = JSON.parse(stdout) as { error: Record<string, string>; findings: unknown };
  expect(error).toMatchObject({ code });
  expect(error['message']).toMatch(message);
  expect(findings).toEqual([]);
  expect(stderr).toContain(error['message']);
});

test('without --json, standard output is empty', async () => {
  const { status, stdout, stderr } = await run(['build', '--dist', 'nowhere'], { cwd });
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain('nowhere');
});
