import type { Distribution, Subset } from '../config.ts';
import { generator } from '../generator.ts';
import type { JsonObject } from '../tree/json.ts';
import type { ManifestDigests } from '../tree/manifest-digests.ts';
import type { Release } from '../tree/release.ts';

/** What a release tells of. */
export interface Released {
  readonly distribution: Distribution;
  readonly layers: readonly { readonly name: string; readonly ref: string; readonly commit: string | undefined }[];
}

/** The release of a site whose manifest has these digests. */
export function releaseOf({ distribution, layers }: Released, { manifest, tree }: ManifestDigests): Release {
  return {
    distribution: distribution.name,
    registry: distribution.registry,
    generator,
    layers: layers.map(({ name, ref, commit }) => (commit === undefined ? { name } : { name, ref, commit })),
    ...(distribution.subsets.length > 0 && { subsets: distribution.subsets.map(releasedSubset) }),
    manifest,
    tree,
  };
}

/** Of what is installed somewhere, the public file says only how much it is. */
function releasedSubset({ name, from, clients, previous, installed, requires }: Subset): JsonObject {
  const lines = clients.map(({ kibana, prerelease, spec, capabilities }) => ({
    kibana,
    prerelease,
    ...(spec && { spec: `${spec.min}-${spec.max}` }),
    ...(capabilities && { capabilities }),
  }));
  const keep = { previous, installed: installed?.packages.length ?? 0, requires };
  return { distribution: name, from, for: lines, keep };
}
