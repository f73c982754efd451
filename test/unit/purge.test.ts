import { describe, expect, test } from 'vitest';
import { openCloudflare } from '../../src/publish/purge/cloudflare.ts';
import { openCloudFront } from '../../src/publish/purge/cloudfront.ts';
import { openFastly } from '../../src/publish/purge/fastly.ts';

/* How the paths of a purge list are shared out among requests. */

const site = new URL('https://packages.example.org');
const environment = {
  CLOUDFLARE_API_TOKEN: 'token',
  CLOUDFLARE_ZONE_ID: 'zone',
  FASTLY_API_TOKEN: 'token',
  FASTLY_SERVICE_ID: 'service',
  CLOUDFRONT_DISTRIBUTION_ID: 'D1',
};

const wild = Array.from({ length: 31 }, (_, i) => `/package/a/${i}.0.0/*`);
const single = Array.from({ length: 101 }, (_, i) => `/package/a/${i}.0.0/`);

describe('no request is larger than its CDN takes', () => {
  test.each([
    ['Cloudflare', openCloudflare, [30, 1, 100, 1]],
    ['Fastly', openFastly, [31, ...single.map(() => 1)]],
    ['CloudFront', openCloudFront, [15, 15, 1, 101]],
  ] as const)('%s', async (title, open, sizes) => {
    const cdn = await open(site, environment);
    const requests = cdn.requests([...single, ...wild]);
    expect([cdn.title, requests.map(({ paths }) => paths.length)]).toEqual([title, sizes]);
    expect(new Set(requests.flatMap(({ paths }) => paths))).toEqual(new Set([...wild, ...single]));
    expect(cdn.requests([])).toEqual([]);
    await cdn.close();
  });
});
