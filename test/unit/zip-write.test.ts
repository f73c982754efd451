import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ZipArchive } from 'archiver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Entry, fromBufferPromise } from 'yauzl';
import { DEFAULT_LIMITS } from '../../src/limits.ts';
import { openZip } from '../../src/storage/zip-read.ts';
import { comparePaths } from '../../src/paths.ts';
import { type ZipFile, zipLayout } from '../../src/build/zip-layout.ts';
import { recordedRows } from '../support/recorded.ts';
import { zipMaker } from '../support/zips.ts';
import type { Files, ZipMaker } from '../support/zips.ts';

const CASES = new URL('../cases/', import.meta.url).pathname;
const ACME_FILES = join(CASES, 'first/acme_files/1.0.0');

let folder = '';
let maker: ZipMaker;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zip-write-'));
  maker = zipMaker(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const zipOf = (top: string, files: Files): Buffer => maker.make(top, files)!.bytes;

describe('the layout', () => {
  it('is the registry’s for every case package: names, sizes, CRCs, order and methods', async () => {
    const rows = recordedRows<{ t: string; list: [string, number, string][]; methods: number[] }>('cases/zips');
    const mismatches: string[] = [];
    let compared = 0;
    for (const row of rows) {
      const [, name = '', version = ''] = /\/([a-z0-9_]+)-([^/]+)\.zip$/.exec(row.t) ?? [];
      const source = ['first', 'second']
        .map((layer) => join(CASES, layer, name, version))
        .find((path) => existsSync(path));
      if (source === undefined) continue;
      const zip = zipOf(`${name}-${version}`, filesOf(source));
      const entries = await entriesOf(zip);
      const list = entries.map((entry) => [entry.fileName, entry.uncompressedSize, hex(entry.crc32)]);
      const methods = [...new Set(entries.map((entry) => entry.compressionMethod))].sort();
      if (JSON.stringify([list, methods]) !== JSON.stringify([row.list, row.methods])) mismatches.push(row.t);
      compared++;
    }
    expect(mismatches).toEqual([]);
    expect(compared).toBe(94);
  });

  it('has entries for empty folders, wherever they come', async () => {
    const zip = maker.make('a-1', new Map([['b.c', Buffer.from('x')]]), ['z/y', 'b', 'a'])!.bytes;
    const entries = await entriesOf(zip);
    expect(entries.map(({ fileName }) => fileName)).toEqual(['a-1/a/', 'a-1/b/', 'a-1/b.c', 'a-1/z/', 'a-1/z/y/']);
    expect(await contents(zip)).toMatchObject([['b.c', expect.any(Number), Buffer.from('x')]]);
  });

  it('is the same bytes whatever the order of the files', () => {
    const files = filesOf(ACME_FILES);
    const zip = zipOf('acme_files-1.0.0', files);
    expect(zipOf('acme_files-1.0.0', new Map([...files].toReversed()))).toEqual(zip);
  });

  it('never changes: its bytes are recorded here', () => {
    const files = new Map(['b/日本', 'b.c', 'a'].map((path) => [path, Buffer.alloc(0)]));
    const digest = createHash('sha256').update(zipOf('acme-1.0.0', files)).digest('hex');
    expect(digest).toBe('40cf1169242d230effd9edf17ca19ddca3e9f80d6d4306cde2aa9d2f59d67113');
  });

  it('has a fixed date and fixed modes, flags names as UTF-8 where they aren’t ASCII, and nothing extra', async () => {
    const empty = Buffer.alloc(0);
    const files = new Map([
      ['日/a', empty],
      ['b', empty],
    ]);
    const entries = await entriesOf(zipOf('acme-1.0.0', files));
    const shown = entries.map((entry) => ({
      name: entry.fileName,
      flags: entry.generalPurposeBitFlag,
      mode: (entry.externalFileAttributes >>> 16).toString(8),
      dos: entry.externalFileAttributes & 0xff,
      versions: [entry.versionMadeBy, entry.versionNeededToExtract],
      sizes: [entry.compressionMethod, entry.compressedSize, entry.uncompressedSize],
      date: entry.getLastModDate({ timezone: 'UTC' }).toISOString(),
      extra: entry.extraFieldLength + entry.fileCommentLength,
    }));
    const common = { versions: [0x314, 20], date: '1980-01-01T00:00:00.000Z', extra: 0 };
    expect(shown).toEqual([
      { ...common, name: 'acme-1.0.0/b', flags: 0, mode: '100644', dos: 0, sizes: [8, 2, 0] },
      { ...common, name: 'acme-1.0.0/日/', flags: 0x800, mode: '40755', dos: 0x10, sizes: [0, 0, 0] },
      { ...common, name: 'acme-1.0.0/日/a', flags: 0x800, mode: '100644', dos: 0, sizes: [8, 2, 0] },
    ]);
  });
});

describe('the zip', () => {
  it('has the listing and the content of what archiver makes', async () => {
    const files = filesOf(ACME_FILES);
    const archive = new ZipArchive({ zlib: { level: 6 } });
    for (const [path, content] of files) archive.append(Buffer.from(content), { name: `acme_files-1.0.0/${path}` });
    const [reference] = await Promise.all([buffer(archive), archive.finalize()]);
    expect(await contents(zipOf('acme_files-1.0.0', files))).toEqual(await contents(reference));
  });

  it.skipIf(spawnSync('unzip', ['-v']).error !== undefined)('satisfies unzip', () => {
    const file = join(folder, 'tested.zip');
    writeFileSync(file, zipOf('acme_files-1.0.0', filesOf(ACME_FILES)));
    const { status, stdout } = spawnSync('unzip', ['-t', file], { encoding: 'utf8' });
    expect([status, stdout.trimEnd().split('\n').at(-1)]).toEqual([
      0,
      `No errors detected in compressed data of ${file}.`,
    ]);
  });

  it('is not made where a deflate stream has changed, or is gone', () => {
    const files = new Map([['docs/README.md', Buffer.from('# Acme')]]);
    expect(maker.make('acme-1.0.0', files)).toBeDefined();
    const whole = readFileSync(maker.pack);
    const last = whole.length - 1;
    writeFileSync(maker.pack, whole.with(last, whole[last]! ^ 1));
    expect(maker.make('acme-1.0.0', files)).toBeUndefined();
    truncateSync(maker.pack, last);
    expect(maker.make('acme-1.0.0', files)).toBeUndefined();
    writeFileSync(maker.pack, whole);
    expect(maker.make('acme-1.0.0', files)).toBeDefined();
  });
});

describe('what needs Zip64 is refused', () => {
  it('from 65,535 entries on, folders counted', () => {
    expect(zipLayout('a-1', many(65_534)).files).toHaveLength(65_534);
    expect(() => zipLayout('a-1', many(65_535))).toThrow('a-1: 65535 entries');
    expect(() => zipLayout('a-1', [...many(65_533), file('x/y', 0, 2)])).toThrow('a-1: 65535 entries');
    expect(() => zipLayout('a-1', many(70_000))).toThrow('more than a zip holds without Zip64');
  });

  it('from 4 GiB on, packed or unpacked', () => {
    const overhead = zipLayout('a-1', [file('x', 0, 0)]).length;
    expect(zipLayout('a-1', [file('x', 0, 0xfffffffe - overhead)]).length).toBe(0xfffffffe);
    expect(() => zipLayout('a-1', [file('x', 0, 0xffffffff - overhead)])).toThrow('without Zip64');
    expect(() => zipLayout('a-1', [file('x', 0, 2 ** 32), file('y', 0, 2)])).toThrow('without Zip64');
    expect(zipLayout('a-1', [file('x', 0xfffffffe, 2)]).length).toBe(overhead + 2);
    expect(() => zipLayout('a-1', [file('x', 0xffffffff, 2)])).toThrow('without Zip64');
  });

  it('as is a name beyond 65,535 bytes', () => {
    expect(() => zipLayout('a-1', [file('x'.repeat(65_532), 0, 2)])).toThrow('a name of 65536 bytes');
    expect(zipLayout('a-1', [file('x'.repeat(65_531), 0, 2)]).files).toHaveLength(1);
  });
});

const file = (path: string, size: number, deflatedSize: number): ZipFile => ({
  path,
  size,
  crc32: 0,
  deflatedSize,
});

const many = (count: number): ZipFile[] => Array.from({ length: count }, (_, i) => file(`${i}`, 0, 2));

const hex = (crc: number): string => crc.toString(16).padStart(8, '0');

function filesOf(source: string): Files {
  const paths = readdirSync(source, { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => statSync(join(source, path)).isFile());
  return new Map(files.map((path) => [path, readFileSync(join(source, path))]));
}

/** Every entry in the archive's order, folders too. */
async function entriesOf(zip: Buffer): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of (await fromBufferPromise(zip)).eachEntry()) entries.push(entry);
  return entries;
}

async function contents(bytes: Buffer): Promise<[path: string, crc: number, content: Buffer][]> {
  const file = join(folder, 'contents.zip');
  writeFileSync(file, bytes);
  const zip = await openZip(file, DEFAULT_LIMITS);
  const all = zip.entries.map(async (entry): Promise<[string, number, Buffer]> => [
    entry.path,
    entry.crc32,
    await zip.read(entry),
  ]);
  const found = await Promise.all(all);
  await zip.close();
  return found.sort(([a], [b]) => comparePaths(a, b));
}
