import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { folderReader } from '../../src/hosts/node/folder-reader.ts';
import { publishSite } from '../../src/publish/publish.ts';
import { openReader, openStore } from '../../src/publish/open-store.ts';
import type { RecordedRow } from '../support/compare.ts';
import { askAll, recordedSets, sharedPath } from '../support/contract.ts';
import { serveOverReader } from '../support/implementations.ts';
import type { Running } from '../support/implementations.ts';
import { BUCKET, hasVersitygw, startVersitygw } from '../support/versitygw.ts';
import type { ObjectStore } from '../support/versitygw.ts';
import { cloudflareSkips } from './cloudflare-skips.ts';
import { npmKit } from './kit.ts';
import { hasNginx } from './nginx-host.ts';
import { isRefused } from './nginx-store-skips.ts';
import { startNginxOverStore, startR2Worker, startS3Function } from './store-hosts.ts';
import type { R2Kit } from './store-hosts.ts';

/*
 * Every reader of a store over the real storage. It takes minutes and some gigabytes of disk, so it runs by hand:
 *   EPR_STATIC_SITE=dist/snapshot EPR_STATIC_STORE=/srv/store/snapshot npx vitest run test/hosts/real-store.test.ts
 * with a site, and a folder to which it was published.
 */

const { EPR_STATIC_SITE: site = '', EPR_STATIC_STORE: folder = '' } = process.env;
const isWanted = site !== '' && folder !== '';
const recorded = isWanted ? sharedPath('recorded', 'the readers over the real storage') : undefined;
const work = mkdtempSync(join(tmpdir(), 'epr-static-real-store-'));
let bucket: ObjectStore | undefined;
afterAll(() => {
  bucket?.stop();
  rmSync(work, { recursive: true, force: true });
});

async function bucketOfSite(): Promise<ObjectStore> {
  if (bucket) return bucket;
  bucket = await startVersitygw();
  Object.assign(process.env, bucket.env);
  const store = await openStore(`s3://${BUCKET}/real`, { endpoint: bucket.endpoint }, () => undefined);
  await publishSite({ folder: site, store, check: false, dryRun: false, onProgress: () => undefined });
  return bucket;
}

async function startWorker(): Promise<Running> {
  const worker = await startR2Worker(npmKit<R2Kit>('miniflare') as R2Kit, join(work, 'worker'));
  await worker.fill(folder);
  return worker;
}

function fail(line: string): never {
  throw new Error(line);
}

const isCleaned = (row: RecordedRow): boolean => cloudflareSkips.some((skip) => skip.applies(row));

interface Reader {
  readonly name: string;
  start(): Promise<Running>;
  /** What can't be asked of it. */
  skips(row: RecordedRow): boolean;
}

const readers: readonly Reader[] = [
  { name: 'serve over a folder', start: () => serveOverReader(folderReader(folder)), skips: () => false },
  {
    name: 'serve over a bucket',
    start: async () => {
      const { endpoint } = await bucketOfSite();
      return await serveOverReader(await openReader(`s3://${BUCKET}/real`, { endpoint }));
    },
    skips: () => false,
  },
  {
    name: 'nginx in front of serve',
    start: () => startNginxOverStore(folderReader(folder), join(work, 'nginx'), fail),
    skips: isRefused,
  },
  {
    name: 'a Lambda function',
    start: async () => await startS3Function(await bucketOfSite(), 'streamed', 'real'),
    skips: isCleaned,
  },
  { name: 'a Worker over R2', start: startWorker, skips: isCleaned },
];

describe.skipIf(recorded === undefined || !hasVersitygw() || !hasNginx())(
  'a site given by hand, through every reader of its store',
  () => {
    test.each(readers)('$name answers like the registry', async ({ name, start, skips }) => {
      const rows = [...recordedSets(`${recorded}/${basename(site)}`).values()].flat();
      const asked = rows.filter((row) => !skips(row));
      const running = await start();
      const different = await askAll(running, asked);
      process.stderr.write(`${name}: ${different.length} of ${asked.length} different, of ${rows.length} recorded\n`);
      await running.stop();
      expect(different).toEqual([]);
    });
  },
);
