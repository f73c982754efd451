import type { Distribution } from '../config.ts';
import { arrivals } from '../storage/git/history.ts';
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
export async function datesOf(
  { storage, distribution, layers }: DatedLayers,
  isShown: (layer: string) => boolean = () => true,
): Promise<Dates> {
  const repository = repositoryOf(storage);
  const dates = layers.map(async ({ name, commit }): Promise<[string, ReadonlyMap<string, string>]> => {
    const spec = distribution.layers.find((one) => one.name === name);
    if (!repository || spec?.kind !== 'storage' || !isShown(name)) return [name, new Map()];
    return [name, await arrivals(repository, { commit, packages: spec.packages })];
  });
  return new Map(await Promise.all(dates));
}

/** The same of the revisions of a site, by id. */
export async function arrivalsOf(
  site: DatedLayers & { readonly revisions: readonly Revision[] },
): Promise<Map<string, string>> {
  const dates = await datesOf(site);
  return new Map(
    site.revisions.flatMap(({ id, layer, where }): [string, string][] => {
      const date = dates.get(layer)?.get(where);
      return date === undefined ? [] : [[id, date]];
    }),
  );
}
