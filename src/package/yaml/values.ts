/**
 * The values of YAML, and their conversion to the type of a field (docs/contract.md section 6; the recorded facts are
 * in `test/recorded/rules`). Every conversion returns undefined if the registry refuses the value. Null gives the zero
 * value of the type; a caller that has to tell an absent field from an empty one looks for null first.
 */

/** A YAML value: integers are `bigint` (exact, -2^63 to 2^64-1), floats are `number`, also infinities and NaN. */
export type Value = null | boolean | bigint | number | string | readonly Value[] | Fields;

/** An object without a prototype, since a key may be `__proto__`. */
export interface Fields {
  readonly [key: string]: Value;
}

/** `Fields` while they are being filled. */
export type OpenFields = Record<string, Value>;

/** The bytes are not YAML, or not a manifest. The message says why, with the line if it is known. */
export class YamlError extends Error {
  /** `line` counts from 1. */
  constructor(reason: string, line?: number) {
    super(line === undefined ? reason : `${reason}, line ${line}`);
    this.name = 'YamlError';
  }
}

/** Deeper collections are refused, so that neither the parser nor a walk over a value exhausts the stack. */
export const MAX_DEPTH = 1000;

/** The line of a position in a text, from 1. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, Math.max(position, 0)).split(/\r\n?|\n/).length;
}

/** An empty object. */
export function noFields(): OpenFields {
  return Object.create(null) as OpenFields;
}

/** Whether a value is an object: neither a list nor a scalar. */
export function isFields(value: Value): value is Fields {
  return typeof value === 'object' && value !== null && !isList(value);
}

/** Whether a value is a list. */
export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** The text of a scalar, with numbers as Go prints them; '' for null. Undefined for a list or an object. */
export function toText(value: Value): string | undefined {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return goFloat(value);
  return typeof value === 'object' ? undefined : String(value);
}

/**
 * A boolean as it is, or the boolean that Go's `strconv.ParseBool` reads in a text; false for null. Undefined for any
 * other value.
 */
export function toBool(value: Value): boolean | undefined {
  if (value === null) return false;
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' ? BOOLEANS.get(value) : undefined;
}

/**
 * The items of a list. A scalar is a list of one item, null is an empty list. An object is an empty list too, unless
 * dotted keys turned a list into it: then its items are under `0`, `1`, …. The result is never undefined, but its type
 * allows it, because `toTexts` shares the type and refuses values.
 */
export function toList(value: Value): readonly Value[] | undefined {
  if (value === null) return [];
  if (isList(value)) return value;
  if (!isFields(value)) return [value];
  const items: Value[] = [];
  for (let item = value['0']; item !== undefined; item = value[String(items.length)]) items.push(item);
  return items;
}

/** The texts of the items that `toList` gives; '' for null. Undefined if an item is a list or an object. */
export function toTexts(value: Value): readonly string[] | undefined {
  const texts = toList(value)?.map(toText);
  return texts?.every((text) => text !== undefined) === true ? texts : undefined;
}

/**
 * An object of values as `toAny` gives them, without nulls, empty objects and the items of a list. A list and null give
 * an empty object. Undefined for a scalar, or if a value can't be written as JSON.
 */
export function toMap(value: Value): Fields | undefined {
  if (typeof value !== 'object') return undefined;
  const fields = noFields();
  if (value === null || isList(value)) return fields;
  const items = toList(value)?.length ?? 0;
  for (const key of Object.keys(value)) {
    if (items > 0 && isIndexBelow(key, items)) continue;
    const entry = toAny(value[key] as Value);
    if (entry === undefined) return undefined;
    if (entry !== null) fields[key] = entry;
  }
  return fields;
}

/**
 * A value for a field without a fixed shape (a default, settings, mappings). An empty object becomes null, at any
 * depth. Undefined if it holds an infinity or NaN, which JSON can't express.
 */
export function toAny(value: Value): Value | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) {
    const items = value.map(toAny);
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  const keys = Object.keys(value);
  if (keys.length === 0) return null;
  const fields = noFields();
  for (const key of keys) {
    const entry = toAny(value[key] as Value);
    if (entry === undefined) return undefined;
    fields[key] = entry;
  }
  return fields;
}

/**
 * The text of a float, as Go's `strconv.FormatFloat(f, 'g', -1, 64)` writes it: the shortest digits that read back as
 * the same number, with an exponent of at least two digits from 1e+06 up and below 1e-04.
 */
export function goFloat(float: number): string {
  if (Number.isNaN(float)) return 'NaN';
  if (!Number.isFinite(float)) return float > 0 ? '+Inf' : '-Inf';
  const [digits, power] = float.toExponential().split('e') as [string, string];
  const exponent = Number(power);
  // JavaScript's own notation has no exponent anywhere in this range.
  if (exponent >= -4 && exponent < 6) return Object.is(float, -0) ? '-0' : String(float);
  return `${digits}e${power.charAt(0)}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
]);

function isIndexBelow(key: string, count: number): boolean {
  const index = Number(key);
  return index < count && String(index) === key;
}
