import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

/*
 * The measured servers: separate processes on free ports of localhost.
 */

export interface Server {
  readonly url: string;
  /** The ids of all its processes. */
  processes(): number[];
  stop(): Promise<void>;
}

/** Starts a Node script that prints its URL. Throws if it ends instead. */
export async function startNode(args: readonly string[]): Promise<Server> {
  const child = start(process.execPath, args);
  const url = await new Promise<string>((done, fail) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const [found] = /http:\/\/\S+:\d+/.exec(text) ?? [];
      if (found !== undefined) done(found);
    });
    child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    child.once('exit', () => fail(new Error(`${args.join(' ')} ended: ${text}`)));
  });
  return { url, processes: () => [child.pid ?? 0], stop: () => stopped(child) };
}

/** Whether nginx with njs is installed, at the paths of Debian. */
export function hasNginx(): boolean {
  return (
    existsSync('/usr/lib/nginx/modules/ngx_http_js_module.so') &&
    spawnSync('nginx', ['-v'], { stdio: 'ignore' }).status === 0
  );
}

/** Starts nginx with the `standalone.conf` of a site, on another port. Its paths are relative, so its copy lies beside it. */
export async function siteNginx(hostFolder: string): Promise<Server> {
  const standalone = readFileSync(join(hostFolder, 'standalone.conf'), 'utf8');
  const file = join(hostFolder, 'bench.conf');
  return await startNginx({ prefix: dirname(hostFolder), file }, (port) =>
    standalone.replace(/listen \d+/, `listen 127.0.0.1:${port}`),
  );
}

/** nginx that sends the files of a folder. */
export async function bareNginx(folder: string, temporary: string): Promise<Server> {
  const prefix = mkdtempSync(join(temporary, 'nginx-'));
  return await startNginx(
    { prefix, file: join(prefix, 'nginx.conf') },
    (port) => `daemon off;
pid nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    sendfile on;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server { listen 127.0.0.1:${port}; root "${folder}"; }
}
`,
  );
}

async function startNginx(
  { prefix, file }: { readonly prefix: string; readonly file: string },
  conf: (port: number) => string,
): Promise<Server> {
  const port = await freePort();
  // As root, the workers of nginx would be the user nobody, who can't read a temporary folder. Without root, nginx
  // can't set a user.
  writeFileSync(file, `${process.getuid?.() === 0 ? 'user root;\n' : ''}${conf(port)}`);
  const child = start('nginx', ['-p', prefix, '-c', file, '-e', 'stderr']);
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => (log = `${log}${chunk.toString('latin1')}`.slice(-LOG)));
  await listening(child, port).catch((error: Error) => {
    throw new Error(`${error.message}: ${log}`);
  });
  const workers = (): number[] =>
    (readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').match(/\d+/g) ?? []).map(Number);
  return {
    url: `http://127.0.0.1:${port}`,
    processes: () => [child.pid ?? 0, ...workers()],
    stop: () => stopped(child),
  };
}

/**
 * The number of characters at the end of a log that are shown. Clients that leave in the middle of an answer make the
 * log long.
 */
const LOG = 2000;

function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = (): void => void child.kill();
  process.once('exit', stop);
  child.once('exit', () => process.off('exit', stop));
  return child;
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = new Promise((done) => child.once('exit', done));
  child.kill();
  await end;
}

/** A free port of localhost. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; tries < 200 && child.exitCode === null; tries++) {
    const socket = net.connect(port, '127.0.0.1');
    const isThere = await new Promise((done) => {
      socket.once('connect', () => done(true)).once('error', () => done(false));
    });
    socket.destroy();
    if (isThere) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error('nginx does not listen');
}
