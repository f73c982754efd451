import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostName } from '../../src/hosts/hosts.ts';
import type { RecordedRow } from '../support/compare.ts';
import { askAll } from '../support/contract.ts';
import { serve } from '../support/implementations.ts';
import type { Running } from '../support/implementations.ts';
import { areProbesMissing, folderProbes, orderProbes, zipProbes } from '../support/probes.ts';
import type { ProbeSite } from '../support/probes.ts';
import { startWorker } from './cloudflare-host.ts';
import type { MiniflareKit } from './cloudflare-host.ts';
import { cloudflareSkips } from './cloudflare-skips.ts';
import { writeHostFolder } from './host-folder.ts';
import { npmKit } from './kit.ts';
import { denoProgram, startEdgeFunction } from './netlify-host.ts';
import { generateNginx, hasNginx, startNginx } from './nginx-host.ts';

/*
 * Packages that are odd in one way each, as each host serves them.
 */

const deno = denoProgram() as string;
const miniflare = npmKit<MiniflareKit>('miniflare') as MiniflareKit;

interface ServingHost {
  readonly name: string;
  readonly isHere: boolean;
  start(site: string, work: string): Promise<Running>;
  /** Whether the platform changes a request before the host sees it. */
  changes?(row: RecordedRow): boolean;
}

const servingHosts: readonly ServingHost[] = [
  { name: 'serve', isHere: true, start: (site) => serve.start(site) },
  { name: 'nginx', isHere: hasNginx(), start: async (site) => startNginx(await generateNginx(site, 'probes', 'all')) },
  {
    name: 'netlify',
    isHere: Boolean(deno),
    start: async (site, work) => startEdgeFunction(deno, await written('netlify', site, work)),
  },
  {
    name: 'cloudflare',
    isHere: Boolean(miniflare),
    start: async (site, work) => startWorker(miniflare, await written('cloudflare', site, work)),
    changes: (row) => cloudflareSkips.some(({ applies }) => applies(row)),
  },
];

async function written(host: HostName, folder: string, work: string): Promise<string> {
  const hostFolder = join(work, `probes.${host}`);
  const findings = await writeHostFolder(host, { folder, hostFolder, name: 'probes' });
  expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
  return hostFolder;
}

describe.skipIf(areProbesMissing).each([folderProbes, orderProbes, zipProbes])('$name', (set) => {
  let work: string;
  let site: ProbeSite;
  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'epr-static-probes-'));
    site = await set.build();
  });
  afterAll(() => {
    site.remove();
    rmSync(work, { recursive: true, force: true });
  });

  for (const { name, isHere, start, changes = () => false } of servingHosts)
    test.skipIf(!isHere)(`are answered by ${name} as the registry answers`, async () => {
      const rows = set.rows().filter((row) => !changes(row));
      expect(rows.length).toBeGreaterThanOrEqual(0.98 * set.rows().length);
      const running = await start(site.folder, work);
      try {
        expect(await askAll(running, rows)).toEqual([]);
      } finally {
        await running.stop();
      }
    });
});
