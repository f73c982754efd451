import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderReader } from '../../src/hosts/node/folder-reader.ts';
import { askAll, askUnrecorded, buildSite, recordedSets, UNRECORDED } from '../support/contract.ts';
import { published } from '../support/implementations.ts';
import { hasNginx } from './nginx-host.ts';
import type { RunningNginx } from './nginx-host.ts';
import { isRefused } from './nginx-store-skips.ts';
import { startNginxOverStore } from './store-hosts.ts';

/* nginx in front of `serve --store`, as `reader nginx` writes it. */

const here = (path: string): string => new URL(`../${path}`, import.meta.url).pathname;
const sets = recordedSets(here('recorded/cases'));
const work = mkdtempSync(join(tmpdir(), 'epr-static-nginx-store-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

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
    nginx = await startNginxOverStore(folderReader(url), join(work, 'nginx'), log);
    stop = () => {
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
