import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isUrl, readConfig } from '../config.ts';
import type { ConfigPlace, Distribution } from '../config.ts';
import { Stop } from '../errors.ts';
import { git, withoutCredentials } from '../storage/git/command.ts';
import { locateStorage } from '../storage/open.ts';
import { findBuildConfig } from './find-config.ts';
import type { FindBuildOptions } from './find-config.ts';

/**
 * The files and folders that a build of a distribution reads and that somebody may change: the distributions file and what lies beside
 * it, the layers of a folder, the refs of a git repository. They need not exist. Throws a `Stop` if the storage is a URL, or as
 * `readConfig` and `locateStorage` do.
 */
export async function watchedPaths(
  options: FindBuildOptions & { readonly dist?: string | undefined },
): Promise<string[]> {
  if (options.storage !== undefined) refuseUrl(options.storage);
  const { config } = await findBuildConfig({ ...options, offline: true });
  const distribution = await readConfig({ ...options, config });
  const own = fileURLToPath(new URL('../../content/', import.meta.url));
  const folders = distribution.staticFolders.filter((folder) => !folder.startsWith(own));
  return [...configFiles(config.place), ...folders, ...(await storagePaths(distribution, options))];
}

function configFiles(config: ConfigPlace): string[] {
  if (typeof config === 'string')
    return [config, ...['categories.yml', 'ingestion-methods.yml'].map((name) => join(dirname(config), name))];
  const names = ['distributions.yml', 'categories.yml', 'ingestion-methods.yml'];
  return ['', 'content'].flatMap((folder) => names.map((name) => join(config.location, folder, name)));
}

async function storagePaths({ storage, layers }: Distribution, { cache }: FindBuildOptions): Promise<string[]> {
  if (storage === undefined) return [];
  refuseUrl(storage);
  const { kind, folder, isClone } = await locateStorage(storage, { isUrl: false, cache, offline: true });
  if (isClone) return [resolve(storage)];
  if (kind === 'directory')
    return layers.flatMap((layer) => (layer.kind === 'storage' ? join(folder, layer.ref, layer.packages) : []));
  const printed = await git(['-C', folder, 'rev-parse', '--git-common-dir']);
  const repository = resolve(folder, printed.trimEnd());
  return ['HEAD', 'packed-refs', 'refs'].map((name) => join(repository, name));
}

function refuseUrl(storage: string): void {
  if (!isUrl(storage)) return;
  const hint = 'clone it, and name the clone with --storage';
  throw new Stop('not-watched', `${withoutCredentials(storage)} can't be watched`, hint);
}
