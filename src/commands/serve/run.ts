import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { nodeSite } from '../../hosts/node/server.ts';
import { Stop } from '../../errors.ts';
import { printServing } from '../../report.ts';
import { INDEX } from '../../tree/layout.ts';
import { recover } from '../../tree/commit/replace.ts';

export interface ServeOptions {
  readonly dist?: string | undefined;
  readonly dir?: string | undefined;
  readonly out: string;
  readonly port: number;
  readonly host: string;
}

/** Serves a site until the process ends. Throws a `Stop` where there is no site, or the port is taken. */
export async function serve(options: ServeOptions): Promise<Server> {
  if (options.dir === undefined && options.dist === undefined)
    throw new Stop('no-site', 'no site was named', 'use --dist NAME, or --dir FOLDER');
  const folder = resolve(options.dir ?? join(options.out, options.dist ?? ''));
  await recover(folder);
  if (!existsSync(join(folder, INDEX)))
    throw new Stop(
      'no-site',
      `${folder} holds no site`,
      `build one: npm run build -- --dist ${options.dist ?? 'NAME'}`,
    );
  const site = nodeSite(folder);
  const server = createServer((request, response) => void site.handle(request, response));
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  printServing(folder, `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`);
  return server;
}

async function listen(server: Server, { port, host }: ServeOptions): Promise<void> {
  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const problem = error.code === 'EADDRINUSE' ? 'is taken' : `can't be listened on: ${error.code ?? error.message}`;
      fail(new Stop('no-port', `port ${port} of ${host} ${problem}`, 'choose another with --port', error));
    });
    server.listen(port, host, done);
  });
}
