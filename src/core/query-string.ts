import { asByteString } from '../tree/byte-string.ts';
import type { ByteString } from '../tree/byte-string.ts';

/**
 * The parameters of one query: for each decoded name its decoded values, in the order in which they were sent. The
 * object has no prototype, so it has a name such as `__proto__` or `toString` only if it was sent.
 */
export interface Parameters {
  readonly [key: string]: readonly ByteString[];
}

/**
 * Parses a raw query, a byte string without its `?`. Names and values are byte strings too. A pair with a `;` or a
 * broken escape is left out and the others count, as with Go's `url.ParseQuery` for a caller that ignores its error
 * (docs/contract.md section 2; the recorded examples are in `test/recorded/rules`). Never throws.
 */
export function parseQueryString(raw: ByteString): Parameters {
  const parameters: { [key: string]: ByteString[] } = Object.create(null);
  const pairs = raw.split('&');
  for (let i = 0; i < pairs.length; i++) {
    addPair(parameters, pairs[i] as ByteString);
  }
  return parameters;
}

/**
 * Decodes `%XX` escapes to a byte string (RFC 3986, 2.1). Undefined if a `%` is not followed by two hexadecimal digits.
 * A `+` stays a `+`.
 */
export function percentDecode(text: ByteString): ByteString | undefined {
  let decoded = '';
  let start = 0;
  for (let at = text.indexOf('%'); at >= 0; at = text.indexOf('%', start)) {
    const high = hexDigit(text.charCodeAt(at + 1));
    const low = hexDigit(text.charCodeAt(at + 2));
    if (high < 0 || low < 0) {
      return undefined;
    }
    decoded += text.slice(start, at) + String.fromCharCode(high * 16 + low);
    start = at + 3;
  }
  return asByteString(decoded + text.slice(start));
}

function addPair(parameters: { [key: string]: ByteString[] }, pair: ByteString): void {
  if (pair === '' || pair.indexOf(';') >= 0) {
    return;
  }
  const equals = pair.indexOf('=');
  const key = formDecode(equals < 0 ? pair : pair.slice(0, equals));
  const value = formDecode(equals < 0 ? EMPTY : pair.slice(equals + 1));
  if (key === undefined || value === undefined) {
    return;
  }
  const values = parameters[key];
  if (values === undefined) {
    parameters[key] = [value];
  } else {
    values.push(value);
  }
}

const EMPTY = asByteString('');

function formDecode(text: ByteString): ByteString | undefined {
  return percentDecode(asByteString(text.split('+').join(' ')));
}

/** The value of a digit, given by its char code (NaN after the end of a text). -1 if it is not a digit. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) {
    return code - 48;
  }
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
