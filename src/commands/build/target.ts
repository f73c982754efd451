import type { Finding } from '../../errors.ts';
import { forgetRecord } from '../../hosts/asset-folder.ts';
import { bundlePath, hostFolder, hosts } from '../../hosts/hosts.ts';
import type { HostName } from '../../hosts/hosts.ts';
import type { Since, TargetSite } from '../../hosts/target.ts';

/** The target of a build's host. */
export interface LoadedTarget {
  readonly hasForms: boolean;
  refusals(tree: string): Promise<readonly Finding[]>;
  /** With `isAnew`, nothing that is in the host's folder stays. */
  write(since: Since | undefined, isAnew: boolean): Promise<readonly string[]>;
}

/** Loads a target. What it refuses of the site that is made last is what it learns when it writes. */
export async function loadTarget(
  name: HostName,
  place: Omit<TargetSite, 'hostFolder' | 'bundle'>,
): Promise<LoadedTarget> {
  const target = await hosts[name].target();
  const site = { ...place, hostFolder: hostFolder(place.folder, name), bundle: bundlePath(name) };
  let findings: readonly Finding[] = [];
  return {
    hasForms: target.hasForms,
    refusals: async (tree) => (findings = await target.refusals(site, tree)),
    write: async (since, isAnew) => {
      if (isAnew) forgetRecord(site.hostFolder);
      return await target.write(site, { findings, since });
    },
  };
}
