import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeReader } from '../../src/commands/reader/run.ts';
import { folderReader } from '../../src/hosts/node/folder-reader.ts';
import { siteServer } from '../../src/hosts/node/http.ts';
import { nodeStoreFiles } from '../../src/hosts/node/node-files.ts';
import { nodeSite } from '../../src/hosts/node/server.ts';
import type { RecordedRow } from '../support/compare.ts';
import { askAll, askUnrecorded, buildSite, recordedSets, UNRECORDED } from '../support/contract.ts';
import { published } from '../support/implementations.ts';
import { hasNginx, startNginx } from './nginx-host.ts';
import type { RunningNginx } from './nginx-host.ts';

/* nginx in front of `serve --store`, as `reader nginx` writes it. */

const here = (path: string): string => new URL(`../${path}`, import.meta.url).pathname;
const sets = recordedSets(here('recorded/cases'));
const work = mkdtempSync(join(tmpdir(), 'epr-static-nginx-store-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** nginx itself refuses a path that climbs above the root, and a NUL. */
function isRefused({ t }: RecordedRow): boolean {
  const parts = decodeURI(t.replace(/\?.*/s, '').replaceAll(/%(?!2e)/gi, '%25')).split('/');
  let depth = 0;
  for (const part of parts) if ((depth += part === '..' ? -1 : part === '' || part === '.' ? 0 : 1) < 0) return true;
  return /%00/.test(t);
}

const failures: string[] = [];

function log(line: string): void {
  failures.push(line);
}

describe.skipIf(!hasNginx())('nginx in front of serve over a store', () => {
  let nginx: RunningNginx;
  let stop: () => void;

  beforeAll(async () => {
    const site = await buildSite(here('cases'), { name: 'cases', layers: ['zips', 'first', 'second'], packages: '.' });
    const { url, remove } = await published(site.folder);
    const server = siteServer(nodeSite(nodeStoreFiles(folderReader(url), log), log));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { folder } = await writeReader({ host: 'nginx', at: url, out: join(work, 'nginx') });
    const conf = join(folder, 'nginx.conf');
    const text = readFileSync(conf, 'utf8')
      .replace('127.0.0.1:8080;', `127.0.0.1:${(server.address() as AddressInfo).port};`)
      .replace('/var/cache/nginx/', `${work}/`);
    writeFileSync(conf, text);
    nginx = await startNginx(folder);
    stop = () => {
      server.closeAllConnections();
      server.close();
      remove();
      site.remove();
    };
  });
  afterAll(async () => {
    await nginx.stop();
    stop();
    expect(failures).toEqual([]);
  });

  // The second time, most come from nginx's own cache.
  test.each([...sets].flatMap(([name, rows]) => [1, 2].map((time) => [name, time, rows] as const)))(
    '%s, time %d',
    async (_, __, rows) => {
      expect(
        await askAll(
          nginx,
          rows.filter((row) => !isRefused(row)),
        ),
      ).toEqual([]);
    },
  );

  test('requests that no recording holds', async () => {
    expect(
      await askUnrecorded(
        nginx,
        UNRECORDED.filter(({ what }) => what !== 'absolute form'),
      ),
    ).toEqual([]);
  });

  test('few requests are refused', () => {
    const rows = [...sets.values()].flat();
    expect(rows.filter(isRefused).length / rows.length).toBeLessThan(0.02);
  });
});
