import { shellQuote } from '../../command-line.ts';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Columns } from '../../core/columns.ts';
import { INDEX, indexFilePath } from '../../tree/layout.ts';
import { parseNames } from '../../tree/names.ts';
import { registryConf, serverConf, standaloneConf, subPathConf, tlsConf } from './conf.ts';
import { refuseSpecial } from './places.ts';
import type { Places } from './places.ts';
import { mapsConf } from './maps.ts';
import { updateFiles } from '../asset-folder.ts';
import { readBundle } from '../bundles.ts';
import { USUAL_SERVING } from '../target.ts';
import type { Target, TargetSite } from '../target.ts';

/*
 * nginx with njs: a server block with the plain rules and their maps, the edge core as one njs file, the columns that
 * it preloads, and, inside the site, the compressed forms of the files that it serves.
 */

/** Refuses nothing. Throws a `Stop` where the njs bundle was not compiled, or where a path can't stand in a configuration of nginx. */
export const nginxTarget: Target = {
  hasForms: true,
  refusals: async (site) => {
    placesOf(site);
    await readBundle(site.bundle);
    return [];
  },
  write: async (site) => {
    const index = parseNames(await readFile(join(site.folder, INDEX), 'utf8'));
    const text = await readFile(join(site.folder, indexFilePath(index.columns)), 'utf8');
    const columns = JSON.parse(text) as Columns;
    const places = placesOf(site);
    const files = {
      'columns.json': text,
      'maps.conf': mapsConf(site.name, columns, index),
      'nginx.conf': serverConf(places),
      'registry.conf': registryConf(places),
      'sub-path.conf': subPathConf(places),
      'tls.conf': tlsConf(places),
      'standalone.conf': standaloneConf(places),
    };
    const texts = Object.entries(files).map(([name, content]) => [name, Buffer.from(content)] as const);
    await updateFiles(site, new Map([['epr.js', await readBundle(site.bundle)], ...texts]));
    return nextLines(places, site.hostFolder);
  },
};

/** Where the site and nginx's folder will lie for good: side by side. */
function placesOf({ name, hostFolder, serving = USUAL_SERVING }: TargetSite): Places {
  const folder = serving.root ?? dirname(hostFolder);
  const places = { name, site: join(folder, name), host: join(folder, basename(hostFolder)) };
  refuseSpecial(places.host);
  return { ...places, prefix: serving.prefix, port: serving.port };
}

function nextLines({ name, host, port, prefix }: Places, built: string): string[] {
  const [folder, conf] = [dirname(built), `${basename(built)}/standalone.conf`].map(shellQuote);
  return [
    'sudo apt-get install --no-install-recommends nginx libnginx-mod-http-js    # once',
    `nginx -p ${folder} -c ${conf}    # a look, on http://localhost:${port}${prefix}`,
    `sudo ln -sf ${shellQuote(`${host}/nginx.conf`)} /etc/nginx/sites-enabled/epr-${name}.conf && sudo nginx -t && sudo nginx -s reload`,
  ];
}
