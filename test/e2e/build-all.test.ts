import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BuildAllReport } from '../../src/commands/build/all.ts';
import type { BuildReport } from '../../src/commands/build/run.ts';
import { run, temporaryFolder } from '../support/cli.ts';
import { createRepository, packageFiles, under, writeFiles } from '../support/repository.ts';
import type { Files, Repository } from '../support/repository.ts';

/* `build --all`, and the sites that another build leaves behind. */

const CONFIG = `registry: 1.40.1
storage: ../origin.git
layers: { production: {}, staging: {} }
distributions:
  production: { layers: [production] }
  staging: { layers: [production, staging] }
`;

interface Project {
  readonly folder: string;
  readonly repository: Repository;
}

function project(config = CONFIG): Project {
  const folder = temporaryFolder();
  const repository = createRepository(join(folder, 'origin.git'));
  writeFiles(folder, { 'content/distributions.yml': config });
  const one = { folder, repository };
  push(one, 'production', packageFiles('acme', '1.0.0'));
  push(one, 'staging', packageFiles('acme', '1.1.0'));
  return one;
}

function push({ repository }: Project, layer: string, files: Files): void {
  repository.commit(layer, repository.treeOf(under('packages', files)));
}

async function buildAll({ folder }: Project): Promise<{ status: number | null; report: BuildAllReport }> {
  const { status, stdout } = await run(['build', '--all', '--json'], { cwd: folder });
  return { status, report: JSON.parse(stdout) as BuildAllReport };
}

test('builds every distribution, then none again', async () => {
  const one = project();
  const first = await buildAll(one);
  expect(first.status).toBe(0);
  expect(first.report.distributions.map((each) => each.distribution)).toEqual(['production', 'staging']);
  expect(readdirSync(join(one.folder, 'dist')).sort()).toEqual(['production', 'staging']);
  const second = await buildAll(one);
  expect(second.report.distributions.map((each) => each.site?.how)).toEqual(['unchanged', 'unchanged']);
  expect(second.report).toMatchObject({ failed: [], stale: [] });
});

test('a build names the sites that it leaves behind, and --all brings them up to date', async () => {
  const one = project();
  await buildAll(one);
  push(one, 'production', packageFiles('acme', '2.0.0'));
  const { stdout } = await run(['build', '--dist', 'production', '--json'], { cwd: one.folder });
  const { stale } = JSON.parse(stdout) as BuildReport;
  expect(stale).toMatchObject([{ distribution: 'staging', layer: 'production' }]);
  const shown = await run(['build', '--dist', 'production'], { cwd: one.folder });
  expect(shown.stdout).toMatch(/stale +\S+staging: production at \w{12}, now \w{12}; build staging again/);
  expect((await buildAll(one)).report.stale).toEqual([]);
});

test('an unfit package keeps its own distribution as it was, and no other', async () => {
  const one = project();
  await buildAll(one);
  push(one, 'production', packageFiles('acme', '2.0.0'));
  push(one, 'staging', packageFiles('acme', '3.0.0', { 'manifest.yml': '{' }));
  const { status, report } = await buildAll(one);
  expect(status).toBe(1);
  expect(report.distributions.map(({ site }) => site?.how)).toEqual(['written', undefined]);
  expect(report.stale.map(({ distribution }) => distribution)).toEqual(['staging']);
});

test('a layer that is missing fails its own distribution, and no other', async () => {
  const one = project(CONFIG.replace('[production, staging]', '[production, { name: next, ref: nowhere }]'));
  const { status, report } = await buildAll(one);
  expect(status).toBe(1);
  expect(report.failed).toMatchObject([{ distribution: 'staging', code: 'no-layer' }]);
  expect(report.distributions.map(({ site }) => site?.how)).toEqual(['written']);
  const shown = await run(['build', '--all'], { cwd: one.folder });
  expect(shown.stdout).toMatch(/staging +failed/);
});

test('--all and --dist exclude each other', async () => {
  const { status, stderr } = await run(['build', '--all', '--dist', 'staging'], { cwd: project().folder });
  expect(status).toBe(2);
  expect(stderr).toContain('cannot be used with');
});
