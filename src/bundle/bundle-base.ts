import { existsSync } from 'node:fs';
import { Stop } from '../errors.ts';
import { ENCODED, isGenerated } from '../tree/layout.ts';
import { openBase as openHeld } from './apply/base.ts';
import { openBundles } from './apply/open-bundles.ts';
import type { OpenBundle } from './apply/open-bundles.ts';
import { openSupply } from './apply/supply.ts';
import type { Supply } from './apply/supply.ts';
import { readTarget } from './apply/target.ts';
import type { Target } from './apply/target.ts';
import type { Base } from './base.ts';
import { wrong } from './checked.ts';
import { LIST_EXTENSION } from './contents-list.ts';
import { partsFrom } from './parts.ts';
import { sha256 } from './zip-streams.ts';

/**
 * The site that a bundle or a list of contents makes, as a base. `first` is the file, or the first of its parts: the others lie beside
 * it. A bundle that has a base of its own says only what was new, so the list beside it says the rest. Throws a `Stop` where a byte is
 * wrong, or something is missing.
 */
export async function openBundleBase(first: string, onRead: (done: number, total: number) => void): Promise<Base> {
  const opened = await openBundles(partsFrom(first), onRead);
  try {
    const [bundle] = opened.bundles;
    if (!bundle) throw wrong(first, 'is no bundle, and no list of contents');
    if (bundle.description.kind === 'bundle' && bundle.description.base !== null) {
      opened.close();
      return await openListBeside(first, bundle.description.manifest, onRead);
    }
    const supply = openSupply(bundle, openHeld([]));
    const target = readTarget(bundle, supply);
    if (target.kind === 'lacking') throw wrong(first, "has a recipe that doesn't make the lists of the site");
    return baseOf(bundle, { target, supply, close: opened.close });
  } catch (error) {
    opened.close();
    throw error;
  }
}

async function openListBeside(
  bundle: string,
  manifest: string,
  onRead: (done: number, total: number) => void,
): Promise<Base> {
  const list = `${bundle}${LIST_EXTENSION}`;
  const hint = `give --since what else says what the other side has: ${WAYS}`;
  if (!existsSync(list))
    throw new Stop(
      'no-site',
      `${bundle} says only what was new in it, and ${list} is not there, which says the rest`,
      hint,
    );
  const base = await openBundleBase(list, onRead);
  if (base.manifest === manifest) return base;
  base.close();
  throw new Stop('no-site', `${list} is the list of another bundle than ${bundle}`, hint);
}

/** What `--since` takes. */
export const WAYS =
  'the folder of the older site, a bundle of it, its list of contents, or the want.json that `apply` wrote';

function baseOf(
  { recipe, description, path }: OpenBundle,
  { target, supply, close }: { readonly target: Target; readonly supply: Supply; readonly close: () => void },
): Base {
  const contents = new Map(
    [...target.folders.values()].flatMap((files) => [...files.values()].map((one) => [one.digest, one])),
  );
  const streams = new Set(recipe.streams.map(({ digest }) => digest));
  return {
    manifest: description.manifest,
    has: (digest) => contents.has(digest),
    hasStream: ({ digest, content }) => streams.has(digest) && contents.has(content),
    *texts(isStill) {
      for (const [name, content] of target.folders.get('') ?? []) {
        if (!isText(name) || isStill(content.digest) || supply.lacks(content, target.packageFiles).length > 0) continue;
        const bytes = Buffer.concat([...supply.chunks(content, target.packageFiles)]);
        if (sha256(bytes) !== content.digest) throw wrong(path, `makes another content than it says: ${name}`);
        yield { file: content, bytes };
      }
    },
    close,
  };
}

/** Whether it is generated, and no compressed form. */
function isText(path: string): boolean {
  return isGenerated(path) && (!path.startsWith(`${ENCODED}/`) || path.endsWith('.ndjson'));
}
