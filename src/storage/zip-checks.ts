import type { Entry, LocalFileHeader } from 'yauzl';
import { excess } from '../limits.ts';
import type { Limits } from '../limits.ts';
import { pathExcess } from './measure.ts';
import { quoted, refuse, refuseExcess, ZipError } from './zip-error.ts';
import type { HandleReader } from './zip-reader.ts';

/*
 * What a package's zip must not be, by its directory and its local headers. The numbers in comments are sections of APPNOTE.TXT.
 */

/** Checks that the entries stay within the limits, one by one and together. */
export class Totals {
  private size = 0;
  private packed = 0;
  private readonly fileSize: number;
  private readonly limits: Limits;

  constructor(fileSize: number, limits: Limits) {
    this.fileSize = fileSize;
    this.limits = limits;
  }

  add(name: string, { uncompressedSize, compressedSize }: Entry): void {
    this.size += uncompressedSize;
    this.packed += compressedSize;
    refuseExcess(pathExcess(name.slice(name.indexOf('/') + 1), this.limits), name);
    refuseExcess(excess(this.limits, 'file', uncompressedSize), name);
    refuseExcess(excess(this.limits, 'package', this.size));
    if (this.packed > this.fileSize) throw new ZipError('its entries overlap or are cut off');
    if (this.size > SMALL) refuseExcess(excess(this.limits, 'ratio', this.size / this.fileSize));
  }
}

/** In bytes: nobody has to fear a zip that unpacks to less, however small it is. */
const SMALL = 16 * 2 ** 20;

export const STORED = 0;
export const DEFLATED = 8;

/** The facts about one entry in the central directory (4.4.4 to 4.4.15). */
export function checkEntry(name: string, entry: Entry): void {
  const { compressionMethod: method, compressedSize: packed, uncompressedSize: size } = entry;
  if (entry.isEncrypted()) refuse(name, 'is encrypted');
  if (method !== STORED && method !== DEFLATED)
    refuse(name, `uses compression method ${method}, which is not supported`);
  if (method === STORED && packed !== size) refuse(name, `is stored as ${packed} bytes but says ${size}`);
  const type = entry.externalFileAttributes >>> 28;
  if (type === 0o12) refuse(name, 'is a symbolic link');
  const isFolder = name.endsWith('/');
  if (type !== 0 && type !== 0o10 && !(isFolder && type === 0o4)) refuse(name, 'is neither a file nor a folder');
  if (isFolder && size > 0) refuse(name, 'is a folder but has content');
}

/** The local header of an entry must say what the directory says: readers go by one or the other (4.3.7). */
export function checkLocalHeader(name: string, entry: Entry, local: LocalFileHeader): void {
  if (!local.fileName.equals(entry.fileNameRaw)) refuse(name, 'has another name in its local header');
  const differs = (field: string): never => refuse(name, `has another ${field} in its local header`);
  if (local.compressionMethod !== entry.compressionMethod) differs('compression method');
  if ((local.generalPurposeBitFlag & ENCRYPTED) !== 0) refuse(name, 'is encrypted');
  const mayBeZero = (local.generalPurposeBitFlag & HAS_DESCRIPTOR) !== 0;
  const says = (said: number, is: number): boolean => said === is || (mayBeZero && said === 0);
  if (!says(local.crc32, entry.crc32)) differs('CRC');
  const hasSize = (said: number, is: number): boolean => says(said, is) || said === IN_ZIP64_FIELD;
  if (!hasSize(local.compressedSize, entry.compressedSize) || !hasSize(local.uncompressedSize, entry.uncompressedSize))
    differs('size');
}

const ENCRYPTED = 1;
const HAS_DESCRIPTOR = 8;
const IN_ZIP64_FIELD = 0xffff_ffff;

/** What stands behind the content of an entry that announces it: CRC and sizes, of four or eight bytes each (4.3.9). */
export async function checkDescriptor(
  name: string,
  { generalPurposeBitFlag, crc32, compressedSize, uncompressedSize }: Entry,
  { reader, end }: { readonly reader: HandleReader; readonly end: number },
): Promise<void> {
  if ((generalPurposeBitFlag & HAS_DESCRIPTOR) === 0) return;
  const found = await reader.bytes(end, 24);
  const fields = found.length >= 4 && found.readUInt32LE(0) === DESCRIPTOR ? found.subarray(4) : found;
  const short = Buffer.alloc(12);
  const long = Buffer.alloc(20);
  for (const form of [short, long]) form.writeUInt32LE(crc32);
  short.writeUInt32LE(compressedSize, 4);
  short.writeUInt32LE(uncompressedSize, 8);
  long.writeBigUInt64LE(BigInt(compressedSize), 4);
  long.writeBigUInt64LE(BigInt(uncompressedSize), 12);
  if (![short, long].some((form) => fields.subarray(0, form.length).equals(form)))
    refuse(name, 'has another CRC or size behind its content');
}

const DESCRIPTOR = 0x0807_4b50;

/** Where an entry lies: its name, the position of its local header, and the position behind its content. */
export interface EntryPlace {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** No two entries may have bytes in common. */
export function checkOverlaps(places: readonly EntryPlace[]): void {
  const sorted = [...places].sort((a, b) => a.start - b.start);
  for (const [i, { name, start }] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before && start < before.end) refuse(name, `overlaps ${quoted(before.name)}`);
  }
}

/**
 * The directory must end where the end record begins, or that of Zip64: else there are more entries than the count says, which
 * has 16 bits (4.3.14 to 4.3.16). `commentLength` is that of the zip's comment, and `directoryEnd` the position behind the last
 * entry that was counted.
 */
export async function checkEnd(
  reader: HandleReader,
  { commentLength, directoryEnd }: { readonly commentLength: number; readonly directoryEnd: number },
): Promise<void> {
  const end = reader.size - END_RECORD - commentLength;
  const locator = await reader.bytes(end - LOCATOR, LOCATOR);
  const isZip64 = locator.length === LOCATOR && locator.readUInt32LE(0) === ZIP64_LOCATOR;
  if (directoryEnd !== (isZip64 ? Number(locator.readBigUInt64LE(8)) : end))
    throw new ZipError('its directory holds more or less than the number of entries that it says');
}

const END_RECORD = 22;
const LOCATOR = 20;
const ZIP64_LOCATOR = 0x0706_4b50;
