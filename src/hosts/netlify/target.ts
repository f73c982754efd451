import { pathWord } from '../../command-line.ts';
import { mediaTypeByExtension } from '../../tree/media-type.ts';
import { updateAssets } from '../asset-folder.ts';
import { readBundle } from '../bundles.ts';
import type { Target } from '../target.ts';
import { netlifyAssets } from './path.ts';

/*
 * Netlify: `netlify.toml`, the edge function, and `site/` with the files that it reads, as links to the site's files if
 * the file system can link. The folder is complete, because Netlify publishes nothing from outside the folder in which
 * it runs.
 */

/** Refuses nothing. Throws a `Stop` if the edge function was not compiled. */
export const netlifyTarget: Target = {
  hasForms: false,
  refusals: async ({ bundle }) => {
    await readBundle(bundle);
    return [];
  },
  write: async (site, news) => {
    const own = new Map([
      ['edge-functions/registry.js', await readBundle(site.bundle)],
      ['netlify.toml', Buffer.from(netlifyConfig(site.distribution.cache.files))],
    ]);
    await updateAssets(site, { ...netlifyAssets, own }, news);
    const command = `npx netlify-cli@${CLI} deploy --site YOUR-SITE`;
    return [`cd ${pathWord(site.hostFolder)}`, `${command}    # a draft, to look at`, `${command} --prod`];
  },
};

/** The last version that runs on Node 20. */
const CLI = '23';

/** The text of `netlify.toml`. `maxAge` is that of package files, in seconds. */
export function netlifyConfig(maxAge: number): string {
  return `# Written by epr-static, anew with every build.

[build]
publish = "site"
edge_functions = "edge-functions"

${siteRules(maxAge)}`;
}

/**
 * The part of `netlify.toml` that is the same for every deploy of a site. The header rules apply to files that Netlify
 * serves without the edge function; answers of the function get none. Types are those of docs/contract.md section 1.
 */
export function siteRules(maxAge: number): string {
  const rules = [
    rule('/*', { 'Access-Control-Allow-Origin': '*', 'Cache-Control': `public, max-age=${maxAge}` }),
    ...TYPED.map((pattern) => rule(pattern, { 'Content-Type': mediaTypeByExtension(pattern) ?? '' })),
  ];
  return `# Files are served as they are: a package's page must not be changed, nor redirected.
[build.processing]
skip_processing = true

[build.processing.html]
pretty_urls = false

${rules.join('\n')}`;
}

/** The files whose types Netlify would not give as the registry does. */
const TYPED = ['/*.md', '/*.yml', '/*.json', '/*.svg', '/*.zip'];

function rule(path: string, values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([name, value]) => `${name} = "${value}"`);
  return `[[headers]]\nfor = "${path}"\n[headers.values]\n${lines.join('\n')}\n`;
}
