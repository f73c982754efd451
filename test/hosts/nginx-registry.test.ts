import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { build } from '../../src/commands/build/run.ts';
import { silentProgress } from '../../src/report.ts';
import { listing } from '../support/cli.ts';
import { buildSite } from '../support/contract.ts';
import { generateNginx, hasNginx, startNginx } from './nginx-host.ts';

/* A site that nginx serves is a registry like any other: a site whose layer it is is the same. */

const root = mkdtempSync(join(tmpdir(), 'epr-static-nginx-registry-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The files of a site, but for what it was built from and for the compressed forms that nginx alone has. */
const filesOf = (site: string): string[] =>
  listing(site).filter((line) => !/release\.json|encoded|\.(br|gz)"/.test(line));

test.skipIf(!hasNginx())('a layer can be taken from nginx', async () => {
  const cases = new URL('../cases', import.meta.url).pathname;
  const site = await buildSite(cases, {
    name: 'cases',
    layers: ['zips', 'first', 'second'],
    packages: '.',
    pages: false,
  });
  const nginx = await startNginx(await generateNginx(site.folder, 'cases', 'all'));
  try {
    const config = join(root, 'distributions.yml');
    const layers = { elastic: { registry: `http://127.0.0.1:${nginx.port}` } };
    writeFileSync(
      config,
      JSON.stringify({ registry: '1.40.1', layers, distributions: { cases: { layers: ['elastic'], pages: false } } }),
    );
    const options = { dist: 'cases', config, out: join(root, 'dist'), cache: join(root, 'cache') };
    const report = await build({ ...options, refs: {}, skipUnfit: false, offline: false }, silentProgress);
    expect(report.revisions).toBe(97);
    expect(filesOf(join(root, 'dist/cases'))).toEqual(filesOf(site.folder));
    expect(nginx.log()).toBe('');
  } finally {
    await nginx.stop();
    site.remove();
  }
});
