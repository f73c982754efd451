import type { Category, TakeLine } from '../config.ts';
import { compareRevisionVersions, parseStrictVersion } from '../core/version.ts';
import type { Columns } from '../core/columns.ts';
import { categoryFamily, findRevisions, matchCategory, profileAt } from '../core/find.ts';
import { parseQuery } from '../core/query.ts';
import type { Query } from '../core/query.ts';
import type { ByteString } from '../tree/byte-string.ts';
import { compareText, toByteString } from '../tree/text.ts';
import { listColumns } from './list-columns.ts';
import type { Listed } from './mirroring.ts';

/*
 * Which revisions of a registry a layer takes. A line of `take` means what `/search` with these parameters means to the registry
 * (docs/contract.md section 3), and the code that answers requests decides it.
 */

/** The revisions that lines take from a list, in its order; and the positions of the lines that take none. */
export interface Taken {
  readonly revisions: readonly Listed[];
  readonly idle: readonly number[];
}

export type TakeRule = (list: readonly Listed[]) => Taken;

/** The rule of some lines: what one of them takes is taken. Undefined takes everything. */
export async function takeRule(
  lines: readonly TakeLine[] | undefined,
  categories: readonly Category[],
): Promise<TakeRule> {
  if (lines === undefined) return (list) => ({ revisions: list, idle: [] });
  const takers = await Promise.all(lines.map(takerOf));
  return (list) => {
    const sorted = list.toSorted(compareListed);
    const ranges = new Map<string, Finding>();
    const within = (range: string): Finding => {
      const found = ranges.get(range) ?? findingIn(listedIn(sorted, range), categories);
      ranges.set(range, found);
      return found;
    };
    const found = takers.map((take) => take(within));
    const taken = new Set(found.flat());
    const idle = found.flatMap((one, i) => (one.length === 0 ? i : []));
    return { revisions: list.filter((one) => taken.has(one)), idle };
  };
}

/** The range of spec versions of a line, as a request says it; '' for none. */
export function specRange({ spec, experimental = false }: TakeLine): string {
  return spec === undefined || experimental ? '' : `${spec.min}-${spec.max}`;
}

/** What a query finds among the revisions of a list. */
type Finding = (query: Query) => Listed[];

function findingIn(list: readonly Listed[], categories: readonly Category[]): Finding {
  const columns = listColumns(list, categories);
  return (query) => findByQuery(columns, query).map((at) => list[at] as Listed);
}

function findByQuery(columns: Columns, query: Query): number[] {
  const found = findRevisions(columns, query);
  if (query.category === '') return found;
  const family = categoryFamily(columns, query.category);
  return found.filter((at) => matchCategory(profileAt(columns, at), family) !== undefined);
}

/** Spec versions are not in summaries: the registry itself said which revisions are in a range. */
function listedIn(list: readonly Listed[], range: string): readonly Listed[] {
  return range === '' ? list : list.filter(({ ranges }) => ranges.includes(range));
}

/** What a line takes. With `versions`, the range decides about pre-releases, as npm does. */
async function takerOf(line: TakeLine): Promise<(within: (range: string) => Finding) => Listed[]> {
  const { versions, prerelease = false } = line;
  const range = specRange(line);
  if (versions === undefined) return (within) => within(range)(queryOf(line));
  const { Range } = (await import('semver')).default;
  const wanted = new Range(versions, { includePrerelease: prerelease });
  const query = queryOf({ ...line, experimental: false, prerelease: true, all: true });
  return (within) => within(range)(query).filter(({ version }) => wanted.test(version));
}

/** A line as a request. Its spec range is in no query, since the registry applies it. */
function queryOf(line: TakeLine): Query {
  const { kibana, prerelease, experimental, all, capabilities, category, type } = line;
  const sent = {
    'kibana.version': kibana,
    prerelease: prerelease?.toString(),
    experimental: experimental?.toString(),
    all: all?.toString(),
    capabilities: capabilities?.join(','),
    category,
    type,
    package: line.package,
  };
  const parameters = Object.entries(sent).flatMap(([name, value]): [string, ByteString[]][] =>
    value === undefined ? [] : [[name, [toByteString(value)]]],
  );
  const parsed = parseQuery('search', Object.fromEntries(parameters));
  if ('error' in parsed) throw new Error(`a line of take was not checked: ${parsed.error}`);
  return parsed.query;
}

function compareListed(a: Listed, b: Listed): number {
  if (a.name !== b.name) return compareText(a.name, b.name);
  const [left, right] = [parseStrictVersion(a.version), parseStrictVersion(b.version)];
  if (left && right) return compareRevisionVersions(left, right);
  throw new Error(`${a.id} or ${b.id} has no strict version`);
}
