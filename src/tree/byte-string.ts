/*
 * Byte strings (docs/decisions/byte-strings.md). Edge-plain; `text.ts` converts to and from texts.
 */

/** Holds whether a string is a byte string, for the compiler alone. */
declare const BYTES: unique symbol;

/** A string whose characters each stand for one byte, 0 to 255. A part of a byte string is a byte string, too. */
export type ByteString = Bytes & string;

interface Bytes {
  readonly [BYTES]: true;
  slice(start?: number, end?: number): ByteString;
  split(separator: string): ByteString[];
}

/** A string that is no byte string, where the compiler knows. */
export type Text = string & { readonly [BYTES]?: undefined };

/** The string itself, which must hold bytes already: ASCII, or byte strings and ASCII joined. */
export function asByteString(bytes: string): ByteString {
  return bytes as ByteString;
}
