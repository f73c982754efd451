/**
 * The parameters of one query: per decoded name its decoded values, in the order they were sent.
 * It has no prototype, so a name such as `__proto__` or `toString` is there only if it was sent.
 */
export interface Parameters {
  readonly [key: string]: readonly string[];
}

/**
 * The parameters of a raw query, a byte string without its `?`; names and values are byte strings too.
 * A pair with a `;` or a broken escape is left out and the others still count, as Go's `url.ParseQuery`
 * has it for a caller that ignores its error (section 2 of the contract, `recorded/rules/queries`).
 * Never throws.
 */
export function parseQueryString(raw: string): Parameters {
  const parameters: { [key: string]: string[] } = Object.create(null);
  const pairs = raw.split('&');
  for (let i = 0; i < pairs.length; i++) {
    addPair(parameters, String(pairs[i]));
  }
  return parameters;
}

/**
 * The byte string that `%XX` escapes stand for (RFC 3986, 2.1), or undefined where a `%` is not followed
 * by two hexadecimal digits. A `+` stays a `+`.
 */
export function percentDecode(text: string): string | undefined {
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
  return decoded + text.slice(start);
}

function addPair(parameters: { [key: string]: string[] }, pair: string): void {
  if (pair === '' || pair.indexOf(';') >= 0) {
    return;
  }
  const equals = pair.indexOf('=');
  const key = formDecode(equals < 0 ? pair : pair.slice(0, equals));
  const value = formDecode(equals < 0 ? '' : pair.slice(equals + 1));
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

function formDecode(text: string): string | undefined {
  return percentDecode(text.split('+').join(' '));
}

/** The value of a digit given by its char code (NaN past the end of a text), or -1. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) {
    return code - 48;
  }
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
