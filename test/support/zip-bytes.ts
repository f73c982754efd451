import { crc32, deflateRawSync } from 'node:zlib';

/* Zips that say what a test wants, true or not. */

/** What a made-up zip says of one entry; whatever is left out is as it should be. */
export interface Made {
  name: string | Buffer;
  localName?: string;
  /** In the local header alone. */
  local?: { method?: number; flags?: number; crc?: number; packed?: number; size?: number };
  /** Behind the content. */
  descriptor?: Buffer;
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
/** A zip made byte by byte (APPNOTE.TXT 4.3), so that it can say anything. */
export function made(entries: readonly Made[]): Buffer {
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
    const { flags, method, crc, packed, size } = entry.local ?? {};
    if (flags !== undefined) localCommon.writeUInt16LE(flags, 2);
    if (method !== undefined) localCommon.writeUInt16LE(method, 4);
    if (crc !== undefined) localCommon.writeUInt32LE(crc, 10);
    if (packed !== undefined) localCommon.writeUInt32LE(packed, 14);
    if (size !== undefined) localCommon.writeUInt32LE(size, 18);
    const local = Buffer.concat([
      signature(0x04034b50),
      localCommon,
      localName,
      data,
      entry.descriptor ?? Buffer.alloc(0),
    ]);
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

/** What a streaming writer puts behind a content (APPNOTE.TXT 4.3.9). */
export function descriptor(
  { content = Buffer.alloc(0) }: Made,
  { isSigned = true, isLong = false, size = content.length }: { isSigned?: boolean; isLong?: boolean; size?: number },
): Buffer {
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(crc32(content));
  const sizes = Buffer.alloc(isLong ? 16 : 8);
  const packed = deflateRawSync(content).length;
  if (isLong) {
    sizes.writeBigUInt64LE(BigInt(packed));
    sizes.writeBigUInt64LE(BigInt(size), 8);
  } else {
    sizes.writeUInt32LE(packed);
    sizes.writeUInt32LE(size, 4);
  }
  return Buffer.concat([isSigned ? signature(0x08074b50) : Buffer.alloc(0), crc, sizes]);
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
export function unicodePath(name: string, shown: string): Buffer {
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
  for (const field of [8, 10]) record.writeUInt16LE(count & 0xffff, field);
  record.writeUInt32LE(length, 12);
  record.writeUInt32LE(offset, 16);
  return record;
}

/** Nothing but the end of a Zip64 archive (APPNOTE.TXT 4.3.14 to 4.3.16); its locator begins at byte 56. */
export function zip64End(count: number, directory: bigint): Buffer {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(directory, 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  return Buffer.concat([record, locator, end(0xffff, 0xffffffff, 0xffffffff)]);
}
