import { afterAll, describe, expect, test } from 'vitest';
import { askAll, buildSite, recordedSets, sharedPath } from '../support/contract.ts';
import { coreInMemory, serve } from '../support/implementations.ts';

const bundle = sharedPath('package-storage.bundle', 'the comparison over the real storage');
const recorded = sharedPath('recorded', 'the comparison over the real storage');

const distributions = [
  { name: 'snapshot', layers: ['production', 'staging', 'snapshot'], revisions: 2321, ownerless: 34 },
  { name: 'staging', layers: ['production', 'staging'], revisions: 1942, ownerless: 33 },
  { name: 'production', layers: ['production'], revisions: 1920, ownerless: 32 },
];

describe.skipIf(bundle === undefined || recorded === undefined).each(distributions)(
  'the real storage: $name',
  (dist) => {
    const sets = recorded === undefined ? new Map() : recordedSets(`${recorded}/${dist.name}`);
    let site: Awaited<ReturnType<typeof buildSite>>;
    afterAll(() => site.remove());

    test('is built without findings, but for the packages without an owner, which Kibana refuses', async () => {
      site = await buildSite(bundle ?? '', dist);
      expect(site.report.findings.filter(({ code }) => code !== 'kibana')).toEqual([]);
      expect(site.report.findings).toHaveLength(dist.ownerless);
      expect(site.report.revisions).toBe(dist.revisions);
    });

    test.each([coreInMemory, serve])('$name answers like the registry', async (implementation) => {
      const running = await implementation.start(site.folder);
      for (const [name, rows] of sets) expect([name, await askAll(running, rows)]).toEqual([name, []]);
      await running.stop();
    });
  },
);
