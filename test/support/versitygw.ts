import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../scripts/bench-servers.ts';

/* A real object store, with conditional writes: versitygw over a folder. */

const binary = fileURLToPath(new URL('../../node_modules/.cache/versitygw/versitygw', import.meta.url));

/** False, said loudly, where it is missing. */
export function hasVersitygw(): boolean {
  if (existsSync(binary)) return true;
  const text =
    'versitygw is missing: GOBIN=$PWD/node_modules/.cache/versitygw go install github.com/versity/versitygw/cmd/versitygw@v1.8.0 installs it';
  if (process.env['EPR_STATIC_HOSTS'] === 'required') throw new Error(text);
  process.stderr.write(`\nSKIPPED: what needs an object store: ${text}.\n\n`);
  return false;
}

export interface ObjectStore {
  readonly port: number;
  readonly endpoint: string;
  /** The environment of a program that has its credentials. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes what lies below one prefix lie below another one, too, with its times. */
  copy(from: string, to: string): void;
  stop(): void;
}

/** The bucket that it has. */
export const BUCKET = 'bucket';

/** Starts one that is empty. */
export async function startVersitygw(): Promise<ObjectStore> {
  const folder = mkdtempSync(join(tmpdir(), 'epr-static-versitygw-'));
  mkdirSync(join(folder, BUCKET));
  const port = await freePort();
  const [ROOT_ACCESS_KEY, ROOT_SECRET_KEY] = ['tester', 'not-a-secret'];
  const child = spawn(binary, ['--quiet', '--port', `127.0.0.1:${port}`, 'posix', folder], {
    env: { ROOT_ACCESS_KEY, ROOT_SECRET_KEY, HOME: folder },
    stdio: 'ignore',
  });
  await listening(child, port);
  return {
    port,
    endpoint: `http://127.0.0.1:${port}`,
    env: { AWS_ACCESS_KEY_ID: ROOT_ACCESS_KEY, AWS_SECRET_ACCESS_KEY: ROOT_SECRET_KEY, AWS_REGION: 'us-east-1' },
    copy: (from, to) => void execFileSync('cp', ['-a', join(folder, BUCKET, from), join(folder, BUCKET, to)]),
    stop: () => {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  let ended: string | undefined;
  child.on('exit', (code) => (ended = `versitygw ended with status ${code}`));
  child.on('error', (error) => (ended = error.message));
  while (ended === undefined) {
    if (await connects(port)) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(ended);
}

async function connects(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
