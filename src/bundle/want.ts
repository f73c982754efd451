import { sealedDocument } from '../tree/sealed.ts';
import { digestOf, listOf, parseObject, textOf, wrong } from './checked.ts';
import { isSealed } from '../tree/sealed.ts';

/*
 * `want.json`, which `apply` writes where a bundle builds on contents that the folder lacks (docs/bundle.md). It says what the folder
 * holds, so that `bundle --since want.json` makes a bundle with all the rest, whatever was built meanwhile.
 */

export interface Want {
  /** Of the bundle that could not be applied. */
  readonly distribution: string;
  /** The digest of the site manifest that the folder has; null where it holds no site. */
  readonly manifest: string | null;
  /** The first `HELD_DIGITS` of the digest of each different content that is held, files of hosts included; sorted. */
  readonly holds: readonly string[];
}

/** Enough of a SHA-256 in hex to tell contents apart. An error of it would only lead to the next `want.json`: `apply` checks whole digests. */
export const HELD_DIGITS = 16;

/** The text of `want.json`. `digests` are those of all contents that are held. */
export function wantText({
  distribution,
  manifest,
  digests,
}: Omit<Want, 'holds'> & { digests: Iterable<string> }): string {
  const holds = [...new Set([...digests].map((digest) => digest.slice(0, HELD_DIGITS)))].sort();
  return sealedDocument({ format: FORMAT, distribution, manifest, holds });
}

/** Reads `want.json`; `where` is its name for messages. Throws a `Stop` if it isn't as `wantText` writes it. */
export function parseWant(text: string, where: string): Want {
  const written = parseObject(text, where);
  if (written.value['format'] !== FORMAT || !isSealed(text))
    throw wrong(where, 'is no want.json, or was changed: its seal is not that of its text');
  const holds = listOf(written, 'holds');
  if (!holds.every((one): one is string => typeof one === 'string' && HELD.test(one)))
    throw wrong(where, 'holds something that is no digest');
  return {
    distribution: textOf(written, 'distribution'),
    manifest: written.value['manifest'] === null ? null : digestOf(written, 'manifest'),
    holds,
  };
}

/** Whether a text may be a `want.json`, as opposed to other JSON that `--since` takes. */
export function isWant(text: string): boolean {
  return /^\{\s*"format": "want-\d+"/.test(text);
}

const FORMAT = 'want-1';
const HELD = /^[0-9a-f]{16}$/;
