import { asByteString } from '../../../tree/byte-string.ts';
import type { ByteString } from '../../../tree/byte-string.ts';

/*
 * Converts between the byte strings of the core and the bytes of nginx. Texts in njs are UTF-8, and its `Buffer`
 * doesn't know `latin1`.
 */

/** The byte string of some bytes. */
export function toByteString(bytes: Buffer): ByteString {
  if (bytes.length === 0) return asByteString(''); // njs takes it for a detached buffer
  const text = bytes.toString('utf8');
  // As many bytes as characters, and none undecodable: the bytes are ASCII. This avoids a loop over the bytes, which is
  // slow in njs.
  if (text.length === bytes.length && text.indexOf('\ufffd') < 0) return asByteString(text);
  const chars: string[] = [];
  for (let i = 0; i < bytes.length; i++) chars.push(String.fromCharCode(bytes[i] as number));
  return asByteString(chars.join(''));
}

/** A value that nginx sends as the bytes of a byte string: the string itself if it is ASCII. */
export function toBytes(text: ByteString): string | Buffer {
  if (isAscii(text)) return text;
  const bytes = Buffer.alloc(text.length);
  writeBytes(bytes, text, 0);
  return bytes;
}

/** A text that njs sends as the bytes of a byte string, for places that take no `Buffer`. */
export function toText(text: ByteString): string {
  if (isAscii(text)) return text;
  const codes: number[] = [];
  for (let i = 0; i < text.length; i++) codes.push(text.charCodeAt(i));
  const bytesFrom = (String as unknown as NjsString).bytesFrom;
  return bytesFrom ? bytesFrom(codes) : Buffer.from(codes).toString('utf8');
}

/**
 * This function is deprecated, logs a warning and is gone in njs 0.8. In njs 0.7, nothing else sends bytes that are not
 * UTF-8.
 */
interface NjsString {
  readonly bytesFrom: ((bytes: readonly number[]) => string) | undefined;
}

/** Writes a byte string into `target` from `at` on. */
export function writeBytes(target: Buffer, text: ByteString, at: number): void {
  // Without the length, njs 0.7.9 reads past the end of the text to fill the buffer.
  if (isAscii(text)) target.write(text, at, text.length);
  else for (let i = 0; i < text.length; i++) target[at + i] = text.charCodeAt(i);
}

function isAscii(text: string): boolean {
  // Any other character takes more than one byte. A loop over characters is slow in njs.
  return Buffer.byteLength(text) === text.length;
}
