import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { siteServer, stopServer } from '../../hosts/node/http.ts';
import { nodeSite } from '../../hosts/node/server.ts';
import type { Log } from '../../hosts/fetch/site-files.ts';
import { Stop } from '../../errors.ts';
import { INDEX } from '../../tree/layout.ts';
import { requireSite, siteFolder } from '../site-folder.ts';
import type { SiteOptions } from '../site-folder.ts';

export interface ServeOptions extends SiteOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  /** Takes a line for each request. */
  readonly access: ((line: string) => void) | undefined;
}

/** A server that runs until it is stopped. */
export interface Serving {
  readonly folder: string;
  readonly url: string;
  /** Resolves once running requests are answered, or broken off after 10 seconds. */
  stop(): Promise<void>;
}

/** Serves a site; failures go to `log`. Throws a `Stop` if there is no site, or if the port can't be used. */
export async function serve(options: ServeOptions, log: Log): Promise<Serving> {
  const folder = siteFolder(options);
  requireSite(folder, options, INDEX);
  const server = siteServer(nodeSite(folder, log), { access: options.access });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { folder, url: `http://${host}:${port}`, stop: () => stopServer(server) };
}

async function listen(server: Server, { port, host }: ServeOptions): Promise<void> {
  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const problem = error.code === 'EADDRINUSE' ? 'is taken' : `can't be opened: ${error.code ?? error.message}`;
      fail(new Stop('no-port', `port ${port} on ${host} ${problem}`, 'choose another with --port', error));
    });
    server.listen(port, host, done);
  });
}
