/*
 * Between byte strings (a character is a byte), which the core speaks, and the bytes that nginx takes. A text in njs is
 * UTF-8, and its `Buffer` knows no `latin1`.
 */

/** The byte string of some bytes. */
export function toByteString(bytes: Buffer): string {
  if (bytes.length === 0) return ''; // which njs takes for a detached buffer
  const text = bytes.toString('utf8');
  // A byte a character, none of them undecodable: ASCII, without a look at each byte, which is slow in njs.
  if (text.length === bytes.length && text.indexOf('\ufffd') < 0) return text;
  const chars: string[] = [];
  for (let i = 0; i < bytes.length; i++) chars.push(String.fromCharCode(bytes[i] as number));
  return chars.join('');
}

/** What nginx sends as the bytes of a byte string: the string itself where it is ASCII. */
export function toBytes(text: string): string | Buffer {
  if (isAscii(text)) return text;
  const bytes = Buffer.alloc(text.length);
  writeBytes(bytes, text, 0);
  return bytes;
}

/** A byte string as the text that njs sends as these bytes, where it takes no `Buffer`. */
export function toText(text: string): string {
  if (isAscii(text)) return text;
  const codes: number[] = [];
  for (let i = 0; i < text.length; i++) codes.push(text.charCodeAt(i));
  const bytesFrom = (String as unknown as NjsString).bytesFrom;
  return bytesFrom ? bytesFrom(codes) : Buffer.from(codes).toString('utf8');
}

/** Deprecated, with a warning in the log, and gone in njs 0.8; nothing else there sends bytes that are not UTF-8. */
interface NjsString {
  readonly bytesFrom: ((bytes: readonly number[]) => string) | undefined;
}

/** Writes a byte string into `target` from `at` on. */
export function writeBytes(target: Buffer, text: string, at: number): void {
  // Without the length, njs 0.7.9 reads past the end of the text to fill the buffer.
  if (isAscii(text)) target.write(text, at, text.length);
  else for (let i = 0; i < text.length; i++) target[at + i] = text.charCodeAt(i);
}

function isAscii(text: string): boolean {
  // Every other character takes more than a byte; a look at each is slow in njs.
  return Buffer.byteLength(text) === text.length;
}
