import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseManifest } from '../../src/package/yaml/yaml.ts';
import { askAll } from '../support/contract.ts';
import { coreInMemory } from '../support/implementations.ts';
import type { Running } from '../support/implementations.ts';
import {
  areProbesMissing,
  folderProbes,
  isRefusedOnPurpose,
  orderProbes,
  REFUSED_ON_PURPOSE,
  tooDeepManifests,
  verdictsOf,
  zipProbes,
} from '../support/probes.ts';
import type { ProbeSet, ProbeSite } from '../support/probes.ts';

/*
 * Which of the odd packages a real registry served, and what it answered over them.
 */

/** Builds a set's site before the tests of a suite; gives it, and the core over it. */
function beforeTests(set: ProbeSet): { site(): ProbeSite; running(): Running } {
  let site: ProbeSite;
  let running: Running;
  beforeAll(async () => {
    site = await set.build();
    running = await coreInMemory.start(site.folder);
  });
  afterAll(() => site.remove());
  return { site: () => site, running: () => running };
}

describe.skipIf(areProbesMissing)('folder packages', () => {
  const { site, running } = beforeTests(folderProbes);

  test('are fit where the registry serves them', () => {
    const refused = verdictsOf('folders').filter(([, { loads }]) => !loads);
    expect([...site().report.skipped].sort()).toEqual(refused.map(([place]) => `${basename(place)}@1.0.0`).sort());
  });

  test('are answered as the registry answers', async () => {
    expect(await askAll(running(), folderProbes.rows())).toEqual([]);
  });

  test('are refused on purpose where collections are nested deeper than a thousand', () => {
    const manifests = tooDeepManifests();
    expect(manifests).toHaveLength(2);
    for (const bytes of manifests) expect(() => parseManifest(bytes)).toThrow('maxDepth (1000)');
  });

  test('may hold a file with a line break in its name, which no path finds', async () => {
    const index = await running().ask('GET', '/package/p0312/1.0.0/', {});
    expect(index.body.toString()).toContain(String.raw`"/package/p0312/1.0.0/docs/a\nb.md"`);
    const file = await running().ask('GET', '/package/p0312/1.0.0/docs/a%0Ab.md', {});
    expect([file.status, file.body.toString()]).toEqual([404, '404 page not found\n']);
  });
});

describe.skipIf(areProbesMissing)('zip packages with their entries in many orders', () => {
  const { site, running } = beforeTests(orderProbes);

  test('are answered as the registry answers', async () => {
    expect(site().report.findings.filter(({ level }) => level === 'error')).toEqual([]);
    expect(await askAll(running(), orderProbes.rows())).toEqual([]);
  });
});

describe.skipIf(areProbesMissing)('zip packages', () => {
  const { site, running } = beforeTests(zipProbes);

  test('are fit where the registry serves them, but for those that are refused on purpose', async () => {
    const served = await running().ask('GET', '/search?all=true&prerelease=true', {});
    const names = (JSON.parse(served.body.toString()) as { name: string }[]).map(({ name }) => name);
    const loaded = verdictsOf('zips').filter(([, { loads }]) => loads);
    const expected = loaded.map(([place]) => basename(place).slice(0, 4).replace(/^sub$/, 'q039'));
    expect(names).toEqual(expected.filter((name) => !isRefusedOnPurpose(name)).sort());
  });

  test('have a finding each where they are refused', () => {
    const places = site()
      .report.findings.map(({ where }) => where)
      .join('\n');
    for (const name of Object.keys(REFUSED_ON_PURPOSE)) expect(places, name).toContain(name);
  });

  test('are answered as the registry answers', async () => {
    expect(await askAll(running(), zipProbes.rows())).toEqual([]);
  });
});
