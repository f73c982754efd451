import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run, startServer, temporaryFolder } from '../support/cli.ts';
import { EVIL_PACKAGE } from '../support/evil-package.ts';
import { createRepository, distributions, packageFiles, under, writeFiles } from '../support/repository.ts';
import { CHROMIUM, chromiumKit } from './chromium.ts';
import type { Browser, Page, PuppeteerNode } from './chromium.ts';

/* Pages for people in a real browser: Debian's Chromium, without a network but for the host. */

const kit = chromiumKit();

interface Axe {
  run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
}

describe.skipIf(!kit)('in Chromium', () => {
  const root = temporaryFolder();
  let browser: Browser;
  let server: Awaited<ReturnType<typeof startServer>>;
  /** What went wrong on the pages: scripts that ran, other hosts that were asked, errors and refusals of the policy. */
  const troubles: string[] = [];
  let axe: string;

  beforeAll(async () => {
    const sample = new URL('../../content/storage/', import.meta.url).pathname;
    writeFiles(root, {
      'content/distributions.yml': distributions(sample, ['production', 'staging', 'snapshot'], "pages: 'true'"),
      'evil/distributions.yml': distributions('storage', ['main'], "pages: 'true'"),
    });
    const storage = createRepository(join(root, 'evil/storage'));
    storage.commit('main', storage.treeOf(under('packages', EVIL_PACKAGE, packageFiles('good', '1.0.0'))));
    for (const [config, out] of [
      ['content', 'dist'],
      ['evil', 'evil-dist'],
    ] as const) {
      const built = await run(['build', '--dist', 'all', '--config', `${config}/distributions.yml`, '--out', out], {
        cwd: root,
      });
      expect(built.status, built.stdout + built.stderr).toBe(0);
    }
    axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    browser = await (kit as PuppeteerNode).launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu'],
    });
  });
  afterAll(async () => {
    await browser?.close();
  });

  async function open(path: string, { width = 1280, scheme = 'light' } = {}): Promise<Page> {
    const page = await browser.newPage();
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(server.url).origin) troubles.push(`asks ${request.url()}`);
    });
    page.on('dialog', (dialog) => {
      troubles.push(`runs: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => void troubles.push(`${path}: ${message.text()}`));
    page.on('pageerror', (error) => void troubles.push(`${path}: ${String(error)}`));
    await page.goto(new URL(path, server.url).href, { waitUntil: 'networkidle0' });
    return page;
  }

  /** What axe-core finds on a page. */
  async function faults(page: Page): Promise<string[]> {
    const session = await page.createCDPSession();
    await session.send('Page.setBypassCSP', { enabled: true });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: Axe }).axe.run());
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map(({ html }) => html)
          .slice(0, 3)
          .join(' ')}`,
    );
  }

  function pagesIn(out: string): string[] {
    const all = readdirSync(join(root, out, 'all/_browse'), { recursive: true, encoding: 'utf8' });
    return all.filter((path) => path.endsWith('.html')).map((path) => `/_browse/${path}`);
  }

  describe('the sample', () => {
    beforeAll(async () => {
      server = await startServer(['--dir', 'dist/all'], { cwd: root });
    });
    afterAll(async () => await server.stop());

    test.each([
      { width: 1280, scheme: 'light' },
      { width: 390, scheme: 'dark' },
    ])('is accessible and fits: $width pixels, $scheme', async (look) => {
      const some = pagesIn('dist').filter((path) =>
        /_browse\/(index|about|waiting|edge_gateway|cron_watch)/.test(path),
      );
      expect(some.length).toBeGreaterThan(8);
      for (const path of some) {
        const page = await open(path, look);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBeLessThanOrEqual(
          0,
        );
        troubles.push(...(await faults(page)).map((fault) => `${path}: ${fault}`));
        await page.close();
      }
      expect(troubles.splice(0)).toEqual([]);
    });

    test('the form shows what a Kibana finds, by keyboard, and the address holds it', async () => {
      const page = await open('/_browse/');
      const shown = (): Promise<string[]> =>
        page.$$eval('#packages li:not([hidden])', (items) =>
          items.map((item) => `${item.id}@${item.querySelector('small b')?.textContent ?? ''}`),
        );
      expect(await shown()).toHaveLength(9);
      await page.focus('[name=kibana]');
      await page.keyboard.type('8.5.0');
      await page.waitForFunction(() => document.querySelector('#shown')?.textContent !== '');
      const found = (await (await fetch(`${server.url}/search?kibana.version=8.5.0&prerelease=true`)).json()) as {
        name: string;
        version: string;
      }[];
      const expected = found.map(({ name, version }) => `${name}@${version}`).sort();
      expect(expected.length).toBeGreaterThan(0);
      expect((await shown()).sort()).toEqual(expected);
      const isHidden = (id: string): Promise<boolean[]> =>
        page.$$eval(`#${id} small span`, (spans) => spans.map((span) => (span as HTMLElement).hidden === true));
      expect(await isHidden('edge_gateway')).toEqual([true]);
      expect(await isHidden('cron_watch')).toEqual([false]);
      expect(new URL(page.url()).search).toBe('?kibana=8.5.0');
      await page.reload({ waitUntil: 'networkidle0' });
      expect((await shown()).sort()).toEqual(expected);
      expect(await faults(page)).toEqual([]);
      await page.close();
      expect(troubles).toEqual([]);
    });

    test('the list is there without scripts', async () => {
      const page = await browser.newPage();
      await page.setJavaScriptEnabled(false);
      await page.goto(`${server.url}/_browse/`);
      expect(await page.$$('#packages li')).toHaveLength(9);
      expect(await (await page.$('#filter'))?.isVisible()).toBe(false);
      await page.close();
    });
  });

  describe('a hostile package', () => {
    beforeAll(async () => {
      server = await startServer(['--dir', 'evil-dist/all'], { cwd: root });
    });
    afterAll(async () => await server.stop());

    test('runs nothing, and asks no other host', async () => {
      const all = pagesIn('evil-dist');
      expect(all.filter((path) => path.includes('/evil/')).length).toBeGreaterThan(3);
      for (const path of all) {
        const page = await open(path);
        troubles.push(...(await faults(page)).map((fault) => `${path}: ${fault}`));
        await page.close();
      }
      expect(troubles.splice(0)).toEqual([]);
    });

    test('adds nothing to the feeds', async () => {
      const page = await open('/_browse/');
      const feeds = await page.evaluate(async () => {
        const [xml, json] = await Promise.all(
          ['updates.xml', 'updates.json'].map(async (path) => (await fetch(path)).text()),
        );
        const parser = new DOMParser();
        const atom = parser.parseFromString(xml ?? '', 'text/xml');
        const content = atom.querySelector('entry > content')?.textContent ?? '';
        return {
          root: atom.documentElement.nodeName,
          elements: Array.from(atom.querySelectorAll('entry *'), ({ nodeName }) => nodeName),
          shown: Array.from(
            parser.parseFromString(content, 'text/html').body.querySelectorAll('*'),
            ({ nodeName }) => nodeName,
          ),
          isSame: content === (JSON.parse(json ?? '') as { items: { content_html: string }[] }).items[0]?.content_html,
        };
      });
      expect(feeds).toEqual({
        root: 'feed',
        elements: ['id', 'title', 'updated', 'link', 'content'],
        shown: ['UL', 'LI'],
        isSame: true,
      });
      await page.close();
      expect(troubles.splice(0)).toEqual([]);
    });

    test('the test sees what runs, and what is asked elsewhere', async () => {
      const page = await open('/package/evil/1.0.0/img/logo.svg');
      await page.close();
      expect(troubles.splice(0).join('\n')).toContain('runs: svg');
    });
  });
});
