import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Distribution } from '../../src/config.ts';
import type { Finding } from '../../src/errors.ts';
import { bundlePath, hosts } from '../../src/hosts/hosts.ts';
import type { HostName } from '../../src/hosts/hosts.ts';
import type { TargetSite } from '../../src/hosts/target.ts';
import { readConfig } from '../support/config.ts';
import { noOthers } from '../support/lock.ts';
import { writeTarget } from '../support/target.ts';

/** Writes the folder of a host for a built site. Gives what the host has to say of the site. */
export async function writeHostFolder(
  host: HostName,
  { folder, hostFolder, name, serving }: Pick<TargetSite, 'folder' | 'hostFolder' | 'name' | 'serving'>,
): Promise<readonly Finding[]> {
  const distribution = await anyDistribution();
  const site = { folder, name, distribution, hostFolder, bundle: bundlePath(host), serving, lock: noOthers };
  return (await writeTarget(await hosts[host].target(), site)).findings;
}

/** A distribution with every default. */
async function anyDistribution(): Promise<Distribution> {
  const root = mkdtempSync(join(tmpdir(), 'epr-static-any-'));
  const config = join(root, 'distributions.yml');
  writeFileSync(config, 'registry: 1.40.1\nstorage: .\nlayers: {one: {}}\ndistributions: {any: {layers: [one]}}\n');
  const distribution = await readConfig({ config, dist: 'any' });
  rmSync(root, { recursive: true });
  return distribution;
}
