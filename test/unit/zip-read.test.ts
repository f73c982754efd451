import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openZip, ZipError } from '../../src/storage/zip-read.ts';
import { recordedRows } from '../support/recorded.ts';

/** What a made-up zip says of one entry; whatever is left out is as it should be. */
interface Made {
  name: string | Buffer;
  localName?: string;
  content?: Buffer;
  stored?: boolean;
  method?: number;
  flags?: number;
  size?: number;
  packed?: number;
  crc?: number;
  madeBy?: number;
  attributes?: number;
  extra?: Buffer;
}

const REGULAR = (0o100644 << 16) >>> 0;
const README: Made = { name: 'acme-1.0.0/docs/README.md', content: Buffer.from('# Acme\n') };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zip-read-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function openBytes(bytes: Buffer) {
  const file = join(folder, 'made.zip');
  await writeFile(file, bytes);
  return openZip(file);
}

/** Why a zip is refused: the error's text, of opening it or of reading all. */
async function refusal(bytes: Buffer): Promise<string> {
  try {
    const zip = await openBytes(bytes);
    try {
      for (const entry of zip.entries) await zip.read(entry);
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
      const zip = await openZip(join(cases, file));
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
    const zip = await openBytes(made(entries));
    expect(zip.entries).toHaveLength(65_535);
    await zip.close();
  });

  it('takes a path of thousands of folders without filling the memory', async () => {
    const before = process.memoryUsage();
    const deep = await openBytes(made([{ name: `acme-1.0.0/${'a/'.repeat(32_000)}b` }]));
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
      'more than 250 MB',
      [
        { ...README, size: 131_072_001 },
        { name: `${top}/x`, size: 131_072_000 },
      ],
      'it unpacks to more than 250 MB',
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
    expect(await refusal(zip64End(65_536, 0n))).toBe('it has 65536 entries, the limit is 65535');
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
    await expect(openZip(join(folder, 'absent.zip'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(openZip(folder)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

const hex = (crc: number): string => crc.toString(16).padStart(8, '0');

/** A zip made byte by byte (APPNOTE.TXT 4.3), so that it can say anything. */
function made(entries: readonly Made[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const { common, data } = commonFields(entry, name.length);
    const localCommon = Buffer.from(common);
    const localName = Buffer.from(entry.localName ?? name);
    localCommon.writeUInt16LE(localName.length, 22);
    localCommon.writeUInt16LE(0, 24);
    const local = Buffer.concat([signature(0x04034b50), localCommon, localName, data]);
    const madeBy = Buffer.from([20, entry.madeBy ?? 3]);
    const attributes = Buffer.alloc(14);
    attributes.writeUInt32LE(entry.attributes ?? (name.at(-1) === 0x2f ? 0 : REGULAR), 6);
    attributes.writeUInt32LE(offset, 10);
    const extra = entry.extra ?? Buffer.alloc(0);
    locals.push(local);
    centrals.push(Buffer.concat([signature(0x02014b50), madeBy, common, attributes, name, extra]));
    offset += local.length;
  }
  const central = Buffer.concat(centrals);
  return Buffer.concat([...locals, central, end(entries.length, central.length, offset)]);
}

/** The 26 bytes that both headers of an entry share, and its packed content. */
function commonFields(entry: Made, nameLength: number): { common: Buffer; data: Buffer } {
  const content = entry.content ?? Buffer.alloc(0);
  const stored = entry.stored ?? (Buffer.from(entry.name).at(-1) === 0x2f && content.length === 0);
  const data = stored ? content : deflateRawSync(content);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(entry.flags ?? 0, 2);
  common.writeUInt16LE(entry.method ?? (stored ? 0 : 8), 4);
  common.writeUInt32LE(entry.crc ?? crc32(content), 10);
  common.writeUInt32LE(entry.packed ?? data.length, 14);
  common.writeUInt32LE(entry.size ?? content.length, 18);
  common.writeUInt16LE(nameLength, 22);
  common.writeUInt16LE(entry.extra?.length ?? 0, 24);
  return { common, data };
}

/** Info-ZIP's field for the name in Unicode (APPNOTE.TXT 4.6.9), for an entry called `name`. */
function unicodePath(name: string, shown: string): Buffer {
  const data = Buffer.concat([Buffer.alloc(5, 1), Buffer.from(shown)]);
  data.writeUInt32LE(crc32(name), 1);
  const head = Buffer.alloc(4);
  head.writeUInt16LE(0x7075, 0);
  head.writeUInt16LE(data.length, 2);
  return Buffer.concat([head, data]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function end(count: number, length: number, offset: number): Buffer {
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(count, 8);
  record.writeUInt16LE(count, 10);
  record.writeUInt32LE(length, 12);
  record.writeUInt32LE(offset, 16);
  return record;
}

/** Nothing but the end of a Zip64 archive (APPNOTE.TXT 4.3.14 to 4.3.16); its locator begins at byte 56. */
function zip64End(count: number, directory: bigint): Buffer {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(directory, 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  return Buffer.concat([record, locator, end(0xffff, 0xffffffff, 0xffffffff)]);
}
