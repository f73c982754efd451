import { isUtf8 } from 'node:buffer';
import { asByteString } from './byte-string.ts';
import type { ByteString, Text } from './byte-string.ts';

/*
 * Between texts, bytes and byte strings, in Node. A text can hold bytes that are not UTF-8: each is kept as U+DC00 plus the
 * byte, half of a surrogate pair, which no UTF-8 stands for.
 */

/** The text of some bytes. It keeps those that are not UTF-8. */
export function decodeText(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let decoded = '';
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    decoded += length === 0 ? keptByte(bytes.readUInt8(at)) : bytes.toString('utf8', at, at + length);
    at += length || 1;
  }
  return decoded;
}

/** The byte string of a text: its UTF-8, and the kept bytes as they were. */
export function toByteString(text: Text): ByteString {
  if (!NOT_ASCII.test(text)) return asByteString(text);
  const parts = text.split(KEPT_BYTE);
  return asByteString(
    parts.map((part, i) => (i % 2 === 1 ? byteOf(part) : Buffer.from(part).toString('latin1'))).join(''),
  );
}

/** The bytes of a byte string. */
export function toBytes(string: ByteString): Buffer {
  return Buffer.from(string, 'latin1');
}

/** A byte string as a person reads it: what is not UTF-8 becomes U+FFFD. */
export function shownText(string: ByteString): string {
  return toBytes(string).toString('utf8');
}

/** Negative if the bytes of `a` come before those of `b`, zero if they are equal, positive if they come after them. */
export function compareText(a: Text, b: Text): number {
  const [left, right] = [toByteString(a), toByteString(b)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** A byte that a text keeps; `split` gives it in every other place. */
export const KEPT_BYTE = /([\udc80-\udcff])/u;

const NOT_ASCII = /[^\x00-\x7f]/;
const FIRST_KEPT = 0xdc00;

function keptByte(byte: number): string {
  return String.fromCharCode(FIRST_KEPT + byte);
}

function byteOf(kept: string): string {
  return String.fromCharCode(kept.charCodeAt(0) - FIRST_KEPT);
}

/** The bytes of the UTF-8 character at a place, 0 where there is none. */
function characterLength(bytes: Buffer, at: number): number {
  const first = bytes.readUInt8(at);
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}
