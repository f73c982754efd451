import pLimit from 'p-limit';
import type { Distribution } from '../config.ts';
import { entryReader } from '../build/cache/entries.ts';
import { deprecationOf } from '../build/entry.ts';
import type { Deprecations, Entry } from '../build/entry.ts';
import type { Finding } from '../errors.ts';
import type { KeysOf } from '../package/signature-judge.ts';
import type { Revision, Storage } from '../storage/storage.ts';
import type { Json } from '../tree/json.ts';
import { requirementsOf } from '../workflow/requirements.ts';
import { chooseRevisions } from './choose.ts';
import type { Choosable, Reason } from './choose.ts';

/*
 * What stays of the catalog of a distribution that is a part of another one. Manifests of all revisions are read for it; contents, zips
 * and pages are made of those that stay.
 */

/** A catalog as a subset has it. */
export interface Selection {
  /** What stays, in the order of answers; and what is unfit, for the build to judge. */
  readonly revisions: readonly Revision[];
  /** Of each fit revision, by id: why it stays, or which subset leaves it out. */
  readonly fates: ReadonlyMap<string, Fate>;
  /** By name, the `deprecated` in force in the whole catalog. */
  readonly deprecations: Deprecations;
  readonly findings: readonly Finding[];
}

export type Fate =
  | { readonly kind: 'kept'; readonly reason: Reason }
  | { readonly kind: 'left out'; readonly by: string };

/** What selecting needs besides the revisions. */
export interface Selecting {
  readonly storage: Storage;
  readonly distribution: Pick<Distribution, 'subsets' | 'layers' | 'tables' | 'signatures'>;
  /** The folder that keeps what was read; undefined keeps nothing. */
  readonly cache: string | undefined;
  readonly onRead?: ((done: number, total: number) => void) | undefined;
}

/** What stays of a catalog, whose revisions are in the order of answers. Undefined where the distribution is a whole one. */
export async function selectRevisions(
  revisions: readonly Revision[],
  selecting: Selecting,
): Promise<Selection | undefined> {
  const { subsets } = selecting.distribution;
  if (subsets.length === 0) return undefined;
  const read = await readFacts(revisions, selecting);
  const fit = read.flatMap(({ facts }) => facts ?? []);
  const fates = new Map<string, Fate>();
  const findings: Finding[] = [];
  let present: readonly Facts[] = fit;
  for (const subset of subsets) {
    const choice = chooseRevisions(present, subset);
    findings.push(...choice.findings);
    for (const [i, { id }] of present.entries()) {
      const reason = choice.kept.get(i);
      fates.set(id, reason ? { kind: 'kept', reason } : { kind: 'left out', by: subset.name });
    }
    present = present.filter((_, i) => choice.kept.has(i));
  }
  return {
    revisions: revisions.filter(({ id }) => fates.get(id)?.kind !== 'left out'),
    fates,
    deprecations: deprecationsOf(fit),
    findings,
  };
}

/** What the choice, and what shows of the revisions that are left out, depend on. */
interface Facts extends Choosable, Pick<Entry, 'deprecated'> {
  readonly id: string;
}

async function readFacts(
  revisions: readonly Revision[],
  { storage, distribution, cache, onRead }: Selecting,
): Promise<{ readonly facts: Facts | undefined }[]> {
  const keysOf: KeysOf = ({ layer }) => distribution.layers.find(({ name }) => name === layer)?.keys;
  const reader = entryReader(storage, { ...distribution, keysOf }, cache);
  const limit = pLimit(AT_ONCE);
  let done = 0;
  return await Promise.all(
    revisions.map((revision) =>
      limit(async () => {
        const { entry } = await reader.read(revision);
        onRead?.(++done, revisions.length);
        return { facts: entry && factsOf(entry) };
      }),
    ),
  );
}

/** Enough to keep git busy while other revisions are parsed. */
const AT_ONCE = 16;

function factsOf(entry: Entry): Facts {
  const { revision, facts, deprecated } = entry;
  return {
    id: revision.id,
    name: revision.name,
    version: revision.version,
    facts,
    requires: requirementsOf(entry),
    deprecated,
  };
}

function deprecationsOf(fit: readonly Facts[]): Map<string, Json> {
  const byName = new Map<string, Facts[]>();
  for (const one of fit) byName.set(one.name, [...(byName.get(one.name) ?? []), one]);
  return new Map(
    [...byName].flatMap(([name, own]): [string, Json][] => {
      const deprecated = deprecationOf(own);
      return deprecated === undefined ? [] : [[name, deprecated]];
    }),
  );
}
