import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Distribution } from '../../src/config.ts';
import { bundlePath } from '../../src/hosts/hosts.ts';
import { cloudflarePath } from '../../src/hosts/cloudflare/path.ts';
import { noOthers } from '../support/lock.ts';
import { writeTarget } from '../support/target.ts';
import { cloudflareTarget, LARGEST_ASSET, refusalsOf } from '../../src/hosts/cloudflare/target.ts';

const work = mkdtempSync(join(tmpdir(), 'epr-static-target-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

interface SiteFile {
  readonly path: string;
  readonly bytes: string;
  readonly digest: string;
  /** Where the manifest says another size than the file has. */
  readonly size?: number;
}

/** A site's folder as far as a target reads it: files, site manifest, `release.json`. */
function siteOf(name: string, files: readonly SiteFile[]) {
  const folder = join(work, name);
  const lines = files.map(({ path, bytes, digest, size = bytes.length }) => JSON.stringify({ path, size, digest }));
  const half = Math.ceil(lines.length / 2);
  const parts = [lines.slice(0, half), lines.slice(half)].map((part) => part.map((line) => `${line}\n`).join(''));
  write(folder, '_registry/release.json', '{}\n');
  for (const [i, part] of parts.entries()) write(folder, `_registry/manifest/${i}.ndjson`, part);
  for (const { path, bytes } of files) write(folder, path, bytes);
  const distribution = {} as Distribution;
  return {
    folder,
    name,
    distribution,
    hostFolder: join(work, `${name}.cloudflare`),
    bundle: bundlePath('cloudflare'),
    lock: noOthers,
  };
}

function write(folder: string, path: string, bytes: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), bytes);
}

function tree(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return all.filter((path) => statSync(join(folder, path)).isFile()).sort();
}

const files: readonly SiteFile[] = [
  { path: 'package/web/1.0.0/img/q?.png', bytes: 'image', digest: 'd1' },
  { path: 'package/web/1.1.0+b.1/img/100%.png', bytes: 'image', digest: 'd1' },
  { path: 'epr/web/web-1.0.0.zip', bytes: 'zip', digest: 'd2' },
  { path: '_registry/files/web/1.1.0+b.1.json', bytes: '{}', digest: 'd3' },
  { path: '_headers', bytes: 'static', digest: 'd4' },
];

describe('the folder for wrangler', () => {
  test('holds the Worker, its configuration and each different content once', async () => {
    const site = siteOf('whole', files);
    const { next, findings } = await writeTarget(cloudflareTarget, site);
    expect(findings).toEqual([]);
    expect(tree(site.hostFolder)).toEqual([
      '.epr-static.json',
      'assets/_registry/content/d1',
      'assets/_registry/content/d2',
      'assets/_registry/content/d4',
      'assets/_registry/files/web/1.1.0_b.1.json',
      'assets/_registry/release.json',
      'worker/worker.js',
      'wrangler.jsonc',
    ]);
    const content = join(site.hostFolder, 'assets/_registry/content/d1');
    expect(statSync(content).ino).toBe(statSync(join(site.folder, files[0]?.path ?? '')).ino);
    expect(next).toHaveLength(3);
    for (const line of next) expect(line).toMatch(/^npx wrangler@\S+ (dev|deploy) --config \S+\/whole\.cloudflare\//);
  });

  test('has a configuration under which the Worker sees every request', async () => {
    const site = siteOf('My.Own_dist', files);
    await writeTarget(cloudflareTarget, site);
    const [comment, ...json] = readFileSync(join(site.hostFolder, 'wrangler.jsonc'), 'utf8').split('\n');
    expect(comment).toMatch(/^\/\/ /);
    expect(JSON.parse(json.join('\n'))).toEqual({
      name: 'epr-my-own-dist',
      main: 'worker/worker.js',
      no_bundle: true,
      compatibility_date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) as string,
      assets: {
        directory: 'assets',
        binding: 'ASSETS',
        run_worker_first: true,
        html_handling: 'none',
        not_found_handling: 'none',
      },
    });
  });

  test('keeps nothing of an earlier build', async () => {
    const site = siteOf('again', files);
    await writeTarget(cloudflareTarget, site);
    write(site.hostFolder, 'assets/_registry/content/old', 'old');
    rmSync(join(site.hostFolder, '.epr-static.json'));
    await writeTarget(cloudflareTarget, site);
    expect(tree(site.hostFolder)).not.toContain('assets/_registry/content/old');
  });

  test('stays as it is where a file is too large', async () => {
    const zip = { path: 'epr/web/web-2.0.0.zip', bytes: 'zip', digest: 'd9', size: LARGEST_ASSET + 1 };
    const site = siteOf('large', [...files, zip]);
    expect(await writeTarget(cloudflareTarget, site)).toEqual({
      next: [],
      findings: [
        {
          code: 'asset-size',
          where: 'epr/web/web-2.0.0.zip',
          text: '26,214,401 bytes; Cloudflare takes at most 26,214,400 a file (25 MiB)',
          level: 'error',
        },
      ],
    });
    expect(existsSync(site.hostFolder)).toBe(false);
  });
});

describe('the plan', () => {
  test('a file of just the largest size is taken', () => {
    expect(refusalsOf([{ path: 'a', size: LARGEST_ASSET, digest: 'd' }])).toEqual([]);
  });

  test.each([
    [2, []],
    [3, ["warning: 3 different files; Cloudflare's free plan takes 2"]],
    [4, ["warning: 4 different files; Cloudflare's free plan takes 2"]],
    [5, ["error: 5 different files; Cloudflare's paid plan takes 4"]],
  ])('%d different files where the plans take 2 and 4', (count, findings) => {
    expect(findingsFor(count, { free: 2, paid: 4 })).toEqual(findings);
  });

  test('the finding tells how many of the files are pages for people alone', () => {
    const other = { path: 'package/a/1.0.0/x', size: 1, digest: 'd' };
    const pages = ['d', 'e', 'f'].map((digest) => ({ path: `_browse/${digest}`, size: 1, digest }));
    const text = "3 different files; Cloudflare's free plan takes 2; pages: false leaves out 2";
    for (const files of [
      [other, ...pages],
      [...pages, other],
    ])
      expect(refusalsOf(files, { free: 2, paid: 4 })).toMatchObject([{ text }]);
  });

  test('files with the same content count once', () => {
    const same = Array.from({ length: 9 }, (_, i) => ({ path: `package/a/1.0.0/${i}`, size: 1, digest: 'd' }));
    expect(refusalsOf(same, { free: 1, paid: 1 })).toEqual([]);
  });
});

test.each([
  ['package/a/1.0.0/docs/README.md', '_registry/content/0f'],
  ['package/_registry/1.0.0/x', '_registry/content/0f'],
  ['favicon.ico', '_registry/content/0f'],
  ['_registry/package/a_b/1.0.0-rc.1+b+c.json', '_registry/package/a_b/1.0.0-rc.1_b_c.json'],
  ['_registry/answers/54e0fe2de7ebbe47.json', '_registry/answers/54e0fe2de7ebbe47.json'],
])('%s is the asset %s', (path, asset) => {
  expect(cloudflarePath(path, '0f')).toBe(asset);
});

function findingsFor(count: number, most: { free: number; paid: number }): string[] {
  const files = Array.from({ length: count }, (_, i) => ({ path: `package/a/1.0.0/${i}`, size: 1, digest: `d${i}` }));
  return refusalsOf(files, most).map(({ level, text }) => `${level}: ${text}`);
}
