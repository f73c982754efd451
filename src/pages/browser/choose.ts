import { categoryFamily, findRevisions, matchCategory, namePositionOf, profileAt } from '../../core/find.ts';
import type { Columns } from '../../core/columns.ts';
import { EMPTY_QUERY, parseQuery } from '../../core/query.ts';
import { asByteString } from '../../tree/byte-string.ts';
import type { ByteString } from '../../tree/byte-string.ts';

/*
 * What a Kibana finds, decided by the code that answers `/search`. It runs in browsers.
 */

/** What the form asks; '' and false ask nothing. Texts are byte strings. */
export interface Filter {
  readonly kibana: ByteString;
  readonly category: ByteString;
  readonly type: ByteString;
  /** Leaves pre-releases out. */
  readonly isStable: boolean;
}

/** The version of each package that a filter lets in, the newest one; undefined where the version of Kibana is none. */
export function chosenVersions(columns: Columns, filter: Filter): ReadonlyMap<string, string> | undefined {
  const { kibana, category, type, isStable } = filter;
  const parsed = parseQuery('search', { 'kibana.version': [kibana] });
  if ('error' in parsed) return undefined;
  const query = { ...EMPTY_QUERY, kibana: parsed.query.kibana, type, prerelease: !isStable };
  const family = category === '' ? undefined : categoryFamily(columns, category);
  const found = findRevisions(columns, query).filter((i) => !family || matchCategory(profileAt(columns, i), family));
  return new Map(
    found.map((i) => [String(columns.names[namePositionOf(columns, i)]), columns.revisions.version[i] ?? '']),
  );
}

/** A text as a byte string. */
export function bytesOf(text: string): ByteString {
  return asByteString(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
}
