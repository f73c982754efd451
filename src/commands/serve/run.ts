import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { siteServer, stopServer } from '../../hosts/node/http.ts';
import { nodeFolderFiles, nodeStoreFiles } from '../../hosts/node/node-files.ts';
import type { NodeFiles } from '../../hosts/node/node-files.ts';
import { nodeSite } from '../../hosts/node/server.ts';
import type { ChangingSite } from '../../hosts/node/server.ts';
import { openReader } from '../../publish/open-store.ts';
import type { StoreOptions } from '../../publish/open-store.ts';
import type { Log } from '../../hosts/fetch/site-files.ts';
import { Stop } from '../../errors.ts';
import { pagePath, INDEX } from '../../tree/layout.ts';
import { requireSite, siteFolder } from '../site-folder.ts';
import type { SiteOptions } from '../site-folder.ts';
import { addressOf, urlOf } from './address.ts';
import type { Address, AddressOptions } from './address.ts';
import type { BuildOptions } from '../build/run.ts';
import { certificateFiles, readCertificate, renewCertificate } from './certificate.ts';
import { reloadingSite } from './reload.ts';
import type { WatchedSite, Watching } from './watch.ts';

export interface ServeOptions extends SiteOptions, StoreOptions, AddressOptions {
  /** A store, whose current release is served instead of a site. */
  readonly store?: string | undefined;
  /** The PEM files of the certificate and its key; none for plain HTTP. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  /** Takes a line for each request. */
  readonly access: ((line: string) => void) | undefined;
  /** How the site is built, again and again; undefined for one that somebody else builds. */
  readonly watch?: (Watching & { readonly build: BuildOptions }) | undefined;
}

/** A server that runs until it is stopped. */
export interface Serving {
  /** The folder of the site, or the store. */
  readonly source: string;
  readonly url: string;
  /** Whether there is a site in the folder that has pages for people. */
  readonly hasPages: boolean;
  /** Resolves once running requests are answered, or broken off after 10 seconds. */
  stop(): Promise<void>;
}

/**
 * Serves a site, or the current release of a store; failures go to `log`. Throws a `Stop` if there is no site or no release, or nothing
 * to build a site of that can be watched, or if the port or the certificate can't be used.
 */
export async function serve(options: ServeOptions, log: Log): Promise<Serving> {
  const { source, files } = await openSource(options, log);
  const pem = certificateFiles(options.tlsCert, options.tlsKey);
  const certificate = pem && (await readCertificate(pem));
  const site = options.watch ? reloadingSite(files, log) : nodeSite(files, log);
  const server = siteServer(site, { access: options.access, certificate });
  const address = addressOf(options);
  await listen(server, address);
  const endRenewal = pem && server instanceof TlsServer ? renewCertificate(server, pem, log) : undefined;
  const watched = await watch(options.watch, site).catch(async (error: unknown) => {
    await stopServer(server);
    throw error;
  });
  const { port } = server.address() as AddressInfo;
  return {
    source,
    url: urlOf(pem ? 'https' : 'http', { ...address, port }),
    hasPages: options.store === undefined && existsSync(join(source, pagePath('index.html'))),
    stop: async () => {
      await Promise.all([stopServer(server), endRenewal?.(), watched?.stop()]);
    },
  };
}

async function openSource(options: ServeOptions, log: Log): Promise<{ source: string; files: NodeFiles }> {
  const { store } = options;
  if (store !== undefined) return { source: store, files: nodeStoreFiles(await openReader(store, options), log) };
  const folder = siteFolder(options);
  if (!options.watch) requireSite(folder, options, INDEX);
  return { source: folder, files: nodeFolderFiles(folder) };
}

async function watch(asked: ServeOptions['watch'], site: ChangingSite): Promise<WatchedSite | undefined> {
  if (!asked) return undefined;
  const { watchSite } = await import('./watch.ts');
  return await watchSite(asked.build, {
    ...asked,
    onRebuilt: (rebuilt) => {
      site.lookAgain();
      asked.onRebuilt(rebuilt);
    },
  });
}

async function listen(server: Server, { port, host }: Address): Promise<void> {
  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const problem = error.code === 'EADDRINUSE' ? 'is taken' : `can't be opened: ${error.code ?? error.message}`;
      const where = host === undefined ? '' : ` on ${host}`;
      fail(new Stop('no-port', `port ${port}${where} ${problem}`, 'choose another with --port', error));
    });
    server.listen(port, host, done);
  });
}
