import pLimit from 'p-limit';
import type { Finding } from '../errors.ts';
import { contentFindings, storedContents } from '../storage/contents.ts';
import type { Lack } from '../storage/lack.ts';
import type { PackageFile, Revision, Storage } from '../storage/storage.ts';

/*
 * Decides whether a revision is fit to be served. Builds and the verbs that change or check a layer all ask this one
 * judge.
 */

/** A revision, read by the rules of a distribution or a layer, and all findings of these rules. */
export interface ReadRevision {
  readonly revision: Revision;
  readonly files: readonly PackageFile[];
  /** The content id of the zip, if the revision is one. */
  readonly zip: string | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Everything that makes a revision unfit, given the contents that its storage lacks. The list is empty for a fit
 * revision.
 */
export function unfitness(read: ReadRevision, lacks: ReadonlyMap<string, Lack>): readonly Finding[] {
  const known = new Set(read.findings.map(({ where }) => where));
  return [...read.findings, ...contentFindings(read, lacks).filter(({ where }) => !known.has(where))];
}

/**
 * Reads revisions in their order and judges them as a build does. It writes nothing. The `findings` of a result are
 * everything that makes the revision unfit. `onRead` receives the number of revisions read so far.
 */
export async function judge<T extends ReadRevision>(
  storage: Pick<Storage, 'lacks'>,
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
  const lacks = await storage.lacks([...contents]);
  return all.map((one) => Object.assign({}, one, { findings: unfitness(one, lacks) }));
}

/** Enough to keep git busy while other revisions are parsed. */
const REVISIONS_AT_ONCE = 16;
