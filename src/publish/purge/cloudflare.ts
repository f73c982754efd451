import { openApi } from './api.ts';
import { beginning, isWild, parts, required, requiredId } from './cdn.ts';
import type { Cdn, Environment, PurgeRequest } from './cdn.ts';

/*
 * Cloudflare: https://developers.cloudflare.com/api/resources/cache/methods/purge/. A prefix purges a path with all its queries, and whatever
 * lies below it; a URL, that one alone.
 */

/** In one request: https://developers.cloudflare.com/cache/how-to/purge-cache/#availability-and-limits, and the page on prefixes. */
const MOST_URLS = 100;
const MOST_PREFIXES = 30;

/** Throws a `Stop` where the environment lacks the token or the zone. */
export async function openCloudflare(site: URL, environment: Environment): Promise<Cdn> {
  const token = required(environment, 'CLOUDFLARE_API_TOKEN');
  const zone = requiredId(environment, 'CLOUDFLARE_ZONE_ID');
  const address = environment['CLOUDFLARE_API_BASE_URL'] ?? 'https://api.cloudflare.com/client/v4';
  const api = await openApi({ address, headers: { authorization: `Bearer ${token}` }, secret: token });
  const request = (paths: readonly string[], body: unknown): PurgeRequest => ({
    paths,
    send: () => api.post(`/zones/${zone}/purge_cache`, body),
  });
  const base = site.pathname.replace(/\/$/, '');
  return {
    title: 'Cloudflare',
    atOnce: 1,
    requests: (paths) => [
      ...parts(paths.filter(isWild), MOST_PREFIXES).map((some) =>
        request(some, { prefixes: some.map((path) => site.host + base + beginning(path).replace(/\/$/, '')) }),
      ),
      ...parts(
        paths.filter((path) => !isWild(path)),
        MOST_URLS,
      ).map((some) => request(some, { files: some.map((path) => site.origin + base + path) })),
    ],
    close: () => api.close(),
  };
}
