import { excessText } from '../limits.ts';
import type { Limits } from '../limits.ts';
import { parseStrictVersion } from '../core/version.ts';
import { quoted } from '../storage/zip-error.ts';
import { revisionId } from '../storage/storage.ts';
import { signaturePath } from '../tree/layout.ts';
import { arrayElements, parseElement } from './array-elements.ts';
import type { Listed } from './mirroring.ts';
import { Refusal } from './refusal.ts';
import { summaryReader } from './summary.ts';

/** The revisions of a list, and what is wrong with its other entries, a sentence about each. */
export interface ParsedList {
  readonly listed: readonly Listed[];
  readonly faults: readonly string[];
}

/**
 * Reads the answer to `/search?all=true&prerelease=true` as it comes. Of a revision that is there twice, the first entry counts. Throws a
 * `Refusal` if it is no list, or one that is longer than the limits allow.
 */
export async function parseList(body: AsyncIterable<Buffer>, limits: Limits): Promise<ParsedList> {
  const reader = summaryReader();
  const found = new Map<string, Listed>();
  const names = new Set<string>();
  const faults: string[] = [];
  const refuseMore = (key: 'revisions' | 'packages', count: number): void => {
    if (count > limits[key]) throw new Refusal(excessText(limits, key), { code: 'limit' });
  };
  let entries = 0;
  for await (const bytes of arrayElements(body, limits.manifest)) {
    refuseMore('revisions', ++entries);
    const fault = (text: string): void => void faults.push(`entry ${entries} ${text}`);
    if (bytes === undefined) {
      fault(excessText(limits, 'manifest'));
      continue;
    }
    const entry = parseElement(bytes);
    const named = nameIn(entry);
    if (typeof named === 'string') fault(named);
    else if (found.has(named.id)) fault(`lists ${named.id} again; the first one counts`);
    else {
      names.add(named.name);
      refuseMore('packages', names.size);
      found.set(named.id, { ...named, isSigned: isSigned(entry), ranges: [], facts: reader.factsOf(entry) });
      if (reader.texts > MOST_TEXTS) throw new Refusal(TEXTS_EXCESS, { code: 'limit' });
    }
  }
  return { listed: [...found.values()], faults };
}

/** Categories, capabilities and the like, of all revisions. A real registry has some ten thousand. */
const MOST_TEXTS = 1_000_000;
const TEXTS_EXCESS = `has more than ${MOST_TEXTS.toLocaleString('en-US')} categories and capabilities`;

/** Where the list of everything is, below the address of a registry; or of what lies in a range of spec versions, such as `2.3-3.6`. */
export function listPath(range?: string): string {
  const [min = '', max = ''] = range?.split('-') ?? [];
  return `search?all=true&prerelease=true${range === undefined ? '' : `&spec.min=${min}&spec.max=${max}`}`;
}

/** The name and version of an entry, or what is wrong with them. */
export function nameIn(entry: unknown): Pick<Listed, 'id' | 'name' | 'version'> | string {
  if (!isObject(entry)) return 'is no package';
  const { name, version } = entry;
  if (typeof name !== 'string' || !/^[a-z0-9_]+$/.test(name)) return `has an invalid name: ${shown(name)}`;
  if (typeof version !== 'string' || parseStrictVersion(version) === undefined)
    return `has an invalid version: ${shown(version)} of ${quoted(name)}`;
  if (signaturePath(name, version).length > MOST_CHARACTERS)
    return `has a name and a version that are too long for file names: ${quoted(name)}`;
  return { id: revisionId(name, version), name, version };
}

/** Such a path has the name twice. */
const MOST_CHARACTERS = 255;

function isSigned(entry: unknown): boolean {
  const path = isObject(entry) ? entry['signature_path'] : undefined;
  return typeof path === 'string' && path !== '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? quoted(value) : typeof value;
}
