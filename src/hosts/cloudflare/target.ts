import { copyFile, link, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import { assetPath } from './path.ts';
import { Stop } from '../../errors.ts';
import type { Finding } from '../../errors.ts';
import { RELEASE as RELEASE_PATH } from '../../tree/layout.ts';
import { listedFiles } from '../../tree/manifest.ts';
import { replaceFolder } from '../../tree/commit/replace.ts';
import type { SiteFile } from '../../tree/manifest.ts';
import type { Target } from '../target.ts';

/*
 * Cloudflare Workers with static assets: `worker/worker.js` (the edge core), `wrangler.jsonc`, and `assets/`, the files that the
 * Worker reads. Each different content is an asset once, linked to the site's own file where the file system can.
 * Limits: https://developers.cloudflare.com/workers/platform/limits/
 */

/** How many assets a version of a Worker may have, by plan. */
export const MOST_ASSETS = { free: 20_000, paid: 100_000 };
/** Of an asset, in bytes. */
export const LARGEST_ASSET = 25 * 2 ** 20;

/** The newest date whose behaviour of the runtime this was tested with. */
const COMPATIBILITY_DATE = '2026-04-01';

/**
 * Writes the folder for `wrangler deploy`. Findings: `asset-size` for each file that is larger than Cloudflare takes and
 * `asset-count` where there are more different files than the paid plan takes (errors; nothing is written then) or than the
 * free plan does (a warning). Throws a `Stop` where the Worker's bundle was not compiled.
 */
export const cloudflareTarget: Target = async ({ folder, name, hostFolder, lock }) => {
  const worker = await readFile(workerBundle).catch(() => undefined);
  if (!worker) throw new Stop('no-bundle', `${workerBundle} is missing`, 'npm run compile makes it');
  const { assets, findings } = planAssets([...(await listedFiles(folder)), RELEASE]);
  if (findings.some(({ level }) => level === 'error')) return { next: [], findings };
  await replaceFolder({ folder: hostFolder, lock }, async (temporary) => {
    await linkAll(assets, { from: folder, to: join(temporary, 'assets') });
    // In a folder of its own: whatever ends in .txt beside or below a Worker becomes one of its modules.
    await mkdir(join(temporary, 'worker'));
    await writeFile(join(temporary, 'worker/worker.js'), worker);
    await writeFile(join(temporary, 'wrangler.jsonc'), wranglerConfig(name));
  });
  const config = join(relative('', hostFolder), 'wrangler.jsonc');
  return {
    next: [
      `npx ${WRANGLER} dev --config ${config}    # a look, on this machine`,
      `npx ${WRANGLER} deploy --config ${config}    # to ${workerName(name)}.<account>.workers.dev`,
      `npx ${WRANGLER} deploy --config ${config} --domain packages.example.org`,
    ],
    findings,
  };
};

/** The last one that runs on Node 20. */
const WRANGLER = 'wrangler@4.86.0';

const workerBundle = fileURLToPath(new URL('../../../lib/hosts/cloudflare/worker.js', import.meta.url));

type ListedFile = Pick<SiteFile, 'path' | 'size' | 'digest'>;

export interface AssetPlan {
  /** Path among the assets -> a path in the site that has its content. */
  readonly assets: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
}

/** Which files of a site become which assets, and what Cloudflare would refuse. `most` is the largest plan's limit. */
export function planAssets(files: readonly ListedFile[], most: typeof MOST_ASSETS = MOST_ASSETS): AssetPlan {
  const assets = new Map<string, string>();
  const findings: Finding[] = [];
  for (const { path, size, digest } of files) {
    if (size > LARGEST_ASSET) findings.push(tooLarge(path, size));
    const asset = assetPath(path, digest);
    if (!assets.has(asset)) assets.set(asset, path);
  }
  if (assets.size > most.free) findings.push(tooMany(assets.size, most));
  return { assets, findings };
}

function tooLarge(path: string, size: number): Finding {
  const text = `${grouped(size)} bytes; Cloudflare takes at most ${grouped(LARGEST_ASSET)} a file (25 MiB)`;
  return { code: 'asset-size', where: path, text, level: 'error' };
}

function tooMany(count: number, { free, paid }: typeof MOST_ASSETS): Finding {
  const [plan, level] = count > paid ? (['paid', 'error'] as const) : (['free', 'warning'] as const);
  const text = `${grouped(count)} different files; Cloudflare's ${plan} plan takes ${grouped(plan === 'paid' ? paid : free)}`;
  return { code: 'asset-count', where: 'assets', text, level };
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

async function linkAll(assets: AssetPlan['assets'], { from, to }: { from: string; to: string }): Promise<void> {
  const folders = new Set([...assets.keys()].map((asset) => dirname(join(to, asset))));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  const limit = pLimit(LINKS_AT_ONCE);
  await Promise.all([...assets].map(([asset, path]) => limit(() => linkOrCopy(join(from, path), join(to, asset)))));
}

/** Read by the edge core as well, though the site manifest can't list it. */
const RELEASE: ListedFile = { path: RELEASE_PATH, size: 0, digest: '' };

const LINKS_AT_ONCE = 32;

async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}

function wranglerConfig(name: string): string {
  const config = {
    name: workerName(name),
    main: 'worker/worker.js',
    no_bundle: true,
    compatibility_date: COMPATIBILITY_DATE,
    assets: {
      directory: 'assets',
      binding: 'ASSETS',
      run_worker_first: true,
      html_handling: 'none',
      not_found_handling: 'none',
    },
  };
  return `// Written by epr-static, anew with every build: give what differs to wrangler as options (--name, --domain).\n${JSON.stringify(config, null, 2)}\n`;
}

/** What Cloudflare takes as a Worker's name: lower-case letters, digits and dashes, 63 at most. */
function workerName(distribution: string): string {
  return `epr-${distribution.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`.slice(0, 63).replace(/-+$/, '');
}
