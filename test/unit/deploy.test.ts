import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { expect, test } from 'vitest';
import { REPOSITORY } from '../support/source.ts';

/* The files of `deploy/`, as far as they can be read without a daemon or a cluster. */

const folder = join(REPOSITORY, 'deploy');
const textOf = (name: string): string => readFileSync(join(folder, name), 'utf8');

test('the manifests are YAML, and each object has a kind and a name', () => {
  const manifests = readdirSync(folder).filter((name) => name.endsWith('.yml'));
  const kinds = manifests.flatMap((name) =>
    loadAll(textOf(name)).map((one) => {
      const { kind, metadata } = one as { kind: string; metadata: { name: string } };
      return `${kind} ${metadata.name}`;
    }),
  );
  expect(kinds).toEqual(['PackageRegistry packages', 'Kibana kibana', 'Deployment packages', 'Service packages']);
});

test('no image runs as root, and each has a health check', () => {
  for (const name of ['Dockerfile', 'nginx.Dockerfile']) {
    const last =
      textOf(name)
        .split(/^FROM /m)
        .at(-1) ?? '';
    expect(last).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
    expect(last).toMatch(/^HEALTHCHECK .*\/health/m);
  }
});

test('docs/deploy.md names each file', () => {
  const page = readFileSync(join(REPOSITORY, 'docs/deploy.md'), 'utf8');
  for (const name of readdirSync(folder).filter((one) => !one.endsWith('.dockerignore')))
    expect(page).toContain(`(../deploy/${name})`);
});
