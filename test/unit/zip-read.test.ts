import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/limits.ts';
import type { Limits } from '../../src/limits.ts';
import { openZip, ZipError } from '../../src/storage/zip-read.ts';
import type { ZipEntry, ZipPackage } from '../../src/storage/zip-read.ts';
import { recordedRows } from '../support/recorded.ts';
import { descriptor, made, unicodePath, zip64End } from '../support/zip-bytes.ts';
import type { Made } from '../support/zip-bytes.ts';

const README: Made = { name: 'acme-1.0.0/docs/README.md', content: Buffer.from('# Acme\n') };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zip-read-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function openBytes(bytes: Buffer, limits: Partial<Limits> = {}) {
  const file = join(folder, 'made.zip');
  await writeFile(file, bytes);
  return openZip(file, { ...DEFAULT_LIMITS, ...limits });
}

async function inPieces(zip: ZipPackage, entry: ZipEntry): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of zip.pieces(entry)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Why a zip is refused: the error's text, of opening it or of reading all. */
async function refusal(
  bytes: Buffer,
  read: (zip: ZipPackage, entry: ZipEntry) => Promise<Buffer> = (zip, entry) => zip.read(entry),
): Promise<string> {
  try {
    const zip = await openBytes(bytes);
    try {
      for (const entry of zip.entries) await read(zip, entry);
    } finally {
      await zip.close();
    }
    return 'accepted';
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    return error.message;
  }
}

describe('zips that are fine', () => {
  it('opens the case zips with the listing and the content that the registry shows', async () => {
    const cases = new URL('../cases/zips/', import.meta.url).pathname;
    const rows = recordedRows<{ t: string; list: [string, number, string][] }>('cases/zips');
    const files = (await readdir(cases)).filter((name) => name.endsWith('.zip'));
    expect(files).toHaveLength(3);
    for (const file of files) {
      const zip = await openZip(join(cases, file), DEFAULT_LIMITS);
      const top = file.slice(0, -'.zip'.length);
      const row = rows.find(({ t }) => t.endsWith(`/${file}`));
      const recorded = row?.list.filter(([name]) => !name.endsWith('/'));
      expect(zip.top).toBe(top);
      expect(zip.entries.map(({ path, size, crc32: crc }) => [`${top}/${path}`, size, hex(crc)])).toEqual(recorded);
      for (const entry of zip.entries) expect(crc32(await zip.read(entry))).toBe(entry.crc32);
      await zip.close();
    }
  });

  it('takes files in any order, with folder entries or without, stored or deflated, empty or not', async () => {
    const names = [
      'acme-1.0.0/',
      'acme-1.0.0/b/',
      'acme-1.0.0/b/x',
      'acme-1.0.0/b.c',
      'acme-1.0.0/a',
      'acme-1.0.0/日本.svg',
    ];
    const entries = names.map((name, i) => ({
      name,
      stored: i % 2 === 0,
      content: Buffer.from(name.endsWith('/') ? '' : 'x'.repeat(i % 3)),
    }));
    const zip = await openBytes(made(entries));
    expect(zip.entries.map(({ path }) => path)).toEqual(['b/x', 'b.c', 'a', '日本.svg']);
    expect(zip.folders).toEqual(['b']);
    for (const entry of zip.entries) {
      const { content } = entries.find(({ name }) => name === `acme-1.0.0/${entry.path}`)!;
      expect(await zip.read(entry)).toEqual(content);
    }
    await zip.close();
  });

  it('reads names as UTF-8 with and without the flag', async () => {
    const name = 'acme-1.0.0/img/日本.svg';
    for (const flags of [0, 0x800]) {
      const zip = await openBytes(made([{ name, flags }]));
      expect(zip.entries.map(({ path }) => path)).toEqual(['img/日本.svg']);
      await zip.close();
    }
  });

  it('reads several entries at once, and none once it is closed', async () => {
    const zip = await openBytes(
      made([README, { name: 'acme-1.0.0/manifest.yml', content: Buffer.alloc(100_000, 'name') }]),
    );
    const contents = await Promise.all(zip.entries.map((entry) => zip.read(entry)));
    expect(contents.map((content) => content.length)).toEqual([7, 100_000]);
    await zip.close();
    await expect(zip.read(zip.entries[0]!)).rejects.toThrow();
  });

  it('takes 65,535 entries', async () => {
    const entries = Array.from({ length: 65_535 }, (_, i) => ({ name: `acme-1.0.0/${i}`, stored: true }));
    const zip = await openBytes(made(entries), { entries: 65_535 });
    expect(zip.entries).toHaveLength(65_535);
    await zip.close();
  });

  it('takes a path of thousands of folders without filling the memory', async () => {
    const before = process.memoryUsage();
    const deep = await openBytes(made([{ name: `acme-1.0.0/${'a/'.repeat(32_000)}b` }]), { path: 1e6, depth: 1e6 });
    expect(deep.entries).toHaveLength(1);
    await deep.close();
    const after = process.memoryUsage();
    expect(after.heapUsed - before.heapUsed).toBeLessThan(100 * 1024 * 1024);
  });
});

