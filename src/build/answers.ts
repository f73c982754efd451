import { createHash } from 'node:crypto';
import type { PrecomputeLimits } from '../config.ts';
import type { Constraint } from '../core/constraint.ts';
import { answerFound, piecesLength } from '../core/compose.ts';
import type { Piece } from '../core/compose.ts';
import type { Answers, Columns, Cut, Runs } from '../core/columns.ts';
import { findRevisions, versionOf } from '../core/find.ts';
import type { Query } from '../core/query.ts';
import { categoriesPlace, kibanaClass, kibanaClasses, packagePlace, searchPlace } from '../core/precomputed.ts';
import { compareVersions, formatVersion } from '../core/version.ts';
import type { Version } from '../core/version.ts';
import type { IndexFiles } from './index-files.ts';

/**
 * Answers what Kibana really asks, for every class of its versions, the most asked first: `/search` and `/categories`
 * plainly, by category, by package, and with a highest spec version. Equal answers are one. What the limits leave out
 * is composed when it is asked. `write` is given each different body once, with its SHA-256 in hex,
 * in memory that is used again for the next.
 */
export function precomputeAnswers(
  { columns, rows }: IndexFiles,
  limits: PrecomputeLimits,
  write: (digest: string, body: Buffer) => void,
): Answers {
  const cuts = cutsOf(columns.constraints);
  const specs = [...new Set(columns.profiles.map((profile) => profile.spec))].sort((a, b) =>
    compareVersions(versionOf(a), versionOf(b)),
  );
  const versions = representatives(cuts);
  const bodies = bodyCollector(rows, limits, write);
  const table = { search: [] as Runs[], categories: [] as Runs[], packages: [] as Runs[] };
  const found = finder(columns);
  const runs = (query: Query): Runs => {
    let last: { found: readonly number[]; answer: number } | undefined;
    const answers = versions.map((kibana) => {
      if (kibana === null) return -1;
      const now = found({ ...query, kibana });
      if (last?.found !== now) last = { found: now, answer: bodies.add(answerFound(columns, query, now)) };
      return last.answer;
    });
    return toRuns(answers);
  };
  const prereleases = [false, true];
  const specMaxima = [...specs.map((_, i) => specs[i - 1] ?? '0.0.0-0').map(versionOf), undefined];
  for (const prerelease of prereleases) {
    const place = (axis: number): number => searchPlace(columns, specs.length, prerelease, axis);
    table.search[place(0)] = runs({ ...EVERYTHING, prerelease });
  }
  for (const prerelease of prereleases)
    for (const includePolicyTemplates of [false, true])
      for (const [i, specMax] of specMaxima.entries())
        table.categories[categoriesPlace(specs.length, prerelease, includePolicyTemplates, i)] = runs({
          ...EVERYTHING,
          endpoint: 'categories',
          prerelease,
          includePolicyTemplates,
          specMax,
        });
  for (const prerelease of prereleases)
    for (const [i, { id }] of columns.categories.entries())
      table.search[searchPlace(columns, specs.length, prerelease, 1 + i)] = runs({
        ...EVERYTHING,
        prerelease,
        category: id,
      });
  for (const prerelease of prereleases)
    for (const [i, name] of columns.names.entries())
      table.packages[packagePlace(columns, prerelease, i)] = runs({ ...EVERYTHING, prerelease, package: name });
  for (const prerelease of prereleases)
    for (const [i, specMax] of specMaxima.slice(0, -1).entries())
      table.search[searchPlace(columns, specs.length, prerelease, 1 + columns.categories.length + i)] = runs({
        ...EVERYTHING,
        prerelease,
        specMax,
      });
  return { ...cuts, specs, digests: bodies.digests, bytes: bodies.lengths, ...table };
}

/** What the columns call an answer, and its file, by its digest. */
export function answerName(digest: string): string {
  return digest.slice(0, 16);
}

/** The query without any parameter. */
export const EVERYTHING: Query = {
  endpoint: 'search',
  kibana: undefined,
  agent: undefined,
  prerelease: false,
  experimental: false,
  all: false,
  includePolicyTemplates: false,
  category: '',
  package: '',
  type: '',
  capabilities: undefined,
  specMin: undefined,
  specMax: undefined,
  discovery: [],
};

/**
 * A query's revisions don't depend on its category, so that all categories share one search. Equal lists are one, since many
 * classes of Kibana's versions find the same.
 */
