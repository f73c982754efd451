import { lstatSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Finding } from '../../errors.ts';
import { hostFolder, hostNames, hosts } from '../../hosts/hosts.ts';
import type { Host } from '../../hosts/hosts.ts';
import type { SiteFile } from '../../tree/manifest.ts';
import { changed, missing } from './findings.ts';
import type { FileReader } from './read-file.ts';

/*
 * The files of a site as the folder of a host holds them.
 */

/** Where a host has the files of a site. */
export interface AssetPlace {
  /** Its absolute path. */
  readonly folder: string;
  /** What findings call it, such as `staging.netlify/site`. */
  readonly name: string;
  readonly assetOf: (path: string, digest: string) => string;
  /** The paths among the assets that were checked. */
  readonly checked: Set<string>;
}

/** The folders beside a site that hold its files for a host. */
export function assetPlaces(site: string): AssetPlace[] {
  return hostNames.flatMap((name) => {
    const { assets }: Host = hosts[name];
    const folder = hostFolder(site, name);
    if (!assets || !lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
    return [
      {
        folder: join(folder, assets.folder),
        name: `${basename(folder)}/${assets.folder}`,
        assetOf: assets.assetOf,
        checked: new Set<string>(),
      },
    ];
  });
}

/** What is wrong with a site's file among the assets of a host. `source` is its place in the site. */
export function assetFindings(
  place: AssetPlace,
  { path, size, digest }: Pick<SiteFile, 'path' | 'size' | 'digest'>,
  { source, reader }: { readonly source: string; readonly reader: FileReader },
): Finding[] {
  const asset = place.assetOf(path, digest);
  if (place.checked.has(asset)) return [];
  place.checked.add(asset);
  const [full, where] = [join(place.folder, asset), `${place.name}/${asset}`];
  const stats = lstatSync(full, { throwIfNoEntry: false });
  if (!stats) return [missing(where, `the host needs it for ${path}`)];
  if (!stats.isFile()) return [changed(where, 'is not a file')];
  if (reader.isSame(source, full)) return [];
  const facts = reader.facts(full);
  if (typeof facts === 'string') return [changed(where, facts)];
  return facts.size === size && facts.digest === digest ? [] : [changed(where, `has other content than ${path}`)];
}
