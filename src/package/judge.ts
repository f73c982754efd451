import pLimit from 'p-limit';
import type { Finding } from '../errors.ts';
import { contentFindings, storedContents } from '../storage/contents.ts';
import type { PackageFile, Revision, Storage } from '../storage/storage.ts';

/*
 * Whether a revision is fit to be served: one judge for builds and for the verbs that change or check a layer.
 */

/** A revision as it was read by the rules of a distribution or layer, with everything that these found. */
export interface ReadRevision {
  readonly revision: Revision;
  readonly files: readonly PackageFile[];
  /** The content id of the zip itself, where the revision is one. */
  readonly zip: string | undefined;
  readonly findings: readonly Finding[];
}

/** Everything that makes a revision unfit, given the contents that its storage lacks; nothing where it is fit. */
export function unfitness(read: ReadRevision, missing: ReadonlySet<string>): readonly Finding[] {
  const known = new Set(read.findings.map(({ where }) => where));
  return [...read.findings, ...contentFindings(read, missing).filter(({ where }) => !known.has(where))];
}

/**
 * Reads revisions and judges them as a build does, in their order, and writes nothing: `findings` of the result are all that
 * makes each unfit. `onRead` is told how many were read.
 */
export async function judge<T extends ReadRevision>(
  storage: Pick<Storage, 'missing'>,
  read: (revision: Revision) => Promise<T>,
  { revisions, onRead }: { revisions: readonly Revision[]; onRead?: ((done: number) => void) | undefined },
): Promise<T[]> {
  const limit = pLimit(REVISIONS_AT_ONCE);
  let done = 0;
  const all = await Promise.all(
    revisions.map((revision) =>
      limit(async () => {
        const one = await read(revision);
        onRead?.(++done);
        return one;
      }),
    ),
  );
  const contents = new Set(all.flatMap(storedContents));
  const missing = await storage.missing([...contents]);
  return all.map((one) => Object.assign({}, one, { findings: unfitness(one, missing) }));
}

/** Enough to keep git answering while others are parsed. */
const REVISIONS_AT_ONCE = 16;
