import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageFiles } from '../support/repository.ts';
import { sampled } from '../support/faults.ts';
import { storageProject } from '../support/workflow.ts';
import { run } from '../support/cli.ts';

/* A promotion that is killed before any of its runs of git has happened or not, and the next one completes it. */

const USER = { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@b' };
const ARGS = ['promote', 'acme', '1.1.0', '--from', 'snapshot', '--to', 'staging', '--apply'];

test('a promotion that is killed', async () => {
  const project = storageProject({
    production: packageFiles('acme', '1.0.0'),
    staging: packageFiles('other', '0.9.0'),
    snapshot: { ...packageFiles('acme', '1.1.0'), ...packageFiles('widget', '2.0.0') },
  });
  const { folder, repository } = project;
  const start = join(folder, 'start.git');
  cpSync(repository.folder, start, { recursive: true });
  const trace = join(folder, 'trace');
  const promote = async (fault: object): Promise<number | null> => {
    writeFileSync(trace, '');
    const settings = JSON.stringify({ ...fault, trace, roots: [repository.folder] });
    const preload = new URL('../support/fault.mjs', import.meta.url).href;
    const env = { ...USER, EPR_FAULT: settings, NODE_OPTIONS: `--import=${preload}` };
    return (await run(ARGS, { cwd: folder, env })).status;
  };
  const state = (): string[] => ['production', 'staging', 'snapshot'].map((layer) => project.revisions(layer).join());
  const old = state();
  expect(await promote({})).toBe(0);
  const fresh = state();
  expect(fresh).not.toEqual(old);
  const lines = readFileSync(trace, 'utf8').trimEnd().split('\n');
  const steps = lines
    .map((line) => (JSON.parse(line) as { step: string }).step)
    .filter((step) => step.startsWith('git '));
  expect(steps.length).toBeGreaterThan(2);
  for (const at of sampled(steps, 6)) {
    rmSync(repository.folder, { recursive: true });
    cpSync(start, repository.folder, { recursive: true });
    expect({ at, status: await promote({ at, fault: 'kill' }) }).toEqual({ at, status: null });
    expect([old, fresh]).toContainEqual(state());
    if (state().join() !== fresh.join()) expect({ at, status: await promote({}) }).toEqual({ at, status: 0 });
    expect({ at, state: state() }).toEqual({ at, state: fresh });
    expect(
      readdirSync(repository.folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
        /\.(lock|tmp)$/.test(path),
      ),
    ).toEqual([]);
  }
});