describe('zips that are refused', () => {
  const top = 'acme-1.0.0';
  const cases: [what: string, entries: Made[], reason: string][] = [
    ['a file beside the top folder', [README, { name: 'evil' }], '"evil": lies outside of the top folder'],
    [
      'a second top folder',
      [README, { name: 'b-1.0.0/x' }],
      '"b-1.0.0/x": lies outside of the top folder "acme-1.0.0"',
    ],
    ['a top folder in another case', [README, { name: 'Acme-1.0.0/x' }], '"Acme-1.0.0/x": lies outside'],
    ['a top folder without a version', [{ name: 'acme/x' }], '"acme/x": is not in a folder {name}-{version}/'],
    ['an absolute path', [README, { name: '/etc/passwd' }], '"/etc/passwd": is an absolute path'],
    ['a path with a drive', [README, { name: 'C:/evil' }], '"C:/evil": is an absolute path'],
    ['a way up', [README, { name: `${top}/../evil` }], '"acme-1.0.0/../evil": has a segment "." or ".."'],
    ['a way up as a folder', [README, { name: `${top}/docs/..` }], 'has a segment "." or ".."'],
    ['a dot segment', [README, { name: `${top}/./docs/x` }], 'has a segment "." or ".."'],
    ['a backslash', [README, { name: `${top}/docs\\x` }], 'has a backslash in its name'],
    ['a NUL', [README, { name: `${top}/x\0.yml` }], '"acme-1.0.0/x\\u0000.yml": has a NUL in its name'],
    ['an empty segment', [README, { name: `${top}/docs//x` }], '"acme-1.0.0/docs//x": has an empty segment'],
    ['an empty name', [README, { name: '' }], '"": has an empty segment'],
    ['a name that is not UTF-8', [README, { name: Buffer.from(`${top}/\xe9`, 'latin1') }], 'is not UTF-8'],
    ['a duplicate', [README, README], '"acme-1.0.0/docs/README.md": is there twice'],
    ['a duplicate folder', [README, { name: `${top}/a/` }, { name: `${top}/a/` }], '"acme-1.0.0/a/": is there twice'],
    [
      'a file that is a folder of another',
      [{ name: `${top}/a` }, { name: `${top}/a/b` }],
      '"acme-1.0.0/a/b": makes "acme-1.0.0/a" both',
    ],
    [
      'a folder that is a file later',
      [{ name: `${top}/a/b` }, { name: `${top}/a` }],
      '"acme-1.0.0/a": makes "acme-1.0.0/a" both',
    ],
    [
      'a symbolic link',
      [README, { name: `${top}/link`, attributes: (0o120777 << 16) >>> 0 }],
      '"acme-1.0.0/link": is a symbolic link',
    ],
    [
      'a link from macOS',
      [{ name: `${top}/link`, attributes: (0o120777 << 16) >>> 0, madeBy: 19 }],
      'is a symbolic link',
    ],
    ['a named pipe', [{ name: `${top}/pipe`, attributes: (0o010644 << 16) >>> 0 }], 'is neither a file nor a folder'],
    [
      'a file that says it is a folder',
      [{ name: `${top}/x`, attributes: (0o040755 << 16) >>> 0 }],
      'is neither a file nor',
    ],
    ['an encrypted entry', [README, { name: `${top}/secret`, flags: 1 }], '"acme-1.0.0/secret": is encrypted'],
    [
      'strong encryption',
      [README, { name: `${top}/secret`, flags: 0x41 }],
      'the entry after "acme-1.0.0/docs/README.md": strong encryption',
    ],
    ['another compression', [README, { name: `${top}/x`, method: 12 }], '"acme-1.0.0/x": uses compression method 12'],
    [
      'a folder with content',
      [README, { name: `${top}/x/`, content: Buffer.from('x') }],
      '"acme-1.0.0/x/": is a folder but',
    ],
    [
      'another name in the local header',
      [README, { name: `${top}/x`, localName: `${top}/y` }],
      '"acme-1.0.0/x": has another name in its local header',
    ],
    [
      'another name in the extra field',
      [{ name: `${top}/x`, extra: unicodePath(`${top}/x`, '../x') }],
      '"acme-1.0.0/x": has another name in an extra',
    ],
    ['a wrong CRC', [{ ...README, crc: 1 }], '"docs/README.md": is damaged: its CRC is wrong'],
    [
      'a wrong CRC of stored content',
      [{ ...README, stored: true, crc: 1 }],
      '"docs/README.md": is damaged: its CRC is wrong',
    ],
    [
      'content that is longer than it says',
      [{ ...README, size: 6 }],
      '"docs/README.md": unpacks to more than the 6 bytes',
    ],
    ['content where there should be none', [{ ...README, size: 0 }], '"docs/README.md": '],
    ['content that is shorter than it says', [{ ...README, size: 8 }], '"docs/README.md": is 7 bytes but says 8'],
    ['stored content of another size', [{ ...README, stored: true, size: 8 }], 'is stored as 7 bytes but says 8'],
    ['a stream that is cut off', [{ ...README, packed: 3 }], '"docs/README.md": is damaged: unexpected end of file'],
    ['a stream that is none', [{ ...README, stored: true, method: 8 }], '"docs/README.md": is damaged: '],
    [
      'a file larger than a file may be',
      [
        { ...README, size: 131_072_001 },
        { name: `${top}/x`, size: 131_072_000 },
      ],
      '"acme-1.0.0/docs/README.md": has 131,072,001 bytes; the limit is 67,108,864 (limits.file in distributions.yml)',
    ],
    ['content beyond the end', [{ ...README, packed: 150 }], '"acme-1.0.0/docs/README.md": file data overflows'],
    [
      'entries that overlap',
      [
        { ...README, packed: 130 },
        { name: `${top}/x`, packed: 130 },
      ],
      'its entries overlap',
    ],
    [
      'another method in the local header',
      [{ ...README, local: { method: 0 } }],
      'has another compression method in its',
    ],
    ['another CRC there', [{ ...README, local: { crc: 1 } }], 'has another CRC in its local header'],
    ['another size there', [{ ...README, local: { size: 6 } }], 'has another size in its local header'],
    ['another packed size there', [{ ...README, local: { packed: 1 } }], 'has another size in its local header'],
    ['encryption there', [{ ...README, local: { flags: 1 } }], '"acme-1.0.0/docs/README.md": is encrypted'],
    ['no descriptor where one is announced', [{ ...README, flags: 8 }], 'has another CRC or size behind its content'],
    [
      'another size in the descriptor',
      [{ ...README, flags: 8, descriptor: descriptor(README, { size: 6 }) }],
      'has another CRC or size behind its content',
    ],
    [
      'a path of too many bytes',
      [README, { name: `${top}/${'é'.repeat(600)}` }],
      'has a path of 1,200 bytes; the limit is 1,024 (limits.path in distributions.yml)',
    ],
    [
      'too many folders in each other',
      [README, { name: `${top}/${'a/'.repeat(40)}x` }],
      'has 40 folders in each other',
    ],
    [
      'much more than it is packed to',
      [README, { name: `${top}/zeros`, content: Buffer.alloc(20 * 2 ** 20) }],
      'times its bytes; the limit is 200 (limits.ratio',
    ],
    ['no entries', [], 'it holds no files'],
    ['only folders', [{ name: `${top}/` }, { name: `${top}/docs/` }], 'it holds no files'],
  ];
  it.each(cases)('%s', async (_what, entries, reason) => {
    expect(await refusal(made(entries))).toContain(reason);
  });

  it('a bomb that lies about its size, without unpacking it', async () => {
    const content = deflateRawSync(Buffer.alloc(200 * 1024 * 1024));
    const bomb = { name: `${top}/bomb`, content, stored: true, method: 8, size: 1000, crc: 0 };
    expect(await refusal(made([bomb]))).toBe('"bomb": unpacks to more than the 1000 bytes it says');
  });

  it('more entries than the count says, which has 16 bits', async () => {
    const bytes = made([README, { name: `${top}/x` }, { name: `${top}/y` }]);
    for (const field of [8, 10]) bytes.writeUInt16LE(1, bytes.length - 22 + field);
    expect(await refusal(bytes)).toBe('its directory holds more or less than the number of entries that it says');
  });

  it('entries that overlap, though there is room for all of them', async () => {
    const inner = made([{ name: `${top}/y`, stored: true }]).subarray(0, 30 + `${top}/y`.length);
    const bytes = made([
      { name: `${top}/x`, stored: true, content: inner },
      { name: `${top}/y`, stored: true },
    ]);
    const at = bytes.lastIndexOf(Buffer.from(`${top}/y`)) - 46;
    bytes.writeUInt32LE(30 + `${top}/x`.length, at + 42);
    expect(await refusal(bytes)).toBe(`"${top}/y": overlaps "${top}/x"`);
  });

  it('takes what streaming writers make: sizes behind the content, with a signature or without', async () => {
    const local = { crc: 0, packed: 0, size: 0 };
    for (const form of [{}, { isSigned: false }, { isLong: true }])
      expect(await refusal(made([{ ...README, flags: 8, local, descriptor: descriptor(README, form) }]))).toBe(
        'accepted',
      );
  });

  it('what is no zip, or only the beginning of one', async () => {
    const whole = made([README, { name: `${top}/manifest.yml`, content: Buffer.from('name: acme\n') }]);
    expect(await refusal(Buffer.from('not a zip'))).toContain('not a readable zip: ');
    const accepted: number[] = [];
    for (let length = 0; length < whole.length; length++) {
      if ((await refusal(whole.subarray(0, length))) === 'accepted') accepted.push(length);
    }
    expect(accepted).toEqual([]);
    expect(await refusal(whole)).toBe('accepted');
  });

  it('a zip whose beginning is cut off', async () => {
    expect(await refusal(made([README]).subarray(10))).toMatch(/^its first entry: /);
  });

  it('more than 65,535 entries', async () => {
    expect(await refusal(zip64End(65_536, 0n))).toContain('it has 65,536 files and folders; the limit is 50,000');
  });

  it('offsets that no file has', async () => {
    const locator = zip64End(1, 0n);
    locator.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, 56 + 8);
    expect(await refusal(locator)).toBe('not a readable zip: the file ends too early');
    expect(await refusal(zip64End(1, 0xffff_ffff_ffff_ffffn))).toBe('its first entry: the file ends too early');
  });

  it('a file that gets shorter after it was opened, and an entry of another zip', async () => {
    const bytes = made([README]);
    const zip = await openBytes(bytes);
    await truncate(join(folder, 'made.zip'), 60);
    await expect(zip.read(zip.entries[0]!)).rejects.toThrow('"docs/README.md": is cut off');
    await expect(zip.read({ path: 'other', size: 0, crc32: 0 })).rejects.toThrow('of another zip');
    await zip.close();
  });

  it('is not what a file that cannot be read is: that is the system’s error', async () => {
    await expect(openZip(join(folder, 'absent.zip'), DEFAULT_LIMITS)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(openZip(folder, DEFAULT_LIMITS)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

const hex = (crc: number): string => crc.toString(16).padStart(8, '0');

describe('an entry of more than a megabyte, whole and in pieces', () => {
  const content = Buffer.alloc(3_000_000);
  for (let at = 0; at < content.length; at += 4) content.writeUInt32LE(Math.imul(at, 0x9e3779b1) >>> 0, at);
  const large: Made = { name: 'acme-1.0.0/img/a.bin', content };

  it.each([true, false])('gives the same bytes (stored: %s), in more than one piece', async (stored) => {
    const zip = await openBytes(made([README, { ...large, stored }]));
    const [, entry] = zip.entries;
    let pieces = 0;
    for await (const _ of zip.pieces(entry!)) pieces++;
    expect(pieces).toBeGreaterThan(1);
    for (const one of zip.entries) expect((await inPieces(zip, one)).equals(await zip.read(one))).toBe(true);
    await zip.close();
  });

  it.each<[string, Buffer, string]>([
    ['a wrong CRC', made([{ ...large, crc: 1 }]), 'is damaged: its CRC is wrong'],
    [
      'a flipped byte of what is stored',
      flipped(made([{ ...large, stored: true }]), 2e6),
      'is damaged: its CRC is wrong',
    ],
    ['a stream that is none', made([{ ...large, stored: true, method: 8 }]), 'is damaged: '],
    ['a stream that is cut off', made([{ ...large, packed: 2000 }]), 'is damaged: unexpected end of file'],
    ['more than it says', made([{ ...large, size: 2_000_000 }]), 'unpacks to more than the 2000000 bytes it says'],
    ['less than it says', made([{ ...large, size: 4_000_000 }]), 'is 3000000 bytes but says 4000000'],
  ])('is refused: %s', async (_, bytes, text) => {
    const whole = await refusal(bytes);
    expect(whole).toContain(`"img/a.bin": ${text}`);
    expect(await refusal(bytes, inPieces)).toBe(whole);
  });
});

function flipped(one: Buffer, at: number): Buffer {
  const bytes = Buffer.from(one);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}
