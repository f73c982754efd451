import { excessText } from '../limits.ts';
import type { Limits } from '../limits.ts';
import type { RevisionId } from '../storage/storage.ts';
import type { Client } from './client.ts';
import { listPath, nameIn, parseList } from './list.ts';
import type { ParsedList } from './list.ts';
import type { Listed } from './mirroring.ts';
import type { KeptEntry, Records } from './records.ts';
import { asByteString } from '../tree/byte-string.ts';

/** What a registry lists, and what only the cache has. */
export interface Lists extends ParsedList {
  /** The ranges of spec versions for which the registry was asked. */
  readonly ranges: readonly string[];
  /** Held, and no longer listed. */
  readonly gone: readonly Listed[];
}

/** Asks a registry for its list, and for those in ranges of spec versions. Throws a `Refusal` if it doesn't give them all. */
export async function fetchLists(
  client: Client,
  {
    records,
    limits,
    ranges,
  }: { readonly records: Records; readonly limits: Limits; readonly ranges: readonly string[] },
): Promise<Lists> {
  const fetchList = async (range?: string): Promise<ParsedList> => {
    const excess = excessText(limits, 'list');
    const asked = { path: listPath(range), kind: 'list', limit: limits.list, excess } as const;
    return await client.get(asked, (body) => parseList(body, limits));
  };
  const { listed, faults } = await fetchList();
  const inRanges: (readonly [range: string, ids: ReadonlySet<RevisionId>])[] = [];
  for (const range of ranges) {
    const ids = (await fetchList(range)).listed.map(({ id }) => id);
    inRanges.push([range, new Set(ids)]);
  }
  const placed = listed.map((one): Listed => {
    return Object.assign(one, { ranges: inRanges.flatMap(([range, ids]) => (ids.has(one.id) ? range : [])) });
  });
  return { listed: placed, faults, ranges, gone: goneFrom(placed, records) };
}

/** The lists as the cache has them from the last run; undefined if it has none. */
export function keptLists(records: Records): Lists | undefined {
  const kept = records.readList();
  if (!kept) return undefined;
  const { ranges, listed, gone } = kept;
  return { ranges, listed: listed.flatMap(fromEntry), gone: gone.flatMap(fromEntry), faults: [] };
}

/** Keeps lists for runs that ask nothing. `dropped` are no longer held. */
export function keepLists({ ranges, listed, gone }: Lists, records: Records, dropped: ReadonlySet<RevisionId>): void {
  const still = gone.filter(({ id }) => !dropped.has(id));
  records.writeList({ ranges, listed: listed.map(toEntry), gone: still.map(toEntry) });
  records.drop(dropped);
}

function goneFrom(listed: readonly Listed[], records: Records): Listed[] {
  const isListed = new Set(listed.map(({ id }) => id));
  const gone = [...records.ids()].filter((id) => !isListed.has(id));
  if (gone.length === 0) return [];
  const kept = keptLists(records);
  const before = new Map([...(kept?.listed ?? []), ...(kept?.gone ?? [])].map((one) => [one.id, one]));
  return gone.flatMap((id) => before.get(id) ?? fromEntry(leastEntry(id)));
}

/** What is known of a revision if the list of the last run is lost. */
function leastEntry(id: RevisionId): KeptEntry {
  const [name = '', version = ''] = id.split('@');
  return { name, version, isSigned: false, ranges: [], facts: { type: asByteString('') } };
}

function toEntry({ name, version, isSigned, ranges, facts }: Listed): KeptEntry {
  return { name, version, isSigned, ranges, facts };
}

function fromEntry(entry: KeptEntry): Listed | [] {
  const named = nameIn(entry);
  return typeof named === 'string' ? [] : { ...entry, ...named };
}
