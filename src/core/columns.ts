import type { ByteString } from '../tree/byte-string.ts';
import type { Constraint } from './constraint.ts';

/*
 * The columns of a site, in the form of their file (`tree/layout.ts`, `columnsName`). Texts are byte strings. The
 * columns hold everything that a query can ask about a revision. The rows, its summaries in the form of an answer, are
 * a file beside them.
 */

export interface Columns {
  /** The build of columns and rows. The rows begin with it. */
  readonly build: string;
  /** The body of `GET /`. */
  readonly home: ByteString;
  /** `Cache-Control: max-age` of 2xx answers, in seconds. */
  readonly cache: {
    readonly index: number;
    readonly search: number;
    readonly categories: number;
    readonly files: number;
  };
  /** The site answers below `/artifacts/`, too (docs/contract.md section 1). */
  readonly artifacts?: true;
  /** Of the rows file. */
  readonly bytes: number;
  /** Package names in byte order. */
  readonly names: readonly ByteString[];
  readonly constraints: readonly Constraint[];
  readonly profiles: readonly Profile[];
  /** Every revision in the order of answers: of each name together, oldest version first. */
  readonly revisions: Revisions;
  readonly variants: readonly Variants[];
  /** In byte order of their ids. */
  readonly categories: readonly CategoryColumn[];
  readonly answers: Answers;
}

/** The revisions of `names[n]` are those from `first[n]` up to `first[n + 1]`. Entry `i` of the other lists is of revision `i`. */
export interface Revisions {
  /** The first revision of each name, and at the end the number of all revisions. */
  readonly first: readonly number[];
  readonly version: readonly string[];
  /** Position in `profiles`. */
  readonly profile: readonly number[];
  /**
   * Where its row begins in the rows file. Rows lie one behind another with `,\n` between them; the last entry is where one
   * more row would begin.
   */
  readonly start: readonly number[];
}

/** Everything that a query can ask about a revision, except its name and version. Many revisions share a profile. */
export interface Profile extends Facts<ByteString> {
  /** Position in `constraints`. */
  readonly kibana?: number;
  readonly agent?: number;
}

/** What a profile holds besides its constraints, with one kind of texts. */
export interface Facts<Kind extends string> {
  readonly type: Kind;
  /** Its release is `experimental`. */
  readonly experimental?: 1;
  readonly capabilities?: readonly Kind[];
  readonly fields?: readonly Kind[];
  readonly datasets?: readonly Kind[];
  /** `major.minor.0` of its format version. */
  readonly spec: string;
  readonly categories?: readonly Kind[];
  /** The categories of each policy template. */
  readonly templates?: readonly (readonly Kind[])[];
}

/** The rows of revisions that match a category only by policy templates: with just the matching templates. */
export interface Variants {
  readonly category: ByteString;
  /** Positions in `revisions`, ascending. */
  readonly revision: readonly number[];
  /** Where in the rows file each lies, and its bytes. */
  readonly start: readonly number[];
  readonly length: readonly number[];
}

export interface CategoryColumn {
  readonly id: ByteString;
  /** Position in `categories`, -1 for a category that is nobody's sub-category. */
  readonly parent: number;
  /** Its text in an answer, up to its count and after it. */
  readonly before: ByteString;
  readonly after: ByteString;
}

/**
 * The precomputed answers. Constraints cut the line of Kibana versions into classes, and the spec versions of packages cut the
 * line of spec versions; in a class, every client gets the same answer. `core/precomputed.ts` names the place of a question.
 */
export interface Answers {
  /** Where some constraint begins or ceases to accept: releases, and pre-releases. Ascending. */
  readonly releaseCuts: readonly Cut[];
  readonly prereleaseCuts: readonly Cut[];
  /** The spec versions that packages have. Ascending. */
  readonly specs: readonly string[];
  /** The ranges of spec versions that answers are precomputed for; the first has no bounds. */
  readonly ranges: readonly SpecRange[];
  /** The names of the answers' files, and the bytes of each. */
  readonly digests: readonly string[];
  readonly bytes: readonly number[];
  /** Every different list of runs. */
  readonly runs: readonly Runs[];
  /** By place: a position in `runs`. */
  readonly places: readonly number[];
}

/** Of an index for which nothing is precomputed. */
export const NO_ANSWERS: Answers = {
  releaseCuts: [],
  prereleaseCuts: [],
  specs: [],
  ranges: [],
  digests: [],
  bytes: [],
  runs: [],
  places: [],
};

/** A place between two versions: before `version`, or (1) behind it. */
export type Cut = readonly [version: string, behind: 0 | 1];

/** The spec versions that a query lets in: the positions in `specs` from `from` up to `to`; 0 and 0 for none. */
export type SpecRange = readonly [from: number, to: number];

/**
 * The answers to one question, by class of Kibana versions: pairs of a class and the answer, a position in `digests` or -1,
 * that it and the classes after it have.
 */
export type Runs = readonly number[];
