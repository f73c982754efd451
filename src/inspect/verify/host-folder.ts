import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Finding } from '../../errors.ts';
import { readRecord } from '../../hosts/asset-folder.ts';
import { hostFolder, hosts } from '../../hosts/hosts.ts';
import type { Host, HostName } from '../../hosts/hosts.ts';
import { HOST_RECORD, RELEASE } from '../../tree/layout.ts';
import { eachPackage } from '../../tree/manifest.ts';
import { treeDigest } from '../../tree/manifest-digests.ts';
import { readRelease } from '../../tree/release.ts';
import { isFile, walkDisk } from './disk.ts';
import { changed, extra, missing } from './findings.ts';
import { readLines } from './site-files.ts';
import type { CheckedSite } from './site-files.ts';
import { enumerated } from '../../near-match.ts';

/*
 * Checks the folder of a host beside a site: its own files by its record, and that it holds no others. What it holds of the site's files is
 * checked with these (`assets.ts`).
 */

/** What is wrong with the folder of a host; nothing where there is none. */
export async function hostFindings({ folder, reader }: CheckedSite, host: HostName): Promise<Finding[]> {
  const place = hostFolder(folder, host);
  if (!existsSync(place)) return [];
  const name = basename(place);
  const assets = await assetsOf(folder, host);
  const disk = new Map([...walkDisk(place, '', isOfTool)].map((entry) => [entry.path, entry]));
  const record = isFile(join(place, HOST_RECORD)) ? readRecord(place) : undefined;
  if (!record) {
    const files = [...disk.values()].filter(
      ({ path, kind }) => kind !== 'folder' && path !== HOST_RECORD && !assets.has(path),
    );
    const unchecked = enumerated(files.map(({ path }) => path));
    return [
      changed(`${name}/${HOST_RECORD}`, `is not what a build writes, so these files can't be checked: ${unchecked}`),
    ];
  }
  const own = Object.entries(record.files).flatMap(([path, digest]) => {
    const where = `${name}/${path}`;
    const entry = disk.get(path);
    if (!entry) return [missing(where, `${HOST_RECORD} lists it`)];
    const facts = entry.kind === 'file' ? reader.facts(join(place, path)) : 'is not a file';
    if (typeof facts === 'string') return [changed(where, facts)];
    return facts.digest === digest ? [] : [changed(where, 'is not what the build has written')];
  });
  const release = await readRelease(folder);
  if (release && record.manifest !== treeDigest(release))
    return [
      {
        code: 'host-stale',
        where: name,
        text: `is of another build than the site; build again with --target ${host}`,
        level: 'error',
      },
      ...own,
    ];
  const known = new Set([HOST_RECORD, ...Object.keys(record.files), ...assets]);
  const others = [...disk.values()].filter(
    ({ path, kind, isEmpty }) => (kind !== 'folder' || isEmpty) && !known.has(path),
  );
  return [...own, ...others.map(({ path }) => extra(`${name}/${path}`, 'no build has written it'))];
}

/** The tools of hosts keep what they need in such folders beside their configuration. */
function isOfTool(path: string): boolean {
  return /^\.[^/]+$/.test(path);
}

async function assetsOf(folder: string, name: HostName): Promise<Set<string>> {
  const { assets }: Host = hosts[name];
  const paths = new Set<string>();
  if (!assets) return paths;
  for await (const { lines } of eachPackage(folder))
    for (const { path, digest } of readLines(lines).files.values())
      paths.add(join(assets.folder, assets.assetOf(path, digest)));
  return paths.add(join(assets.folder, RELEASE));
}
