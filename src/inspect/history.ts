import { updatesOf } from '../catalog/updates.ts';
import type { PastLayer } from '../catalog/updates.ts';
import type { History } from '../build/history.ts';
import { MOST_UPDATES } from '../build/history.ts';
import type { Distribution } from '../config.ts';
import type { Finding } from '../errors.ts';
import { GitFailure } from '../storage/git/command.ts';
import { layerHistory } from '../storage/git/history.ts';
import type { LayerCommit } from '../storage/git/history.ts';
import { repositoryOf } from '../storage/storage.ts';
import type { Layer, Revision, Storage } from '../storage/storage.ts';

/** By layer and place, when each revision came to its layer, in ISO 8601. */
export type Dates = ReadonlyMap<string, ReadonlyMap<string, string>>;

export interface DatedLayers {
  readonly storage: Storage;
  readonly distribution: Pick<Distribution, 'layers'>;
  readonly layers: readonly Layer[];
}

/** When the revisions of some layers came to them, as far as a repository knows. */
export async function datesOf(layers: DatedLayers, isShown: (layer: string) => boolean = () => true): Promise<Dates> {
  const past = await pastOf(layers, isShown);
  return new Map(past.map(({ name, commits }) => [name, arrivalsIn(commits)]));
}

/** The history of the revisions of a site, and a warning for each layer whose history can't be read: of that one, nothing is known. */
export async function historyOf({
  revisions,
  ...site
}: DatedLayers & {
  readonly distribution: Pick<Distribution, 'subsets'>;
  readonly revisions: readonly Revision[];
}): Promise<{ readonly history: History; readonly findings: Finding[] }> {
  const unread = new Map<string, string>();
  const past = await pastOf(
    site,
    () => true,
    async (layer, reading) => {
      try {
        return await reading;
      } catch (error) {
        if (!(error instanceof GitFailure) || error.status === null) throw error; // a git that was stopped says nothing of the storage
        unread.set(layer, error.words);
        return [];
      }
    },
  );
  const dates = new Map(past.map(({ name, commits }) => [name, arrivalsIn(commits)]));
  const arrivals = revisions.flatMap(({ id, layer, where }): [string, string][] => {
    const date = dates.get(layer)?.get(where);
    return date === undefined ? [] : [[id, date]];
  });
  const served = new Set(revisions.map(({ id }) => id));
  const held = new Set(past.flatMap((layer) => layer.revisions.map(({ id }) => id)));
  const isWhole = site.distribution.subsets.length === 0;
  const history = {
    arrivals: new Map(arrivals),
    updates: updatesOf(past, (id) => served.has(id) || (isWhole && !held.has(id)), MOST_UPDATES),
    origin: past.find(({ commits }) => commits.length > 0)?.commits.at(-1)?.commit,
  };
  return { history, findings: past.flatMap(({ name }) => unreadFinding(name, unread.get(name))) };
}

function unreadFinding(where: string, words: string | undefined): Finding[] {
  if (words === undefined) return [];
  const text = `its history can't be read, so pages for people show no dates and updates of it: ${words}`;
  return [{ code: 'history', where, text, level: 'warning' }];
}

async function pastOf(
  { storage, distribution, layers }: DatedLayers,
  isShown: (layer: string) => boolean,
  whenRead = async (_: string, reading: Promise<LayerCommit[]>): Promise<LayerCommit[]> => await reading,
): Promise<PastLayerOf<LayerCommit>[]> {
  const repository = repositoryOf(storage);
  return await Promise.all(
    layers.map(async ({ name, commit, revisions }) => {
      const spec = distribution.layers.find((one) => one.name === name);
      if (!repository || spec?.kind !== 'storage' || !isShown(name))
        return { name, revisions, packages: '', commits: [] };
      const { packages } = spec;
      return {
        name,
        revisions,
        packages,
        commits: await whenRead(name, layerHistory(repository, { commit, packages })),
      };
    }),
  );
}

type PastLayerOf<Commit> = PastLayer & { readonly commits: readonly Commit[] };

/** By place, the date of the newest commit that added it. */
function arrivalsIn(commits: readonly LayerCommit[]): Map<string, string> {
  const oldestFirst = commits.toReversed();
  return new Map(oldestFirst.flatMap(({ added, date }) => added.map((place): [string, string] => [place, date])));
}
