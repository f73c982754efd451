import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { CategoryTree } from '../../build/entry.ts';
import type { CategoryColumn, Columns, Facts, Profile } from '../../core/columns.ts';
import { compareRevisionVersions, versionOf } from '../../core/version.ts';
import type { Finding } from '../../errors.ts';
import { document } from '../../tree/json.ts';
import { columnsName, HOME, INDEX, indexFilePath, rowsName } from '../../tree/layout.ts';
import { asByteString } from '../../tree/byte-string.ts';
import type { ByteString } from '../../tree/byte-string.ts';
import { decodeText, KEPT_BYTE, toBytes } from '../../tree/text.ts';
import { parseNames } from '../../tree/names.ts';
import { readIfFile } from './disk.ts';
import { changed, disagreement } from './findings.ts';
import type { IndexedView } from './pages.ts';
import type { IndexedPackage } from './revisions.ts';

/*
 * Reads the index of a site, and compares its columns with its rows.
 */

/** The index of a site as it is on disk. */
export interface SiteIndex {
  readonly columns: Columns;
  readonly rows: Buffer;
  /** Their paths in the site. */
  readonly paths: { readonly columns: string; readonly rows: string };
}

/** Reads the index, with what is wrong with it. Without an index, whatever is in its files is damage that their digests show. */
export function readIndex(folder: string): { readonly index?: SiteIndex; readonly findings: readonly Finding[] } {
  const names = parsed(readIfFile(join(folder, INDEX)), (json) => {
    const written = parseNames(json);
    return document({ ...written }) === json ? written : undefined;
  });
  if (!names) return { findings: [changed(INDEX, 'names no columns and rows')] };
  const paths = { columns: indexFilePath(names.columns), rows: indexFilePath(names.rows) };
  const [columnsBytes, rows] = [paths.columns, paths.rows].map((path) => readIfFile(join(folder, path)));
  const columns = parsed(columnsBytes, (text) => JSON.parse(text) as Columns);
  if (!columnsBytes || !columns || !rows)
    return { findings: [changed(paths.columns, 'columns or rows can’t be read')] };
  if (columnsName(sha256(columnsBytes)) !== names.columns)
    return { findings: [changed(paths.columns, 'has other content than the digest in its name says')] };
  if (rowsName(sha256(rows)) !== names.rows)
    return { findings: [changed(paths.rows, 'has other content than the digest in its name says')] };
  const builds = [names.build, columns.build, rows.toString('latin1', 0, names.build.length)];
  if (new Set(builds).size > 1)
    return {
      findings: [
        disagreement(INDEX, `it, ${paths.columns} and ${paths.rows} are of different builds: ${builds.join(', ')}`),
      ],
    };
  const index = { columns, rows, paths };
  try {
    return {
      index,
      findings: [...columnsFindings(index, columnsBytes), ...rowsFindings(index), ...homeFindings(folder, index)],
    };
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    return { findings: [changed(paths.columns, 'hold no columns')] }; // JSON of another form
  }
}

/** What the index holds of a package; undefined where it has none of that name. */
export function indexedPackage({ columns, rows, paths }: SiteIndex, name: string): IndexedPackage {
  const categories = categoryTree(columns.categories);
  const position = columns.names.indexOf(asByteString(name));
  const { first, version, start } = columns.revisions;
  const [from, to] = position < 0 ? [0, 0] : [first[position] as number, first[position + 1] as number];
  const revisions = Array.from({ length: to - from }, (_, k): IndexedView => {
    const i = from + k;
    const end = (start[i + 1] as number) - SEPARATOR.length;
    return {
      version: version[i] as string,
      profile: profileAt(columns, i),
      row: rows.toString('utf8', start[i], end),
      variants: variantsOf({ columns, rows }, i),
    };
  });
  return { revisions, categories, ...paths };
}

const SEPARATOR = ',\n';

function profileAt(columns: Columns, i: number): IndexedView['profile'] {
  const { kibana, agent, ...rest } = columns.profiles[columns.revisions.profile[i] as number] as Profile;
  const constraint = (position: number): Columns['constraints'][number] => columns.constraints[position] as never;
  return {
    ...asWritten(rest),
    ...(kibana !== undefined && { kibana: constraint(kibana) }),
    ...(agent !== undefined && { agent: constraint(agent) }),
  };
}

/** Facts with the texts that answers have for their byte strings. */
function asWritten(facts: Facts<ByteString>): Facts<string> {
  return JSON.parse(JSON.stringify(facts), (_, inner: unknown) =>
    typeof inner === 'string' ? writtenText(asByteString(inner)) : inner,
  ) as Facts<string>;
}