function finder(columns: Columns): (query: Query) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  const lists = new Map<string, readonly number[]>();
  return (query) => {
    const { kibana, prerelease, specMax } = query;
    const key = [kibana, specMax]
      .map((version) => version && formatVersion(version))
      .concat(String(prerelease), query.package)
      .join(' ');
    const before = known.get(key);
    if (before) return before;
    const list = findRevisions(columns, query);
    const found = lists.get(list.join()) ?? list;
    lists.set(list.join(), found);
    known.set(key, found);
    return found;
  };
}

interface BodyCollector {
  /** By position. */
  readonly digests: string[];
  /** Bytes of each. */
  readonly lengths: number[];
  /** The position of a body, -1 where the limits leave it out. */
  add(pieces: readonly Piece[]): number;
}

/** Joins pieces in memory that the next call uses again: what bodies take together would be garbage for long. */
function piecesJoiner(rows: Buffer): (pieces: readonly Piece[]) => Buffer {
  let memory = Buffer.alloc(0);
  return (pieces) => {
    const length = piecesLength(pieces);
    if (memory.length < length) memory = Buffer.allocUnsafeSlow(length * 2);
    let at = 0;
    for (const piece of pieces)
      at +=
        typeof piece === 'string' ? memory.write(piece, at, 'latin1') : rows.copy(memory, at, piece.start, piece.end);
    return memory.subarray(0, length);
  };
}

function bodyCollector(
  rows: Buffer,
  limits: PrecomputeLimits,
  write: (digest: string, body: Buffer) => void,
): BodyCollector {
  const join = piecesJoiner(rows);
  const digests: string[] = [];
  const lengths: number[] = [];
  const byPieces = new Map<string, number>();
  const positions = new Map<string, number>();
  let bytes = 0;
  const keep = (pieces: readonly Piece[]): number => {
    const body = join(pieces);
    const digest = createHash('sha256').update(body).digest('hex');
    const name = answerName(digest);
    const known = positions.get(name);
    if (known !== undefined) return known;
    if (digests.length >= limits.answers || bytes + body.length > limits.bytes) return -1;
    write(digest, body);
    bytes += body.length;
    lengths.push(body.length);
    positions.set(name, digests.push(name) - 1);
    return digests.length - 1;
  };
  return {
    digests,
    lengths,
    add: (pieces) => {
      const key = pieces.map((piece) => (typeof piece === 'string' ? piece : `${piece.start}-${piece.end}`)).join('|');
      const position = byPieces.get(key) ?? keep(pieces);
      byPieces.set(key, position);
      return position;
    },
  };
}

/** Where some of the constraints begins or ceases to accept. */
export function cutsOf(constraints: readonly Constraint[]): Pick<Answers, 'releaseCuts' | 'prereleaseCuts'> {
  const collect = (kind: 'releases' | 'prereleases'): Cut[] => {
    const cuts = new Map<string, Cut>();
    for (const [low, lowIncluded, high, highIncluded] of constraints.flatMap((constraint) => constraint[kind])) {
      if (low !== '') cuts.set(`${low} ${1 - lowIncluded}`, [low, lowIncluded === 1 ? 0 : 1]);
      if (high !== '') cuts.set(`${high} ${highIncluded}`, [high, highIncluded]);
    }
    return [...cuts.values()].sort((a, b) => compareVersions(versionOf(a[0]), versionOf(b[0])) || a[1] - b[1]);
  };
  return { releaseCuts: collect('releases'), prereleaseCuts: collect('prereleases') };
}

/** A version of each class, by class; null where a class has none, since nothing lies between two cuts. */
export function representatives(cuts: Pick<Answers, 'releaseCuts' | 'prereleaseCuts'>): (Version | undefined | null)[] {
  const inOrder = [
    undefined,
    ...['0.0.0', ...cuts.releaseCuts.map(firstBehind)].map(versionOf),
    ...['0.0.0-0', ...cuts.prereleaseCuts.map(firstBehind)].map(versionOf),
  ];
  const classes: (Version | undefined | null)[] = Array.from({ length: kibanaClasses(cuts) }, () => null);
  for (const version of inOrder) classes[kibanaClass(cuts, version)] = version;
  return classes;
}

/** The lowest version behind a cut, among those of its kind. */
function firstBehind([version, behind]: Cut): string {
  if (behind === 0) return version;
  const { major, minor, patch, pre } = versionOf(version);
  return pre === '' ? `${major}.${minor}.${BigInt(patch) + 1n}` : `${major}.${minor}.${patch}-${pre}.0`;
}

function toRuns(answers: readonly number[]): Runs {
  return answers.flatMap((answer, i) => (i > 0 && answers[i - 1] === answer ? [] : [i, answer]));
}
