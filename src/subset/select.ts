import pLimit from 'p-limit';
import type { Distribution } from '../config.ts';
import { entryReader } from '../build/cache/entries.ts';
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
  /** The ids that count as fit by their manifests. Only reading all of their contents tells whether they are. */
  readonly counted: ReadonlySet<string>;
  /** What is left out and yet shows, by its deprecation: it matters whether it is fit. */
  readonly witnesses: readonly Revision[];
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
  /** The ids of what is unfit by its contents, as far as that is known. */
  readonly unfit?: ReadonlySet<string> | undefined;
  readonly onRead?: ((done: number, total: number) => void) | undefined;
}

/** What stays of a catalog, whose revisions are in the order of answers. */
export async function selectRevisions(revisions: readonly Revision[], selecting: Selecting): Promise<Selection> {
  const { subsets } = selecting.distribution;
  const read = await readFacts(revisions, selecting);
  const fit = read.flatMap(({ facts }) => facts ?? []);
  const newest = deprecatingOf(fit);
  const fates = new Map<string, Fate>();
  const findings: Finding[] = [];
  let present: readonly Facts[] = fit;
  for (const subset of subsets) {
    const choice = chooseRevisions(present, subset);
    findings.push(...choice.findings);
    for (const { id } of present) fates.set(id, { kind: 'left out', by: subset.name });
    // Of revisions that are served as one, the build decides which: all of them stay.
    for (const [i, reason] of choice.kept) fates.set((present[i] as Facts).id, { kind: 'kept', reason });
    present = present.filter(({ id }) => fates.get(id)?.kind === 'kept');
  }
  const stays = new Set(present.map(({ read }) => read));
  const isLeftOut = new Set(fit.flatMap(({ read }) => (stays.has(read) ? [] : read)));
  return {
    revisions: revisions.filter((one) => !isLeftOut.has(one)),
    fates,
    deprecations: new Map([...newest].map(([name, { deprecated }]) => [name, deprecated])),
    findings,
    counted: new Set(fit.map(({ read }) => read.id)),
    witnesses: witnessesOf(newest, present),
  };
}

/** What the choice, and what shows of the revisions that are left out, depend on. */
interface Facts extends Choosable, Pick<Entry, 'deprecated'> {
  readonly id: string;
  /** The revision as its layer has it. */
  readonly read: Revision;
}

async function readFacts(
  revisions: readonly Revision[],
  { storage, distribution, cache, unfit, onRead }: Selecting,
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
        return { facts: entry && !unfit?.has(revision.id) ? factsOf(entry, revision) : undefined };
      }),
    ),
  );
}

/** Enough to keep git busy while other revisions are parsed. */
const AT_ONCE = 16;

function factsOf(entry: Entry, read: Revision): Facts {
  const { revision, facts, deprecated } = entry;
  return {
    id: revision.id,
    read,
    name: revision.name,
    version: revision.version,
    facts,
    requires: requirementsOf(entry),
    deprecated,
  };
}

/** By name, the newest revision that is deprecated: all others of the name show what it says. */
function deprecatingOf(fit: readonly Facts[]): Map<string, Facts & { readonly deprecated: Json }> {
  return new Map(
    fit.flatMap((one) => {
      const { name, deprecated } = one;
      return deprecated === undefined ? [] : [[name, { ...one, deprecated }]];
    }),
  );
}

function witnessesOf(deprecating: ReadonlyMap<string, Facts>, kept: readonly Facts[]): Revision[] {
  const names = new Set(kept.map(({ name }) => name));
  const ids = new Set(kept.map(({ id }) => id));
  return [...deprecating.values()].flatMap(({ id, name, read }) => (names.has(name) && !ids.has(id) ? read : []));
}
