import { afterAll, describe, expect, test } from 'vitest';
import { askAll, buildSite, recordedSets, sharedPath } from '../support/contract.ts';
import { coreInMemory, serve } from '../support/implementations.ts';
import { compareForKibanas, knownTo, toClient } from '../support/kibana-requests.ts';
import type { WrittenClient } from '../support/kibana-requests.ts';

const bundle = sharedPath('package-storage.bundle', 'the comparison over the real storage');
const recorded = sharedPath('recorded', 'the comparison over the real storage');

const distributions = [
  { name: 'snapshot', layers: ['production', 'staging', 'snapshot'], revisions: 2321, ownerless: 34 },
  { name: 'staging', layers: ['production', 'staging'], revisions: 1942, ownerless: 33 },
  { name: 'production', layers: ['production'], revisions: 1920, ownerless: 32 },
];

/** Sets of Kibanas, and how many requests each is asked. `EPR_STATIC_REQUESTS` asks more. */
const kibanas: readonly WrittenClient[][] = [
  [{ kibana: '8.5.0' }],
  [{ kibana: '7.17.0' }, { kibana: '8.5.0' }],
  [{ kibana: '7.16.0', prerelease: false }, { kibana: '8.0.0-SNAPSHOT' }],
  [{ kibana: '8.19.4', spec: '1.0-2.0', capabilities: ['security', 'observability'] }],
  [
    { kibana: '8.6.0', capabilities: ['uptime'] },
    { kibana: '9.2.1', spec: '2.3 - 3.6' },
  ],
];
const REQUESTS = Number(process.env['EPR_STATIC_REQUESTS'] ?? 150);

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

    test.each(dist.name === 'production' ? kibanas.map((lines, i) => ({ lines, i })) : [])(
      'a part for $lines answers them as the whole does',
      async ({ lines, i }) => {
        const part = await site.part(`part-${i}`, { for: lines, keep: { previous: String(i % 2) } });
        const running = [await coreInMemory.start(site.folder), await coreInMemory.start(part.folder)] as const;
        const options = {
          clients: lines.map(toClient),
          known: await knownTo(running[0]),
          count: REQUESTS,
          seed: i + 1,
        };
        const { different, asked } = await compareForKibanas(running, options);
        expect(different).toEqual([]);
        expect(asked).toBeGreaterThanOrEqual(REQUESTS);
      },
    );
  },
);
