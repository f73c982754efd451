import { listKnown, Stop } from '../../errors.ts';
import type { Finding } from '../../errors.ts';
import { withoutCredentials } from '../../storage/git/command.ts';
import { withCatalog } from '../../inspect/open-catalog.ts';
import type { StorageOptions } from '../../inspect/open-catalog.ts';
import { arrivals } from '../../storage/git/history.ts';
import { versionsByName, waitingRevisions } from '../../catalog/waiting.ts';
import type { Waiting } from '../../catalog/waiting.ts';

export interface ListOptions extends StorageOptions {
  readonly dist?: string | undefined;
  /** Only this layer of the distribution. */
  readonly layer?: string | undefined;
  /** Lists only revisions that are newer than all versions of their package in the higher layers. */
  readonly outdated: boolean;
}

export interface ListReport {
  readonly distribution: string;
  readonly storage: string;
  /** Warnings about the storage and its layers. */
  readonly findings: readonly Finding[];
  readonly outdated: boolean;
  /** In rank order. */
  readonly layers: readonly ListedLayer[];
  readonly waiting: readonly Waiting[];
}

export interface ListedLayer {
  readonly name: string;
  readonly ref: string;
  readonly commit: string | undefined;
  readonly revisions: number;
  readonly packages: readonly { readonly name: string; readonly versions: readonly string[] }[];
}

/**
 * Lists the revisions of a distribution by layer, and those that wait in the lower layers. It reads nothing inside the
 * packages.
 */
export async function list(options: ListOptions): Promise<ListReport> {
  const { layer: only, outdated } = options;
  return await withCatalog(options, async (open) => {
    const { distribution, storage, layers } = open;
    const names = layers.map(({ name }) => name);
    if (only !== undefined && !names.includes(only))
      throw new Stop(
        'unknown-layer',
        `${distribution.name} has no layer "${only}"`,
        `its layers are: ${listKnown(only, names)}`,
      );
    const isShown = (name: string): boolean => only === undefined || name === only;
    const since = await Promise.all(
      layers.map(async ({ name, commit }) => {
        const packages = distribution.layers.find((spec) => spec.name === name)?.packages ?? '';
        const isAsked = storage.kind === 'git' && isShown(name);
        return [name, isAsked ? await arrivals(storage.repository, { commit, packages }) : new Map()] as const;
      }),
    );
    const waiting = waitingRevisions(layers, new Map(since));
    return {
      distribution: distribution.name,
      storage: withoutCredentials(distribution.storage),
      findings: open.findings,
      outdated,
      layers: layers
        .filter(({ name }) => isShown(name))
        .map(({ name, ref, commit, revisions }) => {
          return { name, ref, commit, revisions: revisions.length, packages: versionsByName(revisions) };
        }),
      waiting: waiting.filter((one) => isShown(one.layer) && (one.outdates || !outdated)),
    };
  });
}
