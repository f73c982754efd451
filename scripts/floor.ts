import { spawn } from 'node:child_process';
import { closeSync, linkSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';

/*
 * The bare work of a full build and nothing else, as a baseline for builds. It reads every blob of the branches in one
 * `git cat-file` batch, deflates each once, writes it, links every path to it, and writes a zip for each package
 * version. It reads no manifests, writes no JSON and checks nothing. If two branches hold a version, the first one
 * counts.
 *
 * node lib/scripts/floor.js REPOSITORY FOLDER BRANCH…
 */

const [repository = '', folder = '', ...branches] = process.argv.slice(2);
const deflate = promisify(deflateRaw) as (bytes: Buffer, options: { level: number }) => Promise<Buffer>;

interface Blob {
  readonly deflated: Buffer;
  readonly crc: number;
  readonly size: number;
}

const started = performance.now();
const versions = await listVersions();
const files = [...versions.values()].flat();
const ids = [...new Set(files.map(({ id }) => id))];
const blobs = new Map<string, Blob>();
await storeBlobs();
const stored = performance.now();
linkFiles();
const linked = performance.now();
writeZips();
const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(2);
process.stdout.write(
  `${JSON.stringify({ store: seconds(started, stored), links: seconds(stored, linked), zips: seconds(linked, performance.now()), total: seconds(started, performance.now()), blobs: ids.length, paths: files.length, versions: versions.size })}\n`,
);

interface File {
  readonly path: string;
  readonly id: string;
}

async function listVersions(): Promise<Map<string, File[]>> {
  const found = new Map<string, File[]>();
  for (const branch of branches) {
    const own = new Map<string, File[]>();
    for (const line of (await git(['ls-tree', '-r', '-z', branch, 'packages/'])).split('\0')) {
      const [, id, path] = /^\d+ blob ([0-9a-f]+)\tpackages\/(.*)$/s.exec(line) ?? [];
      const version = path?.split('/').slice(0, 2).join('/');
      if (id === undefined || path === undefined || version === undefined || found.has(version)) continue;
      own.set(version, [...(own.get(version) ?? []), { path, id }]);
    }
    for (const [version, list] of own) found.set(version, list);
  }
  return found;
}

async function git(args: string[]): Promise<string> {
  const child = spawn('git', ['--git-dir', repository, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function storeBlobs(): Promise<void> {
  const child = spawn('git', ['--git-dir', repository, 'cat-file', '--batch', '--buffer'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(`${ids.join('\n')}\n`);
  const running = new Set<Promise<void>>();
  let buffer: Buffer = Buffer.alloc(0);
  let next = 0;
  for await (const chunk of child.stdout) {
    buffer = buffer.length === 0 ? (chunk as Buffer) : Buffer.concat([buffer, chunk as Buffer]);
    for (;;) {
      const end = buffer.indexOf(10);
      const size = Number(/ (\d+)$/.exec(buffer.toString('latin1', 0, Math.max(end, 0)))?.[1] ?? 0);
      if (end < 0 || buffer.length < end + 1 + size + 1) break;
      const bytes = Buffer.from(buffer.subarray(end + 1, end + 1 + size));
      buffer = buffer.subarray(end + size + 2);
      const one: Promise<void> = storeBlob(ids[next++] ?? '', bytes).finally(() => running.delete(one));
      running.add(one);
      if (running.size >= 16) await Promise.race(running);
    }
  }
  await Promise.all(running);
}

async function storeBlob(id: string, bytes: Buffer): Promise<void> {
  const place = blobPlace(id);
  mkdirSync(dirname(place), { recursive: true });
  const [deflated] = await Promise.all([deflate(bytes, { level: 6 }), writeFile(place, bytes)]);
  blobs.set(id, { deflated, crc: crc32(bytes), size: bytes.length });
}

function blobPlace(id: string): string {
  return join(folder, 'blobs', id.slice(0, 2), id);
}

function linkFiles(): void {
  const made = new Set<string>();
  for (const { path, id } of files) {
    const target = join(folder, 'package', path);
    const parent = dirname(target);
    if (!made.has(parent)) mkdirSync(parent, { recursive: true });
    made.add(parent);
    linkSync(blobPlace(id), target);
  }
}

/** Writes local headers and streams. A buffer of the right size stands for the central directory. */
function writeZips(): void {
  mkdirSync(join(folder, 'epr'), { recursive: true });
  for (const [version, list] of versions) {
    const file = openSync(join(folder, 'epr', `${version.replace('/', '-')}.zip`), 'w');
    const parts = list.flatMap(({ path, id }) => {
      const { deflated, crc, size } = blobs.get(id) as Blob;
      const header = Buffer.alloc(30 + Buffer.byteLength(path));
      header.writeUInt32LE(0x04034b50, 0);
      header.writeUInt32LE(crc, 14);
      header.writeUInt32LE(deflated.length, 18);
      header.writeUInt32LE(size, 22);
      header.write(path, 30);
      return [header, deflated];
    });
    writeSync(file, Buffer.concat([...parts, Buffer.alloc(list.length * 80 + 22)]));
    closeSync(file);
  }
}
