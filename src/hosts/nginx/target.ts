import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stop } from '../../errors.ts';
import type { Columns } from '../../core/columns.ts';
import { replaceFolder } from '../../tree/commit/replace.ts';
import { INDEX, indexFilePath } from '../../tree/layout.ts';
import { parseNames } from '../../tree/names.ts';
import { registryConf, serverConf, standaloneConf, subPathConf, tlsConf } from './conf.ts';
import type { Places } from './conf.ts';
import { encodeSite } from './encoded.ts';
import type { EncodedFiles } from './encoded.ts';
import { mapsConf } from './maps.ts';
import type { Target, TargetSite } from '../target.ts';

/*
 * nginx with njs: a server block with the plain rules and their maps, the edge core as one njs file, the columns that it
 * preloads, and, inside the tree, the compressed forms of what it serves.
 */

/**
 * Adds the compressed forms to the tree and writes the folder with nginx's configuration. No findings. Throws a `Stop`
 * where the njs bundle was not compiled, or where a path can't stand in a configuration of nginx.
 */
export const nginxTarget: Target = async (site) => await writeNginx(site, 'all');

/** The same, with a choice of what is compressed. */
export async function writeNginx(site: TargetSite, encoded: EncodedFiles): ReturnType<Target> {
  const bundle = await readFile(njsBundle).catch(() => undefined);
  if (!bundle) throw new Stop('no-bundle', `${njsBundle} is missing`, 'npm run compile makes it');
  const index = parseNames(await readFile(join(site.folder, INDEX), 'utf8'));
  const text = await readFile(join(site.folder, indexFilePath(index.columns)), 'utf8');
  const columns = JSON.parse(text) as Columns;
  const places: Places = { ...placesOf(site), index, cache: columns.cache };
  const previous = places.site === site.folder ? undefined : places.site;
  await encodeSite(site.folder, { previous, files: encoded });
  const files: Record<string, string | Buffer> = {
    'epr.js': bundle,
    'columns.json': text,
    'maps.conf': mapsConf(site.name, columns, site.distribution.precompute.specs),
    'nginx.conf': serverConf(places),
    'registry.conf': registryConf(places),
    'sub-path.conf': subPathConf(places),
    'tls.conf': tlsConf(places),
    'standalone.conf': standaloneConf(places),
  };
  await replaceFolder({ folder: site.hostFolder, lock: site.lock }, async (temporary) => {
    for (const [name, content] of Object.entries(files)) await writeFile(join(temporary, name), content);
  });
  return { next: nextLines(places), findings: [] };
}

const njsBundle = fileURLToPath(new URL('../../../lib/hosts/nginx/epr.js', import.meta.url));

/** Where the site and nginx's folder will lie for good: side by side. */
function placesOf({ name, hostFolder }: TargetSite): Pick<Places, 'name' | 'site' | 'host'> {
  const site = join(dirname(hostFolder), name);
  const special = /["$\\\n]/.exec(site);
  if (special)
    throw new Stop(
      'bad-path',
      `${site} has ${JSON.stringify(special[0])} in it, which a configuration of nginx can't name`,
      'choose another place with --out',
    );
  return { name, site, host: hostFolder };
}

function nextLines({ name, host }: Pick<Places, 'name' | 'host'>): string[] {
  const folder = /^[\w./-]+$/.test(host) ? host : `"${host}"`;
  return [
    'sudo apt-get install --no-install-recommends nginx libnginx-mod-http-js    # once',
    `nginx -p "$(mktemp -d)" -c ${folder}/standalone.conf    # a look, on http://localhost:8080`,
    `sudo ln -sf ${folder}/nginx.conf /etc/nginx/sites-enabled/epr-${name}.conf && sudo nginx -t && sudo nginx -s reload`,
  ];
}