/** The text of a byte string as an answer has it: each byte that is not UTF-8 is U+FFFD. */
function writtenText(string: ByteString): string {
  return decodeText(toBytes(string))
    .split(KEPT_BYTE)
    .map((part, i) => (i % 2 === 1 ? '\ufffd' : part))
    .join('');
}

function variantsOf({ columns, rows }: Pick<SiteIndex, 'columns' | 'rows'>, revision: number): [string, string][] {
  return columns.variants.flatMap(({ category, revision: revisions, start, length }): [string, string][] => {
    const at = revisions.indexOf(revision);
    const from = start[at];
    return at < 0 || from === undefined
      ? []
      : [[writtenText(category), rows.toString('utf8', from, from + (length[at] as number))]];
  });
}

function categoryTree(categories: Columns['categories']): CategoryTree {
  return categories.map(({ id, parent }) => {
    const above = categories[parent]?.id;
    return { id: writtenText(id), parent: above === undefined ? undefined : writtenText(above) };
  });
}

function columnsFindings({ columns, paths }: SiteIndex, bytes: Buffer): Finding[] {
  const { names, categories } = columns;
  const { first, version } = columns.revisions;
  const isOrdered = names.every((name, n) => {
    const own = version.slice(first[n], first[n + 1]).map(versionOf);
    const isSorted = own.every((one, i) => i === 0 || compareRevisionVersions(own[i - 1] as never, one) <= 0);
    return isSorted && own.length > 0 && (n === 0 || (names[n - 1] as string) < name);
  });
  const isWhole = first.length === names.length + 1 && first.at(-1) === version.length;
  return [
    ...(JSON.stringify(columns) === bytes.toString('utf8') ? [] : ['are not written as a build writes them']),
    ...(isOrdered && isWhole ? [] : ['have packages or versions out of order']),
    ...categories
      .filter((one) => !isCategory(one, categories))
      .map(({ id }) => `contradict themselves about the category "${id}"`),
  ].map((fault) => disagreement(paths.columns, fault));
}

/** The texts of a category, as an answer has them, name the same category and parent. */
function isCategory({ id, parent, before, after }: CategoryColumn, all: Columns['categories']): boolean {
  const shown = parsed(
    Buffer.from(`${before}0${after}`, 'latin1'),
    (json) => JSON.parse(json) as Record<string, unknown>,
  );
  const above = all[parent]?.id;
  return (
    shown?.['id'] === writtenText(id) && shown['parent_id'] === (above === undefined ? undefined : writtenText(above))
  );
}

/** Rows and variants lie one behind another, with separators between them, and nothing else is there. */
function rowsFindings({ columns, rows, paths }: SiteIndex): Finding[] {
  const { start } = columns.revisions;
  const ends = start.slice(1).map((next) => next - SEPARATOR.length);
  const variants = columns.variants.flatMap((one) =>
    one.start.map((from, i): [number, number] => [from, from + (one.length[i] as number)]),
  );
  const own = ends.map((end, i): [number, number] => [start[i] as number, end]);
  const others = [...new Map(variants).entries()].sort(([a], [b]) => a - b);
  let at = columns.build.length + 1;
  for (const [from, to] of [...own, ...others]) {
    if (from !== at || to < from)
      return [disagreement(paths.rows, `has something else at byte ${at} than ${paths.columns} says`)];
    at = to + SEPARATOR.length;
    if (to < rows.length && rows.toString('latin1', to, at) !== SEPARATOR)
      return [disagreement(paths.rows, `has no row that ends at byte ${to}, where ${paths.columns} says`)];
  }
  const end = own.length === 0 ? at : at - SEPARATOR.length;
  return rows.length === end && rows.length === columns.bytes
    ? []
    : [disagreement(paths.rows, `has ${rows.length} bytes, and ${paths.columns} says ${columns.bytes}`)];
}

function homeFindings(folder: string, { columns, paths }: SiteIndex): Finding[] {
  const home = readIfFile(join(folder, HOME));
  return !home || home.toString('latin1') === columns.home
    ? []
    : [disagreement(HOME, `is another answer than ${paths.columns} has`)];
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function parsed<T>(bytes: Buffer | undefined, parse: (text: string) => T): T | undefined {
  try {
    return bytes && parse(bytes.toString('utf8'));
  } catch {
    return undefined; // parsing alone: the bytes are there and are not what a build writes
  }
}
