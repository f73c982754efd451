import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
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

test.each(['Dockerfile', 'nginx.Dockerfile'])('%s is without a finding of its linter', (name) => {
  expect(validate(textOf(name)).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
});

test('the linter finds what is wrong', () => {
  expect(validate('FROM a\nEXPOSE a\nHEALTHCHECK --intervall=3s CMD b\n')).toHaveLength(2);
});

test('images, manifests and the unit agree on the port, the health check and the time to stop', () => {
  const port = /^ENV EPR_ADDRESS=0\.0\.0\.0:(\d+)$/m.exec(textOf('Dockerfile'))?.[1] ?? 'none';
  for (const name of ['Dockerfile', 'nginx.Dockerfile']) {
    expect(textOf(name)).toMatch(new RegExp(`^EXPOSE ${port}$`, 'm'));
    expect(textOf(name)).toContain(`http://127.0.0.1:${port}/health`);
  }
  expect(textOf('epr-static.service')).toContain(`EPR_ADDRESS=0.0.0.0:${port}\n`);

  const [deployment, service] = loadAll(textOf('kubernetes.yml')) as [Deployment, Service];
  const { containers, terminationGracePeriodSeconds } = deployment.spec.template.spec;
  const [container] = containers;
  expect(containers).toHaveLength(1);
  expect(container?.ports).toEqual([{ name: 'http', containerPort: Number(port) }]);
  for (const probe of [container?.readinessProbe, container?.livenessProbe])
    expect(probe?.httpGet).toEqual({ path: '/health', port: 'http' });
  expect(service.spec.ports).toEqual([{ name: 'http', port: Number(port), targetPort: 'http' }]);
  expect(deployment.spec.template.metadata.labels).toEqual(deployment.spec.selector.matchLabels);
  expect(service.spec.selector).toEqual(deployment.spec.selector.matchLabels);
  const stopping = Number(/^TimeoutStopSec=(\d+)$/m.exec(textOf('epr-static.service'))?.[1]);
  expect(Math.min(stopping, terminationGracePeriodSeconds)).toBeGreaterThan(10); // what `serve` takes
});

interface Probe {
  readonly httpGet: object;
}

interface Deployment {
  readonly spec: {
    readonly selector: { readonly matchLabels: object };
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly {
          readonly ports: object;
          readonly readinessProbe: Probe;
          readonly livenessProbe: Probe;
        }[];
      };
    };
  };
}

interface Service {
  readonly spec: { readonly selector: object; readonly ports: object };
}

test('docs/deploy.md names each file', () => {
  const page = readFileSync(join(REPOSITORY, 'docs/deploy.md'), 'utf8');
  for (const name of readdirSync(folder).filter((one) => !one.endsWith('.dockerignore')))
    expect(page).toContain(`(../deploy/${name})`);
});
