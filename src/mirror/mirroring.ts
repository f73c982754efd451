import type { KeyFile } from '../config.ts';
import type { Facts } from '../core/columns.ts';
import type { Finding } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { RevisionId } from '../storage/storage.ts';
import type { ByteString } from '../tree/byte-string.ts';

/*
 * A registry as a layer: what is asked of it, and what the cache holds of it afterwards. `mirrorRegistry` in mirror.ts goes from
 * `Mirroring` to `Mirrored`.
 */

/** A revision as a registry lists it. Its name and version are checked; all else is as the registry says. */
export interface Listed {
  readonly id: RevisionId;
  /** `[a-z0-9_]+`. */
  readonly name: string;
  /** A strict semantic version. */
  readonly version: string;
  /** Whether the registry says that there is a signature. */
  readonly isSigned: boolean;
  /** Those of the asked ranges of spec versions in which the registry lists it too. Summaries have no spec version. */
  readonly ranges: readonly string[];
  readonly facts: ListedFacts;
}

/** What a summary says of what a line of `take` can ask (docs/contract.md section 4). */
export type ListedFacts = Omit<Facts<ByteString>, 'spec' | 'fields' | 'datasets'> & {
  /** The constraint, as it is written. */
  readonly kibana?: string;
};

/** Which revisions are wanted: those that a rule chooses of the list, or just those that a lock file has. */
export type Wanted =
  | {
      readonly kind: 'chosen';
      /**
       * Ranges of spec versions, such as `2.3-3.6`. For each, the registry is asked once more, with `spec.min` and `spec.max`, which
       * revisions it lists in the range.
       */
      readonly ranges: readonly string[];
      choose(list: readonly Listed[]): readonly Listed[];
    }
  | { readonly kind: 'locked'; readonly revisions: readonly LockedRevision[] };

/** A revision as a lock file has it. */
export interface LockedRevision {
  readonly name: string;
  readonly version: string;
  /** Of the zip, in bytes. */
  readonly size: number;
  /** Of the zip. */
  readonly digest: string;
  /** The digest of the signature; undefined if there is none. */
  readonly signature?: string | undefined;
}

/** What to do with a revision that the cache holds and the registry no longer lists. */
export type Gone = 'keep' | 'drop' | 'refuse';

export interface Mirroring {
  /** What findings call the registry, and what its token is called after: `EPR_STATIC_TOKEN_<LAYER>`. */
  readonly layer: string;
  /** The URL of the registry, with or without a path. It may hold a user and a password. */
  readonly registry: string;
  readonly wanted: Wanted;
  /** By one of these each signature must be made. Where there are none, signatures are not verified. */
  readonly keys: readonly KeyFile[];
  /** `required` refuses revisions without a signature. */
  readonly signatures: 'optional' | 'required';
  readonly gone: Gone;
  readonly limits: Limits;
  /** The folder of all caches. */
  readonly cache: string;
  /** Asks nothing of the registry. */
  readonly offline: boolean;
  /** Fetches again what the cache holds already. */
  readonly refresh: boolean;
  /** Receives the bytes that were fetched, and an estimate of all. */
  readonly onBytes?: ((done: number, total: number) => void) | undefined;
  /** Receives the URL of the registry, without credentials, before it is asked. */
  readonly onFetch?: ((url: string) => void) | undefined;
  /** Receives the process that this one waits for, since it asks the same registry. */
  readonly onWait: (holder: string) => void;
  /** `process.env`: proxies, tokens, where `.netrc` is. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How long to wait, and how often to try; the default suits real registries. */
  readonly pace?: Partial<Pace> | undefined;
}

/** Times are in milliseconds. */
export interface Pace {
  /** Requests under way at the same time. */
  readonly concurrency: number;
  /** How often a request is sent, at most. */
  readonly attempts: number;
  /** Before the second attempt; it doubles with each further one. */
  readonly backoff: number;
  /** The longest wait before an attempt, whatever `Retry-After` says. */
  readonly longestWait: number;
  readonly connectTimeout: number;
  /** Until the headers of an answer are there. */
  readonly headersTimeout: number;
  /** Without a byte of a body, or with fewer than `slowest` allows. */
  readonly idleTimeout: number;
  /** The fewest bytes of a body in a second. */
  readonly slowest: number;
  /** Until a body is there as a whole. */
  readonly bodyTimeout: number;
}

/** A file of the cache. Whoever reads it compares its bytes with `content` or `digest`: the disk may have altered it since. */
export interface HeldFile {
  readonly file: string;
  /** In bytes. */
  readonly size: number;
  readonly digest: string;
  /** The content id. */
  readonly content: string;
}

/** A revision that the cache holds, after all checks. */
export interface Held {
  readonly listed: Listed;
  readonly zip: HeldFile;
  readonly signature: HeldFile | undefined;
}

export interface Mirrored {
  /** The revisions that are wanted and held, by name and version. */
  readonly held: readonly Held[];
  readonly report: MirrorReport;
  /** About the registry, and about each revision that is refused, replaced or gone. */
  readonly findings: readonly Finding[];
}

export interface MirrorReport {
  /** The URL without credentials. */
  readonly registry: string;
  /** How many revisions the registry lists. */
  readonly listed: number;
  readonly held: number;
  /** Fetched by this run. */
  readonly new: readonly RevisionId[];
  /** Wanted and held, and no longer listed; `isKept` says whether they still count. */
  readonly gone: readonly { readonly id: RevisionId; readonly isKept: boolean }[];
  /** Wanted, and not held, because something is wrong with them. */
  readonly refused: readonly RevisionId[];
  /** Held now with other bytes than before. */
  readonly replaced: readonly RevisionId[];
  /** Bodies of answers, as they came. */
  readonly bytes: number;
  readonly requests: number;
}
