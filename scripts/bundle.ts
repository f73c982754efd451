import { readFile, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';
import type { BuildOptions } from 'esbuild';

/*
 * Bundles the edge core with each host's adapter into one file a host, under lib/hosts/: what `build --target` puts beside a site.
 */

interface Host {
  readonly entry: string;
  readonly file: string;
  /** What the host's JavaScript knows. */
  readonly options: BuildOptions;
}

const hosts: readonly Host[] = [
  {
    entry: 'src/hosts/nginx/njs/registry.ts',
    file: 'lib/hosts/nginx/epr.js',
    // njs 0.7.9 knows little more than ES5; the core keeps to what it knows, and this lowers what esbuild can.
    options: {
      target: 'es2017',
      minify: true,
      supported: { destructuring: false, 'for-of': false },
      alias: { 'node:fs': 'fs' },
      external: ['fs'],
    },
  },
  { entry: 'src/hosts/cloudflare/worker.ts', file: 'lib/hosts/cloudflare/worker.js', options: { target: 'es2022' } },
  {
    entry: 'src/hosts/netlify/functions/registry.ts',
    file: 'lib/hosts/netlify/registry.js',
    options: { target: 'es2022' },
  },
];

for (const { entry, file, options } of hosts) {
  await build({
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    format: 'esm',
    charset: 'utf8',
    legalComments: 'none',
    minifyWhitespace: true, // names stay: they are what a stack trace shows
    ...options,
  });
  if (file.includes('nginx')) await writeFile(file, plainExport(await readFile(file, 'utf8')));
}

/** njs knows only `export default`. */
function plainExport(code: string): string {
  return code.replace(/export\s*\{\s*([\w$]+) as default\s*\};?\s*$/, 'export default $1;\n');
}
