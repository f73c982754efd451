import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { contentTime } from '../../src/tree/content-time.ts';

/* The compiled program as users run it: a process, in a folder that is nobody else's. */

export const program = fileURLToPath(new URL('../../lib/cli.js', import.meta.url));
/** The sample that the program ships. */
export const shippedContent = fileURLToPath(new URL('../../content', import.meta.url));

export interface RunOptions {
  readonly cwd: string;
  /** Added to a clean environment: nothing of the user's git, no colours. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Run {
  /** Null where a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const folders: string[] = [];
const children = new Set<ChildProcess>();

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A new folder, removed after the tests of this file. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'epr-static-e2e-')));
  folders.push(folder);
  return folder;
}

/** The environment for a program that must depend on nothing but what a test says. */
export function cleanEnvironment(): Record<string, string> {
  const kept = ['PATH', 'TMPDIR', 'SystemRoot'].flatMap((key) => {
    const value = process.env[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  const git = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  return { ...Object.fromEntries(kept), ...git, HOME: tmpdir(), TZ: 'UTC' };
}

/** Starts the program and gives the process; `finished` tells how it ended. */
export function start(
  args: readonly string[],
  { cwd, env }: RunOptions,
): { child: ChildProcess; finished: Promise<Run> } {
  const child = spawn(process.execPath, [program, ...args], { cwd, env: { ...cleanEnvironment(), ...env } });
  children.add(child);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const finished = new Promise<Run>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      children.delete(child);
      resolve({ status, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') });
    });
  });
  return { child, finished };
}

/** Runs the program to its end. */
export async function run(args: readonly string[], options: RunOptions): Promise<Run> {
  return await start(args, options).finished;
}

/** Starts a server on a free port; `url` is what it says of itself. */
export async function startServer(
  args: readonly string[],
  options: RunOptions,
): Promise<{ url: string; greeting: string; stop(): Promise<void> }> {
  const { child, finished } = start(['serve', '--port', '0', ...args], options);
  let greeting = '';
  await new Promise<void>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      greeting += chunk.toString('utf8');
      if (greeting.includes('Ctrl-C')) resolve();
    });
    void finished.then(() => resolve());
  });
  const url = / at (https?:\S+)/.exec(greeting)?.[1];
  if (url === undefined) throw new Error(`the server did not start: ${(await finished).stderr}`);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await finished;
  };
  return { url, greeting, stop };
}

/** Every file below a folder with the digest of its bytes: `path digest`, sorted. */
export function listing(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  return files
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => `${JSON.stringify(relative(folder, file))} ${digestOf(readFileSync(file))}`)
    .sort();
}

interface ManifestLine {
  readonly path: string;
  readonly size: number;
  readonly digest: string;
}

/** What a site lists: its manifest, and the list of compressed forms where it has one. */
export function listedIn(site: string): ManifestLine[] {
  const forms = join(site, '_registry/encoded/list.ndjson');
  return (manifestText(site) + (existsSync(forms) ? readFileSync(forms, 'utf8') : ''))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ManifestLine);
}

function manifestText(site: string): string {
  const folder = join(site, '_registry', 'manifest');
  const parts = readdirSync(folder).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  return parts.map((part) => readFileSync(join(folder, part), 'utf8')).join('');
}

/** What is wrong with a site by its own lists: files that are missing, too many, not what it says, or of another time. */
export function siteFaults(site: string): string[] {
  const there = new Set(listing(site).map((line) => line.slice(0, line.lastIndexOf(' '))));
  const faults = listedIn(site).flatMap(({ path, size, digest }) => {
    if (!there.delete(JSON.stringify(path))) return [`missing: ${path}`];
    const file = join(site, path);
    const stats = statSync(file);
    if (stats.size !== size) return [`size: ${path}`];
    if (stats.mtimeMs !== 1000 * contentTime(digest)) return [`time: ${path}`];
    return digestOf(readFileSync(file)) === digest ? [] : [`digest: ${path}`];
  });
  for (const path of ['_registry/release.json', '_registry/encoded/list.ndjson']) there.delete(JSON.stringify(path));
  for (const path of there) if (path.startsWith('"_registry/manifest/')) there.delete(path);
  return [...faults, ...manifestFaults(site), ...[...there].map((path) => `extra: ${path}`)];
}

function isOfPages(line: string): boolean {
  return /^\{"path":"_(browse\/|registry\/files\/pages\.json")/.test(line);
}

/** `release.json` names the digest of the lines without pages; and where there are pages, that of all lines. */
function manifestFaults(site: string): string[] {
  const text = manifestText(site);
  const lines = text.split(/(?<=\n)/);
  const manifest = digestOf(Buffer.from(lines.filter((line) => !isOfPages(line)).join('')));
  const tree = lines.some(isOfPages) ? digestOf(Buffer.from(text)) : undefined;
  const named = releaseOf(site);
  return named.manifest === manifest && named.tree === tree ? [] : ['digest: the manifest itself'];
}

/** The digests in the `release.json` of a site. */
export function releaseOf(site: string): { readonly manifest: string; readonly tree?: string } {
  return JSON.parse(readFileSync(join(site, '_registry/release.json'), 'utf8')) as { manifest: string; tree?: string };
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
