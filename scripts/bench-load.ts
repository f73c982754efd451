import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { memoryOf } from './bench-measure.ts';
import type { Figure } from './bench-measure.ts';
import type { Server } from './bench-servers.ts';

/*
 * Load by wrk, in a separate process: a client in JavaScript is slower than the servers and would hide their speed.
 */

/** The answers of a server under load. */
export interface Load {
  /** Requests per second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Samples of the memory of all processes of the server together, in MB. Empty without /proc. */
  readonly memory: readonly number[];
}

/** The requests, and for how long they are sent. */
export interface Asking {
  /** Asked in turn. */
  readonly paths: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly seconds: number;
}

/** Whether wrk is installed. */
export function hasWrk(): boolean {
  return spawnSync('wrk', ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** Sends requests over 16 connections, after a second that doesn't count. Throws if an answer is an error. */
export async function load(server: Server, asking: Asking): Promise<Load> {
  await askByWrk(server.url, { ...asking, seconds: 1 });
  const memory: number[] = [];
  const sampling = setInterval(() => {
    const held = server.processes().flatMap((pid) => memoryOf(pid, 'VmRSS') ?? []);
    if (held.length > 0) memory.push(held.reduce((total, one) => total + one, 0));
  }, SAMPLE);
  const found = await askByWrk(server.url, asking).finally(() => clearInterval(sampling));
  return { rate: found.requests / found.seconds, p50: found.p50, p99: found.p99, memory };
}

/** Milliseconds. */
const SAMPLE = 100;

/** `atLeast` is a target in answers per second. `tail` is how many times the median the slowest hundredth may take. */
export function loadFigures(
  runs: readonly Load[],
  { atLeast, tail }: { atLeast?: number | undefined; tail?: number | undefined } = {},
): Figure[] {
  const rates = runs.map(({ rate }) => rate);
  const tails = runs.map(({ p50, p99 }) => p99 / p50);
  return [
    { name: 'requests', unit: '1/s', values: rates, ...(atLeast !== undefined && { atLeast }) },
    { name: 'p50', unit: 'ms', values: runs.map(({ p50 }) => p50) },
    { name: 'p99', unit: 'ms', values: runs.map(({ p99 }) => p99) },
    { name: 'p99 ÷ p50', unit: '×', values: tails, ...(tail !== undefined && { atMost: tail }) },
    { name: 'RSS', unit: 'MB', values: runs.flatMap(({ memory }) => (memory.length > 0 ? Math.max(...memory) : [])) },
  ];
}

/** What `bench-load.lua` prints. */
interface Found {
  readonly requests: number;
  readonly seconds: number;
  /** Answers of 400 and more among them. */
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
}

async function askByWrk(url: string, { paths, headers = {}, seconds }: Asking): Promise<Found> {
  if (paths.length === 1) return await runWrk(`${url}${paths[0]}`, { headers, seconds });
  const folder = mkdtempSync(join(tmpdir(), 'epr-static-wrk-'));
  try {
    writeFileSync(join(folder, 'paths'), paths.join('\n'));
    return await runWrk(`${url}/`, { headers, seconds, file: join(folder, 'paths') });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface WrkOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly seconds: number;
  /** A file of paths, a line each, that are asked in turn in place of the URL's. */
  readonly file?: string;
}

async function runWrk(url: string, { headers, seconds, file }: WrkOptions): Promise<Found> {
  const script = fileURLToPath(new URL('../../scripts/bench-load.lua', import.meta.url));
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const args = ['-t1', '-c16', `-d${seconds}s`, '--timeout', '30s', '-s', script, ...lines, url];
  if (file !== undefined) args.push('--', file);
  const child = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = (): void => void child.kill();
  process.once('exit', stop);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  const status = await new Promise<number | null>((done, fail) => child.once('error', fail).once('close', done));
  process.off('exit', stop);
  const [json] = /^\{.*\}$/m.exec(text) ?? [];
  if (status !== 0 || json === undefined) throw new Error(`wrk ended with ${status}: ${text}`);
  const found = JSON.parse(json) as Found;
  if (found.errors > 0 || found.requests === 0) throw new Error(`${url} under load: ${json}`);
  return found;
}
