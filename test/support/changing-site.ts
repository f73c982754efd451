import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchHandler } from '../../src/hosts/fetch/handler.ts';
import { folderFiles } from '../../src/hosts/fetch/folder-files.ts';
import { siteServer } from '../../src/hosts/node/http.ts';
import { nodeFolderFiles } from '../../src/hosts/node/node-files.ts';
import { nodeSite } from '../../src/hosts/node/server.ts';
import { build } from '../../src/commands/build/run.ts';
import { silentProgress } from '../../src/report.ts';
import { distributions, packageFiles, writeFiles } from './repository.ts';

/* Hosts that read a site from a folder, and sites that change under them. */

/** An answer, in a form to compare: status, the headers that matter, the body. */
export interface Told {
  readonly status: number;
  readonly text: string;
}

export interface FolderHost {
  ask(target: string, headers?: Readonly<Record<string, string>>): Promise<Told>;
  readonly log: string[];
  stop(): void;
}

const HEADERS = ['cache-control', 'content-length', 'content-range', 'content-type', 'etag'];

export const folderHosts: Readonly<Record<string, (folder: string) => Promise<FolderHost>>> = {
  serve: async (folder) => {
    const log: string[] = [];
    const server = siteServer(nodeSite(nodeFolderFiles(folder), (line) => log.push(line)));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const ask: FolderHost['ask'] = (path, headers = {}) =>
      new Promise((resolve, reject) => {
        const asked = request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const own = HEADERS.map((name) => [name, response.headers[name] ?? null]);
            resolve({ status: response.statusCode ?? 0, text: textOf(own, Buffer.concat(chunks)) });
          });
        });
        asked.on('error', reject).end();
      });
    return { ask, log, stop: () => void server.close() };
  },
  'the fetch handler': async (folder) => {
    const log: string[] = [];
    const handler = fetchHandler(folderFiles(folder), (line) => log.push(line));
    const ask: FolderHost['ask'] = async (target, headers = {}) => {
      const response = await handler(new Request(`http://localhost${target}`, { headers }));
      const own = HEADERS.map((name) => [name, response.headers.get(name)]);
      return { status: response.status, text: textOf(own, Buffer.from(await response.arrayBuffer())) };
    };
    return { ask, log, stop: () => undefined };
  },
};

function textOf(headers: unknown, body: Buffer): string {
  const shown = body.length > 1000 ? createHash('sha256').update(body).digest('hex') : body.toString('latin1');
  return JSON.stringify([headers, shown]);
}

/** The package that every site below has. Its big file is streamed. */
export const ACME = '/package/acme/1.0.0/';
export const ZIP = '/epr/acme/acme-1.0.0.zip';
export const SIGNATURE = `${ZIP}.sig`;
export const README = `${ACME}docs/README.md`;
export const BIG = `${ACME}docs/big.txt`;
/** No build precomputes the second one. */
export const SEARCHES = ['/search', '/search?discovery=fields:none&prerelease=true', '/categories'];
export const TARGETS = ['/', ...SEARCHES, ACME, README, BIG, ZIP, SIGNATURE, '/package/acme/2.0.0/'];

/** A folder in which sites are built, one for each text that marks everything of it. */
export interface Workshop {
  readonly root: string;
  /** Builds the marked site in `dist/all`: as an extension of what is there, or anew. */
  build(mark: string, options?: { readonly noCache?: boolean }): Promise<string>;
  remove(): void;
}

export function workshop(): Workshop {
  const root = mkdtempSync(join(tmpdir(), 'epr-static-changing-'));
  const packages = join(root, 'storage/one/packages');
  writeFiles(root, { 'distributions.yml': distributions('storage', ['one']) });
  return {
    root,
    build: async (mark, { noCache = false } = {}) => {
      const files = packageFiles('acme', '1.0.0', {
        'docs/README.md': `# ${mark}\n`,
        'docs/big.txt': mark.repeat(Math.ceil((5 * 2 ** 20) / mark.length)),
      });
      const manifest = String(files['acme/1.0.0/manifest.yml']).replace('Made for a test.', `Made for ${mark}.`);
      writeFiles(packages, { ...files, 'acme/1.0.0/manifest.yml': manifest });
      writeFiles(packages, { 'acme/1.0.0.sig': signatureOf(mark) });
      if (mark.startsWith('b')) writeFiles(packages, packageFiles('acme', '2.0.0'));
      else rmSync(join(packages, 'acme/2.0.0'), { recursive: true, force: true });
      const config = join(root, 'distributions.yml');
      const times = `cache: { index: ${mark.charCodeAt(0)}, files: ${mark.charCodeAt(0)} }`;
      writeFileSync(config, distributions('storage', ['one'], times));
      const options = { dist: 'all', config, out: join(root, 'dist'), cache: join(root, 'cache'), refs: {} };
      await build({ ...options, noCache, skipUnfit: false, offline: false }, silentProgress);
      return join(root, 'dist/all');
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Copies a site, to change it. */
export function copyOf(site: string, to: string): string {
  cpSync(site, to, { recursive: true });
  return to;
}

/** The generated file of a site whose name begins so. */
export function generated(site: string, folder: string, start: string): string {
  const name = readdirSync(join(site, '_registry', folder)).find((one) => one.startsWith(start));
  return join('_registry', folder, name ?? 'missing');
}

/** What a host answers over a site that doesn't change. */
export async function answersOf(site: string): Promise<Map<string, string>> {
  const host = await (folderHosts['serve'] as (folder: string) => Promise<FolderHost>)(site);
  const answers = new Map<string, string>();
  for (const target of TARGETS) answers.set(target, JSON.stringify(await host.ask(target)));
  host.stop();
  return answers;
}

function signatureOf(mark: string): string {
  return `-----BEGIN PGP SIGNATURE-----\n\n${mark}\n-----END PGP SIGNATURE-----\n`;
}
