import type { Server } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { siteServer, stopServer } from '../../hosts/node/http.ts';
import { nodeSite } from '../../hosts/node/server.ts';
import type { Log } from '../../hosts/fetch/site-files.ts';
import { Stop } from '../../errors.ts';
import { INDEX } from '../../tree/layout.ts';
import { requireSite, siteFolder } from '../site-folder.ts';
import type { SiteOptions } from '../site-folder.ts';
import { addressOf, urlOf } from './address.ts';
import type { Address, AddressOptions } from './address.ts';
import { certificateFiles, readCertificate, renewCertificate } from './certificate.ts';

export interface ServeOptions extends SiteOptions, AddressOptions {
  /** The PEM files of the certificate and its key; none for plain HTTP. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
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

/**
 * Serves a site; failures go to `log`. Throws a `Stop` if there is no site, or if the port or the certificate can't be used.
 */
export async function serve(options: ServeOptions, log: Log): Promise<Serving> {
  const folder = siteFolder(options);
  requireSite(folder, options, INDEX);
  const files = certificateFiles(options.tlsCert, options.tlsKey);
  const certificate = files && (await readCertificate(files));
  const server = siteServer(nodeSite(folder, log), { access: options.access, certificate });
  const address = addressOf(options);
  await listen(server, address);
  const endRenewal = files && server instanceof TlsServer ? renewCertificate(server, files, { log }) : undefined;
  const { port } = server.address() as AddressInfo;
  return {
    folder,
    url: urlOf(files ? 'https' : 'http', { ...address, port }),
    stop: async () => {
      endRenewal?.();
      await stopServer(server);
    },
  };
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
