import { KEPT_BYTE } from './text.ts';

/*
 * The one serializer of JSON: an indent of two spaces, a newline at the end, and text as Go's encoding/json writes it
 * without HTML escaping (docs/contract.md sections 1 and 6).
 */

/**
 * A value of an answer: any value of JSON, with exact integers. Objects keep the order of their members. A map is an
 * object with any keys; a JavaScript object would move keys that look like numbers to its beginning.
 */
export type Json = null | boolean | bigint | number | string | readonly Json[] | JsonObject | ReadonlyMap<string, Json>;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A document: the value, indented by two spaces, and a newline. */
export function document(value: Json): string {
  return `${render(value, '')}\n`;
}

/** The text of a value that stands at `indent`. Its first line is not indented; the lines after it are. */
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

/** The members of an object at `indent`, each beginning on a new line, joined by commas; '' if there are none. */
export function members(object: JsonObject | ReadonlyMap<string, Json>, indent: string): string {
  return entries(object)
    .map(([key, value]) => `${indent}${renderText(key)}: ${render(value, indent)}`)
    .join(',\n');
}

/** An object of rendered members. It skips empty ones. */
export function braces(rendered: string | readonly string[], indent: string): string {
  const inside = typeof rendered === 'string' ? rendered : rendered.filter((part) => part !== '').join(',\n');
  return inside === '' ? '{}' : `{\n${inside}\n${indent}}`;
}

function renderText(text: string): string {
  if (!text.isWellFormed())
    return `"${text
      .split(KEPT_BYTE)
      .map((part, i) => (i % 2 === 1 ? String.raw`\ufffd` : innerText(part)))
      .join('')}"`;
  const quoted = JSON.stringify(text);
  return /[\u2028\u2029]/.test(quoted) ? quoted.replace(/\u2028/g, '\\u2028').replace(/\u2029/g, '\\u2029') : quoted;
}

function innerText(text: string): string {
  return renderText(text).slice(1, -1);
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

function entries(object: JsonObject | ReadonlyMap<string, Json>): [string, Json][] {
  return object instanceof Map ? [...object] : Object.entries(object);
}
