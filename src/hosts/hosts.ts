import { fileURLToPath } from 'node:url';
import { cloudflareAssets } from './cloudflare/path.ts';
import { netlifyAssets } from './netlify/path.ts';
import type { ReaderProgram } from './reader.ts';
import type { HostAssets, Target } from './target.ts';

/*
 * The hosts that a site can be built for, each with all that the rest of the program asks of it. To add a host, add a folder and
 * an entry here.
 */

/** The code that answers requests on a host: `scripts/bundle.ts` makes one file of it, below lib/hosts/. */
export interface EdgeBundle {
  /** The file to start from, below src/hosts/. */
  readonly entry: string;
  /** The file to write, below lib/hosts/. */
  readonly file: string;
  /** The JavaScript that the host knows, in the words of esbuild. */
  readonly target: string;
  /** The host is njs, which knows little more than ES5 and has its own modules. */
  readonly isNjs?: true;
  /** The host is Node, and has its modules. */
  readonly isNode?: true;
}

export interface Host {
  readonly bundle: EdgeBundle;
  /** Loads the target of the host. */
  target(): Promise<Target>;
  /** Where its folder holds the files of the site; undefined where it reads them in the site's own folder. */
  readonly assets?: HostAssets;
}

export const hosts = {
  nginx: {
    bundle: { entry: 'nginx/njs/registry.ts', file: 'nginx/epr.js', target: 'es2017', isNjs: true },
    target: async () => (await import('./nginx/target.ts')).nginxTarget,
  },
  netlify: {
    bundle: { entry: 'netlify/functions/registry.ts', file: 'netlify/registry.js', target: 'es2022' },
    target: async () => (await import('./netlify/target.ts')).netlifyTarget,
    assets: netlifyAssets,
  },
  cloudflare: {
    bundle: { entry: 'cloudflare/worker.ts', file: 'cloudflare/worker.js', target: 'es2022' },
    target: async () => (await import('./cloudflare/target.ts')).cloudflareTarget,
    assets: cloudflareAssets,
  },
} as const satisfies Readonly<Record<string, Host>>;

/** A host whose program answers from a store. */
export interface ReaderHost {
  /** Undefined for a host that runs no code. */
  readonly bundle?: EdgeBundle;
  /** Loads what makes its files. */
  program(): Promise<ReaderProgram>;
}

/** The hosts that `reader` knows. */
export type ReaderHostName = 'cloudflare' | 'lambda' | 'nginx';

export const readerHosts: Readonly<Record<ReaderHostName, ReaderHost>> = {
  cloudflare: {
    bundle: { entry: 'cloudflare/store-worker.ts', file: 'cloudflare/store-worker.js', target: 'es2022' },
    program: async () => (await import('./cloudflare/reader.ts')).cloudflareReader,
  },
  lambda: {
    bundle: { entry: 'lambda/lambda.ts', file: 'lambda/lambda.mjs', target: 'node20', isNode: true },
    program: async () => (await import('./lambda/reader.ts')).lambdaReader,
  },
  nginx: {
    program: async () => (await import('./nginx/reader.ts')).nginxReader,
  },
};

export const readerHostNames = Object.keys(readerHosts) as ReaderHostName[];

export type HostName = keyof typeof hosts;

export const hostNames = Object.keys(hosts) as HostName[];

/** The place of a host's bundle. */
export function bundlePath(host: HostName): string {
  return placeOf(hosts[host].bundle);
}

/** The place of the bundle of a host's reader; undefined for a host that runs no code. */
export function readerPath(host: ReaderHostName): string | undefined {
  const { bundle } = readerHosts[host];
  return bundle && placeOf(bundle);
}

function placeOf({ file }: EdgeBundle): string {
  return fileURLToPath(new URL(`../../lib/hosts/${file}`, import.meta.url));
}

/** The folder of a host's files, `<site>.<host>`, beside the site. */
export function hostFolder(site: string, host: HostName): string {
  return `${site}.${host}`;
}
