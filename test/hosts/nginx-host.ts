import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { freePort } from '../../scripts/bench-servers.ts';
import { nginxForms } from '../../src/hosts/nginx/encoded.ts';
import type { EncodedFiles } from '../../src/hosts/nginx/encoded.ts';
import type { Serving } from '../../src/hosts/target.ts';
import { addForms } from '../support/target.ts';
import { httpClient } from '../support/implementations.ts';
import type { Running } from '../support/implementations.ts';
import { writeHostFolder } from './host-folder.ts';

/*
 * A real nginx, with a prefix of its own and on a free port, over the folder that the target has written.
 */

/** Debian's packages; false, said loudly, where they are missing. */
export function hasNginx(): boolean {
  const hasModule = existsSync('/usr/lib/nginx/modules/ngx_http_js_module.so');
  if (hasModule && spawnSync('nginx', ['-v']).status === 0) return true;
  const text =
    'nginx with njs is missing: apt-get install --no-install-recommends nginx libnginx-mod-http-js installs it';
  if (process.env['EPR_STATIC_HOSTS'] === 'required') throw new Error(text);
  process.stderr.write(`\nSKIPPED: what needs nginx: ${text}.\n\n`);
  return false;
}

/** Writes the host's folder beside a built site. */
export async function generateNginx(
  folder: string,
  name: string,
  encoded: EncodedFiles,
  serving?: Serving,
): Promise<string> {
  await addForms(folder, nginxForms(encoded));
  const hostFolder = `${folder}.nginx`;
  await writeHostFolder('nginx', { folder, hostFolder, name, serving });
  return hostFolder;
}

export interface RunningNginx extends Running {
  readonly port: number;
  /** What it logged until now. */
  log(): string;
  /** The process ids of its workers. */
  workers(): string;
  /** As `nginx -s reload`, but by the id of this very process. */
  reload(): void;
}

/** Starts nginx with one of the configurations in a folder that the target has written. */
export async function startNginx(hostFolder: string, more = ''): Promise<RunningNginx> {
  const port = await freePort();
  const prefix = mkdtempSync(join(tmpdir(), 'epr-static-nginx-'));
  writeFileSync(join(prefix, 'nginx.conf'), mainConf(hostFolder, port, more));
  const child = spawn('nginx', nginxArguments(prefix), { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString('latin1')));
  const client = httpClient(`http://127.0.0.1:${port}`);
  const stop = async (): Promise<void> => {
    client.close();
    await ended(child);
    rmSync(prefix, { recursive: true, force: true });
  };
  await listening(child, port).catch(async (error: Error) => {
    await stop();
    throw new Error(`${error.message}: ${log}`);
  });
  return {
    port,
    ask: client.ask,
    log: () => log,
    workers: () => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'),
    reload: () => void child.kill('SIGHUP'),
    stop,
  };
}

/** What `nginx -t` says of a folder that the target has written. */
export function testNginx(hostFolder: string, more = ''): { isGood: boolean; text: string } {
  const prefix = mkdtempSync(join(tmpdir(), 'epr-static-nginx-'));
  writeFileSync(join(prefix, 'nginx.conf'), mainConf(hostFolder, 8080, more));
  const { status, stderr } = spawnSync('nginx', ['-t', ...nginxArguments(prefix)]);
  rmSync(prefix, { recursive: true, force: true });
  return { isGood: status === 0, text: String(stderr) };
}

/** Copies site and host folder to another place, with that place in the configuration. */
export function copyHosted(hostFolder: string, to: string): string {
  const from = dirname(hostFolder);
  const name = basename(hostFolder, '.nginx');
  rmSync(to, { recursive: true, force: true });
  for (const folder of [name, basename(hostFolder)]) cpSync(join(from, folder), join(to, folder), { recursive: true });
  const copied = join(to, basename(hostFolder));
  for (const file of readdirSync(copied).filter((one) => one.endsWith('.conf')))
    writeFileSync(join(copied, file), readFileSync(join(copied, file), 'utf8').replaceAll(from, to));
  return copied;
}

/** A whole configuration with `nginx.conf` inside, on another port; `more` goes beside its server block. */
function mainConf(hostFolder: string, port: number, more: string): string {
  const text = readFileSync(join(hostFolder, 'nginx.conf'), 'utf8');
  const server = text.replace(/listen \d+/, `listen 127.0.0.1:${port}`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path temp;`);
  const main = `load_module /usr/lib/nginx/modules/ngx_http_js_module.so;
    daemon off; pid nginx.pid; error_log stderr; events {}
    http { access_log off; sendfile on; ${temporary.join(' ')} ${server}\n${more} }\n`;
  // Only root can say who the workers are, and as root they would be nobody, who can't read a temporary folder.
  return process.getuid?.() === 0 ? `user root;\n${main}` : main;
}

function nginxArguments(prefix: string): string[] {
  return ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', 'stderr'];
}

/** Waits until a server takes connections. */
export async function listening(child: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
    if (await answers(port)) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error('nginx does not listen');
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    const end = (does: boolean) => (): void => {
      socket.destroy();
      resolve(does);
    };
    socket.once('connect', end(true)).once('error', end(false));
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const end = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  await end;
}
