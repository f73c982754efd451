import { join } from 'node:path';
import { pathWord } from '../../command-line.ts';
import type { Finding } from '../../errors.ts';
import { BROWSE, RELEASE } from '../../tree/layout.ts';
import type { NamedFile } from '../../tree/list-lines.ts';
import { namedFiles } from '../../tree/manifest.ts';
import { treeDigest } from '../../tree/manifest-digests.ts';
import { readRelease } from '../../tree/release.ts';
import { readRecord, updateAssets } from '../asset-folder.ts';
import { readBundle } from '../bundles.ts';
import type { Target } from '../target.ts';
import { cloudflarePath, cloudflareAssets } from './path.ts';
import { COMPATIBILITY_DATE, configText, workerName, WRANGLER } from './settings.ts';

/*
 * Cloudflare Workers with static assets: `worker/worker.js` (the edge core), `wrangler.jsonc`, and `assets/`, the files that the
 * Worker reads. Each different content is an asset once, linked to the site's own file where the file system can.
 * Limits: https://developers.cloudflare.com/workers/platform/limits/
 */

/** How many assets a version of a Worker may have, by plan. */
export const MOST_ASSETS = { free: 20_000, paid: 100_000 };
/** The most bytes of an asset. */
export const LARGEST_ASSET = 25 * 2 ** 20;

/**
 * Refuses with `asset-size` each file that is larger than Cloudflare takes, and with `asset-count` where there are more different
 * files than the paid plan takes (errors), or than the free plan does (a warning). Throws a `Stop` where the Worker's bundle was not
 * compiled.
 */
export const cloudflareTarget: Target = {
  hasForms: false,
  refusals: async ({ hostFolder, bundle }, tree) => {
    await readBundle(bundle);
    const known = readRecord(hostFolder);
    const release = known && (await readRelease(tree));
    if (release && known.manifest === treeDigest(release)) return known.findings;
    return refusalsOf([...(await namedFiles(tree)), { path: RELEASE, size: 0, digest: '' }]);
  },
  write: async (site, news) => {
    const { name, hostFolder, bundle } = site;
    const own = new Map([
      // In a folder of its own: whatever ends in .txt beside or below a Worker becomes one of its modules.
      ['worker/worker.js', await readBundle(bundle)],
      ['wrangler.jsonc', Buffer.from(wranglerConfig(name))],
    ]);
    await updateAssets(site, { ...cloudflareAssets, own }, news);
    const config = pathWord(join(hostFolder, 'wrangler.jsonc'));
    return [
      `npx ${WRANGLER} dev --config ${config}    # a look, on this machine`,
      `npx ${WRANGLER} deploy --config ${config}    # to ${workerName(name)}.<account>.workers.dev`,
      `npx ${WRANGLER} deploy --config ${config} --domain packages.example.org`,
    ];
  },
};

/** What Cloudflare would refuse of the files of a site. `most` is the largest plan's limit. */
export function refusalsOf(files: readonly NamedFile[], most: typeof MOST_ASSETS = MOST_ASSETS): Finding[] {
  const assets = new Map<string, 'page' | 'other'>();
  const findings: Finding[] = [];
  for (const { path, size, digest } of files) {
    if (size > LARGEST_ASSET) findings.push(tooLarge(path, size));
    const asset = cloudflarePath(path, digest);
    if (!path.startsWith(`${BROWSE}/`)) assets.set(asset, 'other');
    else if (!assets.has(asset)) assets.set(asset, 'page');
  }
  const pages = [...assets.values()].filter((kind) => kind === 'page').length;
  if (assets.size > most.free) findings.push(tooMany({ count: assets.size, pages }, most));
  return findings;
}

function tooLarge(path: string, size: number): Finding {
  const text = `${grouped(size)} bytes; Cloudflare takes at most ${grouped(LARGEST_ASSET)} a file (25 MiB)`;
  return { code: 'asset-size', where: path, text, level: 'error' };
}

function tooMany(
  { count, pages }: { readonly count: number; readonly pages: number },
  { free, paid }: typeof MOST_ASSETS,
): Finding {
  const [plan, level] = count > paid ? (['paid', 'error'] as const) : (['free', 'warning'] as const);
  const text = `${grouped(count)} different files; Cloudflare's ${plan} plan takes ${grouped(plan === 'paid' ? paid : free)}`;
  const saving = pages > 0 ? `; pages: false leaves out ${grouped(pages)}` : '';
  return { code: 'asset-count', where: 'assets', text: `${text}${saving}`, level };
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
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
  return configText(
    'Written by epr-static, anew with every build: give what differs to wrangler as options (--name, --domain).',
    config,
  );
}
