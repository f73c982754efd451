import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, temporaryFolder } from '../support/cli.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';
import { CHROMIUM, chromiumKit } from './chromium.ts';
import type { Browser, PuppeteerNode } from './chromium.ts';

/* `serve --watch` with an open page for people: it comes anew, while the site on disk has no script for that. */

const kit = chromiumKit();

describe.skipIf(!kit)('in Chromium', () => {
  const root = temporaryFolder();
  const packages = join(root, 'storage/one/packages');
  let browser: Browser;
  let server: Awaited<ReturnType<typeof startServer>>;

  beforeAll(async () => {
    writeFiles(root, {
      'content/distributions.yml': distributions('../storage', ['one'], "pages: 'true'"),
      ...under('storage/one/packages', packageFiles('acme', '1.0.0')),
    });
    server = await startServer(['--watch', '--dist', 'all'], { cwd: root });
    for (let status = 404; status !== 200;) ({ status } = await fetch(`${server.url}/_browse/`));
    browser = await (kit as PuppeteerNode).launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu'],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  test('a list and a package page show each change, load no more than once for it, and break no policy', async () => {
    const troubles: string[] = [];
    const loads: string[] = [];
    const page = await browser.newPage();
    page.on('pageerror', (error) => void troubles.push(String(error)));
    page.on('console', (message) => void troubles.push(message.text()));
    page.on('request', (request) => void (request.url().endsWith('/reload.js') && loads.push(request.url())));
    await page.goto(`${server.url}/_browse/`);
    writeFiles(packages, packageFiles('beta', '1.0.0'));
    await page.waitForFunction(() => document.body.textContent.includes('beta'));
    rmSync(join(packages, 'beta'), { recursive: true });
    await page.waitForFunction(() => !document.body.textContent.includes('beta'));
    expect(loads).toHaveLength(3);

    await page.goto(`${server.url}/_browse/acme/readme.html`);
    const readme = { 'docs/README.md': '# Acme\n\nAnew.\n' };
    writeFiles(packages, packageFiles('acme', '1.0.0', readme));
    await page.waitForFunction(() => document.body.textContent.includes('Anew'));
    expect(troubles).toEqual([]);
    await page.close();
  });

  test('the bytes of the site, and of all other answers, are those of a build', async () => {
    const file = readFileSync(join(root, 'dist/all/_browse/index.html'), 'utf8');
    expect(file).not.toContain('_preview');
    const page = await fetch(`${server.url}/_browse/`);
    expect(await page.text()).toMatch(
      /<\/html>\s*<script src="\/_preview\/reload\.js" data-page='"[0-9a-f]+"'><\/script>$/,
    );
    const index = await fetch(`${server.url}/package/acme/1.0.0/`);
    expect(index.headers.get('cache-control')).toBe('max-age=10, public');
    expect(index.headers.get('content-security-policy')).toBeNull();
  });
});
