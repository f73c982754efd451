import { openApi } from './api.ts';
import { beginning, isWild, parts, required, requiredId } from './cdn.ts';
import type { Cdn, Environment, PurgeRequest } from './cdn.ts';

/*
 * Fastly: https://www.fastly.com/documentation/reference/api/purging/. It knows no prefixes: answers that differ by their query, or lie below
 * a path, carry a surrogate key, which the service gives them (docs/publish.md).
 */

/** Keys of one request, by the reference of the API. */
const MOST_KEYS = 256;

/** Throws a `Stop` where the environment lacks the token or the service. */
export async function openFastly(site: URL, environment: Environment): Promise<Cdn> {
  const token = required(environment, 'FASTLY_API_TOKEN');
  const service = requiredId(environment, 'FASTLY_SERVICE_ID');
  const address = environment['FASTLY_API_ENDPOINT'] ?? 'https://api.fastly.com';
  const api = await openApi({ address, headers: { 'fastly-key': token }, secret: token });
  const base = site.pathname.replace(/\/$/, '');
  const request = (paths: readonly string[], path: string, body?: unknown): PurgeRequest => ({
    paths,
    send: () => api.post(path, body),
  });
  return {
    title: 'Fastly',
    atOnce: 8,
    requests: (paths) => {
      if (paths.includes('/*')) return [request(paths, `/service/${service}/purge_all`)];
      const wild = parts(paths.filter(isWild), MOST_KEYS).map((some) =>
        request(some, `/service/${service}/purge`, { surrogate_keys: some.map(surrogateKey) }),
      );
      const single = paths.filter((path) => !isWild(path));
      return [...wild, ...single.map((path) => request([path], `/purge/${site.host}${base}${path}`))];
    },
    close: () => api.close(),
  };
}

/** `search`, `package/nginx/1.2.0`: the path without the slashes around it. */
function surrogateKey(path: string): string {
  return beginning(path).replaceAll(/^\/|\/$/g, '');
}
