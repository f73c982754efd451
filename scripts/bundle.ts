import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { BuildOptions } from 'esbuild';
import { hosts, readerHosts } from '#lib/hosts/hosts';
import type { Host, ReaderHost } from '#lib/hosts/hosts';

/*
 * Bundles the edge core with each host's adapter into one file for the host, below lib/hosts/. `build --target` puts it beside a site. Bundles
 * `apply` in the same way, as a program of its own.
 */

/** What njs 0.7.9 lacks. The core does without the rest of newer JavaScript, and esbuild lowers these. */
const NJS: BuildOptions = {
  supported: { destructuring: false, 'for-of': false },
  alias: { 'node:fs': 'fs' },
  external: ['fs'],
};

for (const { bundle } of [...Object.values<Host>(hosts), ...Object.values<ReaderHost>(readerHosts)]) {
  if (!bundle) continue;
  const file = join('lib/hosts', bundle.file);
  await build({
    entryPoints: [join('src/hosts', bundle.entry)],
    outfile: file,
    target: bundle.target,
    bundle: true,
    format: 'esm',
    charset: 'utf8',
    legalComments: 'none',
    minify: true,
    ...(bundle.isNode && { platform: 'node', legalComments: 'eof' }), // the licence of what is bundled
    ...(bundle.isNjs ? NJS : { keepNames: true }), // stack traces show the names of functions
  });
  if (bundle.isNjs) await writeFile(file, plainExport(await readFile(file, 'utf8')));
}

/** The program that bundles carry with them, for a receiver that has Node and nothing else. */
await build({
  entryPoints: ['src/bundle/apply/receiver.ts'],
  outfile: 'lib/bundle/apply.mjs',
  target: 'node20',
  platform: 'node',
  bundle: true,
  format: 'esm',
  charset: 'utf8',
  legalComments: 'none',
  minify: true,
  keepNames: true,
});

/** The script of the list of packages. */
await build({
  entryPoints: ['src/pages/browser/filter.ts'],
  outfile: 'lib/pages/browse.js',
  target: 'es2022',
  platform: 'browser',
  bundle: true,
  format: 'iife',
  charset: 'utf8',
  legalComments: 'none',
  minify: true,
});

/** njs knows only `export default`. */
function plainExport(code: string): string {
  return code.replace(/export\s*\{\s*([\w$]+) as default\s*\};?\s*$/, 'export default $1;\n');
}
