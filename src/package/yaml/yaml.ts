/**
 * Reads manifests as the registry does (docs/contract.md section 6): YAML 1.1 as Go's yaml.v2 reads it, then dotted
 * keys are split. js-yaml parses. The other files of this folder do what is peculiar to yaml.v2 and to the registry
 * (docs/decisions/yaml.md).
 */

import { TextDecoder } from 'node:util';
import { DEFAULT_LIMITS } from '../../limits.ts';
import type { Limits } from '../../limits.ts';

import { parseEvents, YAMLException } from 'js-yaml';

import { Budget } from './budget.ts';
import { compose, type Composed } from './compose.ts';
import { splitDottedKeys } from './fields.ts';
import { unifyBreaks, type UnifiedText } from './breaks.ts';
import { relax } from './layout.ts';
import { parsePlain } from './plain.ts';
import { type Fields, isFields, lineAt, MAX_DEPTH, noFields, type Value, YamlError } from './values.ts';

export { toList, toText, YamlError } from './values.ts';
export type { Fields, Value } from './values.ts';

/**
 * The value of the first document in `bytes` (UTF-8, or UTF-16 with a byte order mark), before dotted keys are split.
 * Null for an empty document. Keys that are not texts become texts. Values of aliases are shared, so don't change any
 * value.
 * @throws YamlError if yaml.v2 refuses the bytes, or if they are beyond a limit (of bytes, `parsed`), or if collections are
 * nested deeper than `MAX_DEPTH`.
 */
export function parseYaml(bytes: Uint8Array, limits: Limits = DEFAULT_LIMITS): Value {
  return read(bytes, new Budget(limits, 'parsed')).value;
}

/**
 * The fields of a manifest: those of the first document, with dotted keys split and merged. An empty document has none.
 * @throws YamlError as `parseYaml` does (of bytes, the limit is `manifest`), and if the document is not an object, has keys that are not texts, or has
 * dotted keys that contradict each other.
 */
export function parseManifest(bytes: Uint8Array, limits: Limits = DEFAULT_LIMITS): Fields {
  const budget = new Budget(limits, 'manifest');
  const { value, oddKeys } = read(bytes, budget);
  if (value === null) return noFields();
  if (!isFields(value)) throw new YamlError('not an object');
  return splitDottedKeys(value, oddKeys, budget.renewed());
}

function read(bytes: Uint8Array, budget: Budget): Composed {
  budget.checkBytes(bytes.length);
  const unified = unifyBreaks(decode(bytes));
  try {
    return readText({ ...unified, text: firstDocument(unified.text) }, budget);
  } catch (error) {
    if (error instanceof YAMLException) throw fromLibrary(error);
    if (error instanceof RangeError) throw new YamlError('not YAML: nested too deep');
    throw error;
  }
}

/**
 * js-yaml is stricter than libyaml about layout in some places, and less strict about tabs. Most files need no
 * rewriting.
 */
function readText(source: UnifiedText, budget: Budget): Composed {
  const { text } = source;
  if (text.includes('\t')) return parse({ ...source, text: relax(text) }, budget);
  try {
    return parse(source, budget);
  } catch (error) {
    if (!(error instanceof YAMLException || error instanceof YamlError)) throw error;
    const relaxed = relax(text);
    if (relaxed === text) throw error;
    return parse({ ...source, text: relaxed }, budget);
  }
}

function parse(source: UnifiedText, budget: Budget): Composed {
  const value = source.separators === '' ? parsePlain(source.text, budget.renewed()) : undefined;
  return value === undefined ? parseFully(source, budget.renewed()) : { value, oddKeys: NO_ODD_KEYS };
}

const NO_ODD_KEYS: Composed['oddKeys'] = new Set();

/** What `parse` gives, whatever the text is written like; exported to be compared with. */
export function parseFully(source: UnifiedText, budget = new Budget()): Composed {
  return compose(parseEvents(source.text, { maxDepth: MAX_DEPTH }), source, budget);
}

function fromLibrary(error: YAMLException): YamlError {
  return new YamlError(`not YAML: ${error.reason}`, error.mark === undefined ? undefined : error.mark.line + 1);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });
const UTF16LE = new TextDecoder('utf-16le', { fatal: true });
const UTF16BE = new TextDecoder('utf-16be', { fatal: true });

/** The characters that libyaml refuses: control characters except tab, line feed, carriage return and next line. */
const REFUSED = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;

function decode(bytes: Uint8Array): string {
  let text: string;
  try {
    text = decoderOf(bytes).decode(bytes);
  } catch {
    throw new YamlError('not YAML: bytes that are no text');
  }
  const refused = REFUSED.exec(text);
  if (refused !== null) throw new YamlError('not YAML: a control character', lineAt(text, refused.index));
  return text;
}

function decoderOf(bytes: Uint8Array): TextDecoder {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return UTF16LE;
  return bytes[0] === 0xfe && bytes[1] === 0xff ? UTF16BE : UTF8;
}

const MARKER = /(^|[\r\n])(---|\.\.\.)(?=[ \t\r\n]|$)/g;

/** yaml.v2 reads nothing after the first document, so nothing there can be an error. */
function firstDocument(text: string): string {
  let started = false;
  for (const match of text.matchAll(MARKER)) {
    const start = match.index + (match[1] as string).length;
    if (started || !isPreamble(text.slice(0, start))) return text.slice(0, start);
    if (match[2] === '...') throw new YamlError('not YAML: an end without a document');
    started = true;
  }
  return text;
}

/** Whether the text holds only comments and directives. */
function isPreamble(text: string): boolean {
  return text.split(/[\r\n]/).every((line) => {
    if (!line.startsWith('%')) return /^[ \t]*(?:#|$)/.test(line);
    if (/^%(?:YAML|TAG)[ \t]/.test(line)) return true;
    throw new YamlError(`not YAML: unknown directive ${line.slice(0, 80)}`);
  });
}
