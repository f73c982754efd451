import { createHash } from 'node:crypto';
import type { CacheTimes, Category } from '../config.ts';
import type { Constraint } from '../core/constraint.ts';
import { compileConstraint } from '../package/constraint-compile.ts';
import { NO_ANSWERS } from '../core/columns.ts';
import type { CategoryColumn, Columns, Facts, Profile, Variants } from '../core/columns.ts';
import { compareText, toByteString } from '../tree/text.ts';
import type { ByteString } from '../tree/byte-string.ts';
import { members } from '../tree/json.ts';
import { interning } from './interning.ts';

/** A revision as the index holds it, in the order of answers. */
export interface IndexedRevision {
  readonly name: string;
  readonly version: string;
  readonly facts: QueryFacts;
  /** Its summary, rendered as in an answer. */
  readonly row: string;
  /** By category, the summary with only the policy templates that list it. */
  readonly variants: readonly (readonly [category: string, summary: string])[];
}

/** Everything that a query can ask about a revision: a profile whose constraints are not compiled yet. */
export type QueryFacts = Facts<string> & { readonly kibana?: string; readonly agent?: string };

export interface IndexFiles {
  readonly build: string;
  readonly columns: Columns;
  readonly rows: Buffer;
}

export interface IndexOptions {
  /** The body of `GET /`. */
  readonly home: string;
  readonly cache: CacheTimes;
  readonly artifacts?: boolean;
  readonly categories: readonly Category[];
}

/** Makes columns and rows of the revisions, in the order of answers. */
export function indexFiles(revisions: readonly IndexedRevision[], options: IndexOptions): IndexFiles {
  const texts = revisions.map((revision) => revision.row);
  const variants = variantRows(revisions, texts);
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const profiles = interning<Profile>();
  const constraints = interning<Constraint>();
  const position = (condition: string | undefined): number | undefined =>
    condition === undefined ? undefined : constraints.add(compileConstraint(condition) as Constraint);
  const byFacts = new Map<string, number>();
  const profileOf = ({ kibana, agent, ...facts }: QueryFacts): Profile =>
    definedOnly({ kibana: position(kibana), agent: position(agent), ...inBytes(facts) }) as Profile;
  const profileAt = (facts: QueryFacts): number => {
    const key = JSON.stringify(facts);
    const found = byFacts.get(key) ?? profiles.add(profileOf(facts));
    byFacts.set(key, found);
    return found;
  };
  const columns: Omit<Columns, 'build'> = {
    home: toByteString(options.home),
    cache: options.cache,
    ...(options.artifacts === true && { artifacts: true }),
    bytes: 0,
    names: [...new Set(revisions.map(({ name }) => toByteString(name)))],
    constraints: constraints.all,
    profiles: profiles.all,
    revisions: {
      first: firstOfNames(revisions),
      version: revisions.map(({ version }) => version),
      profile: revisions.map(({ facts }) => profileAt(facts)),
      start: startsOf(lengths.slice(0, revisions.length), ROWS_START),
    },
    variants: [],
    categories: categoryColumns(revisions, options.categories),
    answers: NO_ANSWERS,
  };
  const places = [...variants].map(([category, of]) => [category, [...of]]);
  const starts = startsOf(lengths, ROWS_START);
  const rows = joinRows(texts, starts);
  const build = createHash('sha256')
    .update(JSON.stringify([columns, places]))
    .update(rows.subarray(ROWS_START))
    .digest('hex')
    .slice(0, BUILD_DIGITS);
  rows.write(`${build}\n`);
  return {
    build,
    rows,
    columns: { build, ...columns, bytes: rows.length, variants: variantColumns(variants, { starts, lengths }) },
  };
}

/** The digits of a build id. It is the first line of the rows. */
const BUILD_DIGITS = 16;
const ROWS_START = BUILD_DIGITS + 1;

/** The first revision of each name, and the number of all. */
function firstOfNames(revisions: readonly IndexedRevision[]): number[] {
  const first = revisions.flatMap(({ name }, i) => (name === revisions[i - 1]?.name ? [] : [i]));
  return [...first, revisions.length];
}

/** The texts at their places, with room before them for the build id; `starts` has the place behind the last one too. */
function joinRows(texts: readonly string[], starts: readonly number[]): Buffer {
  const end = texts.length === 0 ? ROWS_START : (starts[texts.length] as number) - SEPARATOR.length;
  const rows = Buffer.alloc(end);
  for (const [i, text] of texts.entries()) {
    const at = (starts[i] as number) + rows.write(text, starts[i] as number);
    if (at < end) rows.write(SEPARATOR, at);
  }
  return rows;
}

const SEPARATOR = ',\n';

/**
 * Appends the variants to the texts of the rows. Equal variants share a place. The result has the position of the text,
 * by category and revision.
 */
function variantRows(revisions: readonly IndexedRevision[], texts: string[]): Map<string, Map<number, number>> {
  const places = new Map<string, number>();
  const found = new Map<string, Map<number, number>>();
  for (const [i, { variants }] of revisions.entries())
    for (const [category, text] of variants) {
      const place = places.get(text) ?? texts.push(text) - 1;
      places.set(text, place);
      const ofCategory = found.get(category) ?? new Map<number, number>();
      found.set(category, ofCategory.set(i, place));
    }
  return found;
}

function variantColumns(
  variants: ReadonlyMap<string, ReadonlyMap<number, number>>,
  { starts, lengths }: { starts: readonly number[]; lengths: readonly number[] },
): Variants[] {
  return [...variants].map(([category, places]) => ({
    category: toByteString(category),
    revision: [...places.keys()],
    start: [...places.values()].map((place) => starts[place] as number),
    length: [...places.values()].map((place) => lengths[place] as number),
  }));
}

/** Where each of the texts begins that lie one behind another, with a separator between them, and where one more would. */
function startsOf(lengths: readonly number[], first: number): number[] {
  const starts = [first];
  for (const [i, length] of lengths.entries()) starts.push((starts[i] as number) + length + SEPARATOR.length);
  return starts;
}

/** All categories of the table and of packages, with the texts around the count in an answer. */
function categoryColumns(revisions: readonly IndexedRevision[], table: readonly Category[]): CategoryColumn[] {
  const known = new Map(table.map((category) => [category.id, category]));
  const used = revisions.flatMap(({ facts }) => [...(facts.categories ?? []), ...(facts.templates ?? []).flat()]);
  const parents = table.flatMap(({ parent }) => parent ?? []);
  const ids = [...new Set([...known.keys(), ...parents, ...used])].sort(compareText);
  return ids.map((id) => {
    const parent = known.get(id)?.parent;
    const before = members({ id, title: known.get(id)?.title ?? id, count: 0 }, '    ').slice(0, -1);
    const after =
      parent === undefined
        ? ''
        : `,\n${members({ parent_id: parent, parent_title: known.get(parent)?.title ?? parent }, '    ')}`;
    return {
      id: toByteString(id),
      parent: parent === undefined ? -1 : ids.indexOf(parent),
      before: toByteString(`  {\n${before}`),
      after: toByteString(`${after}\n  }`),
    };
  });
}

function inBytes(facts: Facts<string>): Facts<ByteString> {
  return JSON.parse(JSON.stringify(facts), (_, inner: unknown) =>
    typeof inner === 'string' ? toByteString(inner) : inner,
  ) as Facts<ByteString>;
}

function definedOnly(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
