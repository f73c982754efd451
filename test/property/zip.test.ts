import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/limits.ts';
import { openZip, ZipError } from '../../src/storage/zip-read.ts';
import { comparePaths, walkOrder } from '../../src/paths.ts';
import { zipMaker } from '../support/zips.ts';
import type { Files, ZipMaker } from '../support/zips.ts';

/** Names at whose differences orders disagree: around the slash, surrogates, and U+E000 to U+FFFF. */
const segment = fc.oneof(
  fc.string({
    unit: fc.constantFrom('a', 'b', '-', '.x', '!', '0', '\u{e000}', '\u{ffee}', '\u{1f600}', '日'),
    minLength: 1,
    maxLength: 4,
  }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }).map((text) => text.replace(/[\\/\0]/g, '_')),
);
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));

/** The same order by its definition: arrays of components, each as bytes. */
function byBytes(a: string, b: string): number {
  const left = a.split('/').map((name) => Buffer.from(name));
  const right = b.split('/').map((name) => Buffer.from(name));
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = Buffer.compare(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

describe('walk order', () => {
  it('compares components as UTF-8 bytes', () => {
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(Math.sign(comparePaths(a, b))).toBe(Math.sign(byBytes(a, b)));
      }),
      { numRuns: 5000 },
    );
  });

  it('is what sorting each folder by itself gives, and changes nothing but the order', () => {
    fc.assert(
      fc.property(fc.array(path, { maxLength: 20 }), (paths) => {
        const given = [...paths];
        expect(walkOrder(paths)).toEqual([...paths].sort(byBytes));
        expect(paths).toEqual(given);
      }),
    );
  });

  it('puts a folder’s content before a name that goes on with less than a slash', () => {
    expect(walkOrder(['a.json', 'a-b', 'a/b.json', 'a/b/c', '\u{1f600}', '\u{ffee}'])).toEqual([
      'a/b/c',
      'a/b.json',
      'a-b',
      'a.json',
      '\u{ffee}',
      '\u{1f600}',
    ]);
  });
});

describe('zips', () => {
  let folder = '';
  let maker: ZipMaker;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zip-laws-'));
    maker = zipMaker(folder);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const contents = fc
    .array(fc.tuple(path, fc.uint8Array({ maxLength: 300 })), { minLength: 1, maxLength: 12 })
    .map(withoutClashes);

  it('hold what was written, in walk order, and are what is said of them', async () => {
    await fc.assert(
      fc.asyncProperty(contents, async (files) => {
        const file = join(folder, 'written.zip');
        await writeFile(file, zipOf(maker, files));
        const zip = await openZip(file, DEFAULT_LIMITS);
        const found = await Promise.all(zip.entries.map(async (entry) => [entry.path, await zip.read(entry)] as const));
        await zip.close();
        expect(zip.top).toBe('acme-1.0.0');
        expect(found.map(([name]) => name)).toEqual(walkOrder([...files.keys()]));
        for (const [name, content] of found) expect(content).toEqual(Buffer.from(files.get(name)!));
      }),
    );
  });

  it('with some bytes changed are refused or still hold nothing but what was written', async () => {
    const files = new Map([
      ['docs/README.md', Buffer.from('# Acme, '.repeat(9))],
      ['manifest.yml', Buffer.from('name: acme\n')],
    ]);
    const whole = zipOf(maker, files);
    const patch = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(patch, { minLength: 1, maxLength: 4 }), async (patches) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of patches) bytes[at] = value;
        const file = join(folder, 'patched.zip');
        await writeFile(file, bytes);
        for (const content of await contentsOrRefusal(file)) {
          expect([...files.values()].some((written) => written.equals(content))).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** As a map, without names that clash: one that is a folder too, or the same but for case. */
function withoutClashes(files: [string, Uint8Array][]): Map<string, Uint8Array> {
  const taken = new Map<string, string>();
  const kept = new Map<string, Uint8Array>();
  for (const [name, content] of files) {
    const steps = name.split('/').map((_, i, all) => all.slice(0, i + 1).join('/'));
    const wanted = steps.map((step) => [fold(step), step === name ? 'file' : step] as const);
    const clash = wanted.some(([key, use]) => taken.has(key) && (use === 'file' || taken.get(key) !== use));
    if (clash || steps.some((step) => /(^|\/)\.{1,2}$/.test(step))) continue;
    for (const [key, use] of wanted) taken.set(key, use);
    kept.set(name, content);
  }
  return kept.size > 0 ? kept : new Map([['manifest.yml', new Uint8Array()]]);
}

const fold = (text: string): string => text.toLowerCase().toUpperCase();

function zipOf(maker: ZipMaker, files: Files): Buffer {
  const { bytes, said } = maker.make('acme-1.0.0', files)!;
  const digest = createHash('sha256').update(bytes).digest('hex');
  expect(said).toEqual({ size: bytes.length, digest, crc32: crc32(bytes) });
  return bytes;
}

async function contentsOrRefusal(file: string): Promise<Buffer[]> {
  try {
    const zip = await openZip(file, DEFAULT_LIMITS);
    try {
      return await Promise.all(zip.entries.map((entry) => zip.read(entry)));
    } finally {
      await zip.close();
    }
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    return [];
  }
}
