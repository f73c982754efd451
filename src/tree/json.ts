/*
 * The one serializer: two spaces, a final newline, text as Go's encoding/json writes it without HTML escaping
 * (docs/contract.md sections 1 and 6).
 */

/**
 * A value of an answer: what JSON can hold, with integers exact. Objects keep the order they were made in; a map is an
 * object with any keys (a JavaScript object would put `9` before `10`, wherever they were).
 */
export type Json = null | boolean | bigint | number | string | readonly Json[] | JsonObject | ReadonlyMap<string, Json>;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A document: the value, indented by two spaces, and a newline. */
export function document(value: Json): string {
  return `${render(value, '')}\n`;
}

/** A value as it stands at `indent`: its first line not indented, the lines after it are. */
export function render(value: Json, indent: string): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return renderText(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  const inner = `${indent}  `;
  if (isList(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map((item) => inner + render(item, inner)).join(',\n')}\n${indent}]`;
  }
  return braces(members(value, inner), indent);
}

/** The members of an object, each on lines of its own at `indent`, joined by commas; '' where there are none. */
export function members(object: JsonObject | ReadonlyMap<string, Json>, indent: string): string {
  return entries(object)
    .map(([key, value]) => `${indent}${renderText(key)}: ${render(value, indent)}`)
    .join(',\n');
}

/** An object of members that are rendered already; empty ones are passed over. */
export function braces(rendered: string | readonly string[], indent: string): string {
  const inside = typeof rendered === 'string' ? rendered : rendered.filter((part) => part !== '').join(',\n');
  return inside === '' ? '{}' : `{\n${inside}\n${indent}}`;
}

function renderText(text: string): string {
  const quoted = JSON.stringify(text);
  return /[\u2028\u2029]/.test(quoted) ? quoted.replace(/\u2028/g, '\\u2028').replace(/\u2029/g, '\\u2029') : quoted;
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

function entries(object: JsonObject | ReadonlyMap<string, Json>): [string, Json][] {
  return object instanceof Map ? [...object] : Object.entries(object);
}
