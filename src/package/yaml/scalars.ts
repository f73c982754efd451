/**
 * Resolves a scalar by its text and tag: YAML 1.1 as Go's yaml.v2 resolves it (docs/contract.md section 6). There are
 * no numbers to the base 60, dates stay text, and integers are exact. A number that is too large for an integer becomes
 * a float.
 */

import { decodeText } from '../../tree/text.ts';

import { type Value, YamlError } from './values.ts';

/** The start of the full names of YAML's own tags: `!!int` means this and `int`. */
export const YAML_TAG = 'tag:yaml.org,2002:';

/**
 * The value of a plain scalar without a tag. The first character decides about further work; for most texts there is
 * none.
 */
export function resolvePlain(text: string): Value {
  switch (FIRST[text.charCodeAt(0)]) {
    case 'word':
      return WORDS.has(text) ? (WORDS.get(text) as Value) : text;
    case 'number':
      return WORDS.get(text) ?? resolveNumber(text.includes('_') ? text.replaceAll('_', '') : text) ?? text;
    case 'dot':
      return WORDS.get(text) ?? resolveFraction(text) ?? text;
    default:
      return text === '' ? null : text;
  }
}

/**
 * The value of a scalar with an explicit tag, given by its full name. Text that doesn't fit the tag is a `YamlError`.
 * Tags that are not YAML's own leave the text as it is.
 */
export function resolveTagged(text: string, tag: string): Value {
  const type = tag.startsWith(YAML_TAG) ? tag.slice(YAML_TAG.length) : '';
  if (type === 'binary') return decodeBinary(text);
  if (!CHECKED.has(type)) return text;
  if (type === 'timestamp' && TIMESTAMP.test(text)) return text;
  const value = resolvePlain(text);
  // Go widens only signed integers here.
  if (type === 'float' && typeof value === 'bigint' && value <= MAX_INT) return Number(value);
  if (typeOf(value) !== type) throw new YamlError(`not YAML: cannot read ${text.slice(0, 80)} as !!${type}`);
  return value;
}

/**
 * The first escape between double quotes that libyaml refuses: half of a surrogate pair, a number beyond Unicode, or `\/`.
 */
export function findBadEscape(quoted: string): string | undefined {
  if (!/\\[uU/]/.test(quoted)) return undefined;
  for (const [escape, short, long] of quoted.matchAll(ESCAPE)) {
    if (escape === '\\/') return escape;
    const code = Number.parseInt(short ?? long ?? '0', 16);
    if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return escape;
  }
  return undefined;
}

/**
 * The integer that Go's `ParseInt` and `ParseUint` read with base 0 (`0x`, `0o`, `0b`, and a leading `0` for octal):
 * from -2^63 to 2^63-1 with a sign, up to 2^64-1 without. Undefined for any other text.
 */
export function goInteger(text: string): bigint | undefined {
  const sign = text.charCodeAt(0);
  const signed = sign === MINUS || sign === PLUS;
  const digits = signed ? text.slice(1) : text;
  const magnitude = parseMagnitude(digits);
  if (magnitude === undefined) return undefined;
  if (sign === MINUS) return magnitude <= MAX_INT + 1n ? -magnitude : undefined;
  return magnitude <= (signed ? MAX_INT : MAX_UINT) ? magnitude : undefined;
}

const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;
const MINUS = 45;
const PLUS = 43;

const DECIMAL = /^(?:0|[1-9][0-9]*)$/;
const PREFIXED = /^0(?:[xX][0-9a-fA-F]+|[oO]?[0-7]+|[bB][01]+)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** Go's own syntax, which allows an underscore between two digits. */
const FRACTION = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/;
const SIGNED_BINARY = /^0b[-+][01]+$/;
const ESCAPE = /\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|[^uU])/gs;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const TIMESTAMP =
  /^\d{4}-\d\d?-\d\d?(?:[Tt]\d\d?:\d\d?:\d\d?(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| \d\d?:\d\d?:\d\d?(?:\.\d+)?)?$/;

/** The types whose text must fit. Others (`!!set` on a scalar, for example) are ignored. */
const CHECKED: ReadonlySet<string> = new Set(['bool', 'int', 'float', 'null', 'timestamp']);

const WORDS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Infinity] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, -Infinity] as const),
]);

/** What a text may be besides text, by the code of its first character. */
const FIRST: readonly ('word' | 'number' | 'dot' | undefined)[] = Array.from({ length: 128 }, (_, code) => {
  const first = String.fromCharCode(code);
  if (first === '.') return 'dot';
  if ('0123456789+-'.includes(first)) return 'number';
  return 'yYnNtTfFoO~'.includes(first) ? 'word' : undefined;
});

function parseMagnitude(digits: string): bigint | undefined {
  if (DECIMAL.test(digits)) return digits.length <= 20 ? BigInt(digits) : undefined;
  if (!PREFIXED.test(digits)) return undefined;
  const significant = digits.replace(/^0[xXoObB]?0*/, '');
  if (significant.length > 64) return undefined;
  const second = digits.charCodeAt(1);
  return second >= 48 && second <= 57 ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
}

function resolveNumber(text: string): Value | undefined {
  const integer = goInteger(text);
  if (integer !== undefined) return integer;
  if (FLOAT.test(text)) return finite(Number(text));
  return SIGNED_BINARY.test(text) ? goBinary(text) : undefined;
}

/** Go strips `0b` and reads the rest with its sign. */
function goBinary(text: string): bigint | undefined {
  return goInteger(`${text.charAt(2)}0b${text.slice(3)}`);
}

function resolveFraction(text: string): number | undefined {
  return FRACTION.test(text) ? finite(Number(text.replaceAll('_', ''))) : undefined;
}

/** Go refuses a number out of range, so it stays text. */
function finite(float: number): number | undefined {
  return Number.isFinite(float) ? float : undefined;
}

function typeOf(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  return typeof value === 'number' ? 'float' : 'str';
}

function decodeBinary(text: string): string {
  const base64 = text.replace(/[\r\n]/g, '');
  if (!BASE64.test(base64)) throw new YamlError('not YAML: !!binary is not base64');
  return decodeText(Buffer.from(base64, 'base64'));
}
