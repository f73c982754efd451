import pLimit from 'p-limit';
import type { Tables } from '../config.ts';
import type { Finding } from '../errors.ts';
import { contentFindings, contentsOf } from '../storage/contents.ts';
import type { Revision, RevisionFiles, Storage } from '../storage/storage.ts';
import { packageReader } from './read.ts';
import type { Package } from './read.ts';

/** What a build would say of a revision. */
export interface Fitness {
  readonly revision: Revision;
  readonly listed: RevisionFiles;
  /** Undefined where it is unfit. */
  readonly package: Package | undefined;
  readonly findings: readonly Finding[];
}

type Contents = Pick<Storage, 'listFiles' | 'read' | 'missing'>;

/** Reads revisions as a build does, and writes nothing. `onRead` is told how many were read. */
export async function readFitness(
  storage: Contents,
  { ingestionMethods }: Pick<Tables, 'ingestionMethods'>,
  { revisions, onRead }: { revisions: readonly Revision[]; onRead?: (done: number) => void },
): Promise<Fitness[]> {
  const reader = packageReader((content) => storage.read(content), { ingestionMethods, signatures: 'optional' });
  const limit = pLimit(REVISIONS_AT_ONCE);
  let done = 0;
  const read = await Promise.all(
    revisions.map((revision) =>
      limit(async () => {
        const listed = await storage.listFiles(revision);
        const { package: found, findings } = await reader.read(revision, listed);
        onRead?.(++done);
        return { revision, listed, package: found, findings };
      }),
    ),
  );
  const contents = read.flatMap((one) => contentsOf(one).map(({ content }) => content));
  const missing = await storage.missing([...new Set(contents)]);
  return read.map((one) => withMissing(one, missing));
}

function withMissing(read: Fitness, missing: ReadonlySet<string>): Fitness {
  const known = new Set(read.findings.map(({ where }) => where));
  const own = contentFindings(read, missing).filter(({ where }) => !known.has(where));
  return own.length === 0 ? read : { ...read, package: undefined, findings: [...read.findings, ...own] };
}

/** Enough to keep git answering while others are parsed. */
const REVISIONS_AT_ONCE = 16;
