import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFaultProxy } from '../support/fault-proxy.ts';
import type { FaultProxy } from '../support/fault-proxy.ts';
import { buildSites, home } from '../support/places.ts';
import { disturbingInBucket, disturbingInFolder, drawn, randomFrom, storeCases } from '../support/store-faults.ts';
import type { Disturbing } from '../support/store-faults.ts';
import { hasVersitygw, startVersitygw } from '../support/versitygw.ts';
import type { ObjectStore } from '../support/versitygw.ts';

/*
 * A sample of the disturbances of `store-faults.ts`. All of them, and kills at random times until there are 50 for each command and kind of store
 * (300 in all), come with
 *   EPR_STATIC_KILLS=50 EPR_STATIC_SEED=1 npx vitest run test/e2e/kill-publish.test.ts --testTimeout=0
 */

buildSites();

const kills = Number(process.env['EPR_STATIC_KILLS'] ?? 0);
const seed = Number(process.env['EPR_STATIC_SEED'] ?? 1);
/** Of each command, where not all are wanted. */
const SAMPLE = { folder: 14, bucket: 24 };

/** Disturbs a command at some points, or at all and at random times; what is wrong. */
async function complaintsOf<Point extends { readonly fault: string }>(
  { kills: killing, points, at, killAfter }: Disturbing<Point>,
  sample: number,
): Promise<string[]> {
  const random = randomFrom(seed);
  const all = await points();
  const some = kills > 0 ? all : drawn(all, sample, random);
  const complaints: string[] = [];
  const count: Record<string, number> = {};
  const counted = async (fault: string, work: Promise<string[]>): Promise<void> => {
    complaints.push(...(await work));
    count[fault] = (count[fault] ?? 0) + 1;
  };
  for (const point of some) await counted(point.fault, at(point));
  const isKill = ({ fault }: Point): boolean => killing.includes(fault);
  for (let left = kills - some.filter(isKill).length; left > 0; left--) await counted('kill', killAfter(random()));
  if (kills > 0) process.stderr.write(`${expect.getState().currentTestName}: ${JSON.stringify(count)}\n`);
  return complaints;
}

test.each(storeCases)('$name in a folder', async (one) => {
  const disturbing = await disturbingInFolder(one, join(home, 'kills', one.name));
  expect(await complaintsOf(disturbing, SAMPLE.folder)).toEqual([]);
});

if (hasVersitygw())
  describe('over an object store', () => {
    let bucket: ObjectStore;
    let proxy: FaultProxy;
    beforeAll(async () => {
      bucket = await startVersitygw();
      Object.assign(process.env, bucket.env);
      proxy = await startFaultProxy(bucket.port);
    });
    afterAll(() => {
      proxy.stop();
      bucket.stop();
    });

    test.each(storeCases)('$name', async (one) => {
      expect(await complaintsOf(await disturbingInBucket(one, { bucket, proxy }), SAMPLE.bucket)).toEqual([]);
    });
  });
