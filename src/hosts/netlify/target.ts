import { copyFileSync, linkSync, mkdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { netlifyPath } from './path.ts';
import { Stop } from '../../errors.ts';
import { replaceFolder } from '../../tree/commit/replace.ts';
import { RELEASE } from '../../tree/layout.ts';
import { mediaTypeByExtension } from '../../tree/media-type.ts';
import { listedFiles } from '../../tree/manifest.ts';
import type { Target } from '../target.ts';

/*
 * Netlify: `netlify.toml`, the edge function that answers, and `site/`, the files it reads, linked to the site's own where
 * the file system can. The folder stands on its own, since Netlify publishes nothing from outside the folder it runs in.
 */

/**
 * Writes the folder for `netlify deploy`. No findings. Throws a `Stop` where the edge function was not compiled.
 */
export const netlifyTarget: Target = async ({ folder, distribution, hostFolder, lock }) => {
  const registry = await readFile(bundle).catch(() => undefined);
  if (!registry) throw new Stop('no-bundle', `${bundle} is missing`, 'npm run compile makes it');
  const files = await deployedFiles(folder);
  await replaceFolder({ folder: hostFolder, lock }, async (temporary) => {
    await linkAll(files, { from: folder, to: join(temporary, 'site') });
    await mkdir(join(temporary, 'edge-functions'));
    await writeFile(join(temporary, 'edge-functions/registry.js'), registry);
    await writeFile(join(temporary, 'netlify.toml'), netlifyConfig(distribution.cache.files));
  });
  const command = `npx netlify-cli@${CLI} deploy --site <name or id of the Netlify project>`;
  return {
    next: [`cd ${relative('', hostFolder) || '.'}`, `${command}    # a draft, to look at`, `${command} --prod`],
    findings: [],
  };
};

/** The last one that runs on Node 20. */
const CLI = '23';

const bundle = fileURLToPath(new URL('../../../lib/hosts/netlify/registry.js', import.meta.url));

/** Path in the deploy -> path in the site, of all that the edge function may read. */
async function deployedFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map([[RELEASE, RELEASE]]);
  for (const { path, digest } of await listedFiles(folder)) files.set(netlifyPath(path, digest), path);
  return files;
}

async function linkAll(files: ReadonlyMap<string, string>, { from, to }: { from: string; to: string }): Promise<void> {
  for (const folder of new Set([...files.keys()].map((path) => dirname(join(to, path)))))
    mkdirSync(folder, { recursive: true });
  let done = 0;
  for (const [path, source] of files) {
    linkOrCopy(join(from, source), join(to, path));
    if (++done % LINKS_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve)); // lets a signal in
  }
}

/** A link takes 60 microseconds, and longer by way of a promise. */
const LINKS_AT_ONCE = 512;

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

/** The text of `netlify.toml`. `maxAge` is of a package's files, in seconds. */
export function netlifyConfig(maxAge: number): string {
  return `# Written by epr-static, anew with every build.

[build]
publish = "site"
edge_functions = "edge-functions"

${siteRules(maxAge)}`;
}

/**
 * The part of `netlify.toml` that every deploy of a site shares. The header rules are for files that Netlify serves where
 * the edge function is not in the way (a function's own answers get none): types as in section 1 of docs/contract.md.
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
