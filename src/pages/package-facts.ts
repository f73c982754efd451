import type { JsonObject } from '../tree/json.ts';

/* What the pages of a package are made from. */

/** A revision, as the table of versions shows it. */
export interface RevisionFacts {
  readonly version: string;
  readonly layer: string;
  /** The date of the commit that brought it to its layer, in ISO 8601; undefined where it isn't known. */
  readonly arrived: string | undefined;
  /** The condition on Kibana's version, as it is written. */
  readonly kibana: string | undefined;
  readonly isExperimental: boolean;
  /** Bytes of the zip. */
  readonly size: number;
  readonly isSigned: boolean;
}

/** A file of the newest revision: its path, a text in which bytes that are not UTF-8 are kept, and its media type. */
export interface FileFacts {
  readonly path: string;
  readonly type: string;
}

export interface PackageFacts {
  readonly name: string;
  readonly distribution: string;
  /** In the order of answers, the oldest first; at least one. */
  readonly revisions: readonly RevisionFacts[];
  /** The package index of the newest revision, parsed. */
  readonly index: JsonObject;
  readonly files: readonly FileFacts[];
  /** The titles of categories, by id. */
  readonly categories: ReadonlyMap<string, string>;
  /** The text of a file of the newest revision; undefined where it has none. */
  read(path: string): Buffer | undefined;
}

/** The package as the list shows it. */
export interface ListItem {
  readonly name: string;
  readonly title: string;
  readonly html: string;
}
