import { describe, expect, test } from 'vitest';
import { findRevisions } from '../../src/core/find.ts';
import { explainQuery } from '../../src/inspect/explain.ts';
import { indexOf, queryOf, revision, search } from '../support/registry.ts';

const revisions = [
  revision('a@0.9.0'),
  revision('a@1.0.0', { kibana: '^7.0.0' }),
  revision('a@1.1.0', { kibana: '^8.0.0' }),
  revision('a@1.2.0', { kibana: '^8.0.0', experimental: 1 }),
  revision('a@1.3.0-rc1', { kibana: '^8.0.0' }),
  revision('b@1.0.0', { agent: '>=8.5.0', capabilities: ['security'], fields: ['x'], categories: ['web'] }),
  revision('b@2.0.0', { type: 'input', spec: '3.1.0', datasets: ['d'], templates: [['edr']] }),
];
const index = indexOf(...revisions);

function rules(raw: string): Record<string, string> {
  const facts = revisions.map((one) => one.facts);
  const verdicts = explainQuery(index.columns, facts, queryOf('search', raw));
  return Object.fromEntries(verdicts.map(({ name, version, rule }) => [`${name}@${version}`, rule]));
}

function textOf(id: string, raw: string): string {
  const facts = revisions.map((one) => one.facts);
  const verdicts = explainQuery(index.columns, facts, queryOf('search', raw));
  return verdicts.find(({ name, version }) => `${name}@${version}` === id)?.text ?? '';
}

describe('the one rule that decides', () => {
  test.each([
    ['', 'a@1.1.0', 'found'],
    ['', 'a@1.0.0', 'not-newest'],
    ['', 'a@1.2.0', 'experimental'],
    ['', 'a@1.3.0-rc1', 'prerelease'],
    ['prerelease=true', 'a@1.3.0-rc1', 'found'],
    ['kibana.version=7.17.0', 'a@1.1.0', 'kibana'],
    ['kibana.version=7.17.0', 'a@1.0.0', 'found'],
    ['agent.version=8.4.0', 'b@1.0.0', 'agent'],
    ['capabilities=apm', 'b@1.0.0', 'capabilities'],
    ['package=a', 'b@2.0.0', 'package'],
    ['type=input', 'b@1.0.0', 'type'],
    ['discovery=fields:y', 'b@1.0.0', 'discovery'],
    ['discovery=datasets:d', 'b@2.0.0', 'found'],
    ['spec.max=3.0', 'b@2.0.0', 'spec'],
    ['spec.min=3.1', 'b@1.0.0', 'spec'],
    ['category=web', 'b@2.0.0', 'category'],
    ['category=edr', 'b@2.0.0', 'found'],
    ['category=web', 'b@1.0.0', 'not-newest'],
    ['all=true', 'a@0.9.0', 'found'],
    ['experimental=true', 'a@1.2.0', 'found'],
    ['experimental=true', 'a@1.3.0-rc1', 'not-newest'],
    ['experimental=true&all=true', 'a@0.9.0', 'unstable'],
    ['experimental=true&agent.version=1.0.0', 'b@2.0.0', 'found'],
  ])('%s: %s by %s', (raw, id, rule) => {
    expect(rules(raw)[id]).toBe(rule);
  });

  test('the texts say what was compared', () => {
    expect(textOf('a@1.1.0', 'kibana.version=7.17')).toBe('it needs Kibana ^8.0.0, the client is 7.17.0');
    expect(textOf('b@2.0.0', 'spec.min=2.0&spec.max=3.0')).toBe(
      'its spec version is 3.1, the client takes at least 2.0 and at most 3.0',
    );
    expect(textOf('a@1.0.0', '')).toBe('it passes, but 1.1.0 is newer, and only the newest stays');
    expect(textOf('b@1.0.0', 'capabilities=apm')).toContain('security');
    expect(textOf('b@2.0.0', 'category=edr')).toContain('policy templates of the category edr');
  });
});

test('found is exactly what a search answers', () => {
  const values = {
    'kibana.version': ['', '7.17.0', '8.1.0', '8.1.0-SNAPSHOT'],
    prerelease: ['', 'true'],
    experimental: ['', 'true'],
    all: ['', 'true'],
    category: ['', 'web', 'security', 'edr', 'none'],
    type: ['', 'input'],
    'spec.max': ['', '3.0'],
    package: ['', 'b'],
  };
  const queries = Object.entries(values).reduce<string[]>(
    (all, [name, options]) => all.flatMap((raw) => options.map((option) => `${raw}&${name}=${option}`)),
    [''],
  );
  const different = queries.filter((raw) => {
    const found = Object.entries(rules(raw)).flatMap(([id, rule]) => (rule === 'found' ? [id] : []));
    return (
      found.join() !==
      search(index, raw)
        .map((row) => row.replace(/ for .*/, ''))
        .join()
    );
  });
  expect(queries.length).toBe(1280);
  expect(different).toEqual([]);
  expect(findRevisions(index.columns, queryOf('search', '')).length).toBe(2);
});
