import { excess } from '../limits.ts';
import type { Limits } from '../limits.ts';
import { parseStrictVersion } from '../core/version.ts';
import { quoted } from '../storage/zip-error.ts';
import { revisionId } from '../storage/storage.ts';
import { signaturePath } from '../tree/layout.ts';
import type { Listed } from './mirroring.ts';
import { Refusal } from './refusal.ts';

/** The revisions of a list, and what is wrong with its other entries, a sentence about each. */
export interface ParsedList {
  readonly listed: readonly Listed[];
  readonly faults: readonly string[];
}

/**
 * Reads the answer to `/search?all=true&prerelease=true`. Of a revision that is there twice, the first entry counts. Throws a `Refusal` if
 * it is no list, or one that is longer than the limits allow.
 */
export function parseList(bytes: Buffer, limits: Limits): ParsedList {
  const entries = parseArray(bytes);
  const tooMany = excess(limits, 'revisions', entries.length);
  if (tooMany !== undefined) throw new Refusal(tooMany, { code: 'limit' });
  const found = new Map<string, Listed>();
  const faults: string[] = [];
  for (const [i, entry] of entries.entries()) {
    const listed = toListed(entry);
    if (typeof listed === 'string') faults.push(`entry ${i + 1} ${listed}`);
    else if (found.has(listed.id)) faults.push(`entry ${i + 1} lists ${listed.id} again; the first one counts`);
    else found.set(listed.id, listed);
  }
  const packages = excess(limits, 'packages', new Set([...found.values()].map(({ name }) => name)).size);
  if (packages !== undefined) throw new Refusal(packages, { code: 'limit' });
  return { listed: [...found.values()], faults };
}

/** Where the list of everything is, below the address of a registry; or of what lies in a range of spec versions, such as `2.3-3.6`. */
export function listPath(range?: string): string {
  const [min = '', max = ''] = range?.split('-') ?? [];
  return `search?all=true&prerelease=true${range === undefined ? '' : `&spec.min=${min}&spec.max=${max}`}`;
}

/** An entry as a revision in no range, or what is wrong with it. */
export function toListed(entry: unknown): Listed | string {
  if (!isObject(entry)) return 'is no package';
  const { name, version } = entry;
  if (typeof name !== 'string' || !/^[a-z0-9_]+$/.test(name)) return `has a name that no package has: ${shown(name)}`;
  if (typeof version !== 'string' || parseStrictVersion(version) === undefined)
    return `has a version that is none: ${shown(version)} of ${quoted(name)}`;
  if (signaturePath(name, version).length > MOST_CHARACTERS)
    return `has a name and version that are too long to be file names: ${quoted(name)}`;
  if (!isFlat(entry, MOST_DEPTH))
    return `has too many lists and objects in each other: ${quoted(`${name}@${version}`)}`;
  const isSigned = typeof entry['signature_path'] === 'string' && entry['signature_path'] !== '';
  return { id: revisionId(name, version), name, version, isSigned, ranges: [], summary: entry };
}

/** Such a path has the name twice. */
const MOST_CHARACTERS = 255;

/** A summary has 6 lists and objects in each other. What can't be written again can't be kept. */
const MOST_DEPTH = 64;

function isFlat(value: object, depth: number): boolean {
  if (depth === 0) return false;
  return Object.values(value).every((inner: unknown) => !isNested(inner) || isFlat(inner, depth - 1));
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function parseArray(bytes: Buffer): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Refusal('gives a list that is no JSON'); // the parser's own message repeats parts of the text
  }
  if (!Array.isArray(value)) throw new Refusal('gives JSON that is no list of packages');
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return isNested(value) && !Array.isArray(value);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? quoted(value) : typeof value;
}
