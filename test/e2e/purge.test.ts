import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { PublishReport } from '../../src/commands/publish/run.ts';
import type { PurgeVerbReport } from '../../src/commands/purge/run.ts';
import type { RollbackReport } from '../../src/commands/rollback/run.ts';
import type { PurgeList } from '../../src/publish/purge/purge-list.ts';
import { startStandIn } from '../support/cdn.ts';
import type { StandIn } from '../support/cdn.ts';
import { run, start } from '../support/cli.ts';
import { ask, buildSites, folderPlace, home, publish, sites } from '../support/places.ts';
import type { Place } from '../support/places.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';

/* What caches have to forget when another release becomes current: the list, and how CDNs are told. */

buildSites();

const SITE = ['--site', 'https://packages.example.org/epr/', '--purge-after', '0s'];
const TOKEN = 'a-secret-token';

let cdn: StandIn;
beforeAll(async () => {
  cdn = await startStandIn();
});
beforeEach(() => {
  cdn.asked.length = 0;
  cdn.answers.length = 0;
});
afterAll(() => cdn.stop());

function environment(): Record<string, string> {
  return {
    CLOUDFLARE_API_BASE_URL: cdn.address,
    CLOUDFLARE_API_TOKEN: TOKEN,
    CLOUDFLARE_ZONE_ID: 'zone',
    FASTLY_API_ENDPOINT: cdn.address,
    FASTLY_API_TOKEN: TOKEN,
    FASTLY_SERVICE_ID: 'service',
    AWS_ENDPOINT_URL_CLOUDFRONT: cdn.address,
    AWS_ACCESS_KEY_ID: 'tester',
    AWS_SECRET_ACCESS_KEY: TOKEN,
    CLOUDFRONT_DISTRIBUTION_ID: 'D1',
  };
}

/** A folder store, whose commands can reach the stand-in. */
function place(name: string): Place {
  return { ...folderPlace(name), env: environment() };
}

/** From site two to three, and back but for what three has more. */
const CHANGED = {
  everything: [],
  answers: ['/search*', '/categories*', '/_registry/release.json'],
  indexes: [],
  pages: [],
  files: ['/package/acme/1.0.0/docs/README.md'],
  zips: ['/epr/acme/acme-1.0.0.zip', '/epr/package/acme-1.0.0.zip'],
  signatures: [],
  copied: [],
};

test('the list has what answers otherwise, and nothing else', async () => {
  const store = place('list');
  const file = join(home, 'lists/purge.json');
  const list = (): PurgeList => JSON.parse(readFileSync(file, 'utf8')) as PurgeList;
  const one = await publish(store, 'one', '--purge-list', file);
  expect(list()).toMatchObject({ from: null, to: one.release, paths: { everything: ['/*'], answers: [] } });
  const two = await publish(store, 'two', '--purge-list', file);
  const readme = { ...CHANGED, answers: ['/_registry/release.json'] };
  expect(list()).toEqual({ format: 1, from: one.release, to: two.release, paths: readme });
  await publish(store, 'three', '--purge-list', file);
  expect(list().paths).toEqual(CHANGED);
  const back = await ask<RollbackReport>(store, 'rollback', two.release, '--at', store.url, '--purge-list', file);
  expect(back.purged?.list).toEqual(list());
  expect(list().paths).toEqual({
    ...CHANGED,
    indexes: ['/package/more/1.0.0/'],
    files: [...CHANGED.files, '/package/more/1.0.0/*'],
    zips: [...CHANGED.zips, '/epr/more/more-1.0.0.zip', '/epr/package/more-1.0.0.zip'],
  });
  const again = await ask<PurgeVerbReport>(store, 'purge', '--at', store.url, '--since', one.release);
  expect(again.purged?.list).toEqual({ format: 1, from: one.release, to: two.release, paths: readme });
  expect((await ask<PurgeVerbReport>(store, 'purge', '--at', store.url)).purged?.list).toEqual(list());
  expect(cdn.asked).toEqual([]);
  const gone = await run(['purge', '--at', store.url, '--since', 'gone'], { cwd: home });
  expect(gone).toMatchObject({ status: 2, stderr: expect.stringContaining('purge everything, with --all') as string });
});

test('where too much has changed to name it, everything goes', async () => {
  const store = place('many');
  const list: PurgeList[] = [];
  for (const text of ['one', 'two']) {
    const files = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`docs/${i}.md`, text]));
    writeFiles(home, {
      'content/many.yml': distributions('../many', ['main']),
      ...under('many/main/packages', packageFiles('acme', '1.0.0', files)),
    });
    const built = await run(['build', '-c', 'content/many.yml', '--dist', 'all', '--out', 'many-out'], { cwd: home });
    expect(built, built.stderr).toMatchObject({ status: 0 });
    const args = ['publish', '--dir', 'many-out/all', '--to', store.url, '--purge-list', 'many.json'];
    expect(await run(args, { cwd: home })).toMatchObject({ status: 0 });
    list.push(JSON.parse(readFileSync(join(home, 'many.json'), 'utf8')) as PurgeList);
  }
  expect(list[1]?.from).toBe(list[0]?.to);
  expect(list[1]?.paths).toEqual(list[0]?.paths);
});

test('Cloudflare gets prefixes and URLs', async () => {
  const store = place('cloudflare');
  await publish(store, 'two');
  const report = await publish(store, 'three', '--purge', 'cloudflare', ...SITE);
  expect(report.purged?.sent).toEqual({ requests: 2, paths: 6 });
  expect(cdn.asked.map(({ request, body }) => [request, JSON.parse(body) as unknown])).toEqual([
    [
      'POST /zones/zone/purge_cache',
      { prefixes: ['packages.example.org/epr/search', 'packages.example.org/epr/categories'] },
    ],
    [
      'POST /zones/zone/purge_cache',
      {
        files: ['/_registry/release.json', ...CHANGED.files, ...CHANGED.zips].map(
          (path) => `https://packages.example.org/epr${path}`,
        ),
      },
    ],
  ]);
  expect(cdn.asked[0]?.headers['authorization']).toBe(`Bearer ${TOKEN}`);
});

test('Fastly gets surrogate keys and URLs', async () => {
  const store = place('fastly');
  await publish(store, 'two');
  await publish(store, 'three', '--purge', 'fastly', ...SITE);
  const [keys, ...urls] = cdn.asked;
  expect([keys?.request, keys?.body]).toEqual([
    'POST /service/service/purge',
    '{"surrogate_keys":["search","categories"]}',
  ]);
  expect(urls.map(({ request }) => request).toSorted()).toEqual(
    ['/_registry/release.json', ...CHANGED.files, ...CHANGED.zips]
      .map((path) => `POST /purge/packages.example.org/epr${path}`)
      .toSorted(),
  );
  expect(keys?.headers['fastly-key']).toBe(TOKEN);
  cdn.asked.length = 0;
  await ask(store, 'purge', '--at', store.url, '--all', '--purge', 'fastly', ...SITE);
  expect(cdn.asked.map(({ request }) => request)).toEqual(['POST /service/service/purge_all']);
});

test('CloudFront gets invalidations, and one that has no room is tried again as the same one', async () => {
  const store = place('cloudfront');
  await publish(store, 'two');
  cdn.answers.push({ status: 503 });
  await publish(store, 'three', '--purge', 'cloudfront', ...SITE);
  expect(cdn.asked.map(({ request }) => request)).toEqual(
    Array(3).fill('POST /2020-05-31/distribution/D1/invalidation'),
  );
  const [first, second, third] = cdn.asked.map(({ body }) => body);
  expect(second).toBe(first);
  const paths = [second, third].map((body) =>
    [...(body ?? '').matchAll(/<Path>(.*?)<\/Path>/g)].map(([, path]) => path),
  );
  expect(paths).toEqual([
    ['/epr/search*', '/epr/categories*'],
    ['/_registry/release.json', ...CHANGED.files, ...CHANGED.zips].map((path) => `/epr${path}`),
  ]);
});

test('a purge that fails is reported, and the release stays current', async () => {
  const store = place('failing');
  await publish(store, 'two');
  const args = ['publish', '--dir', sites.three, '--to', store.url, '--purge', 'cloudflare', ...SITE];
  cdn.answers.push({ status: 429, headers: { 'retry-after': '1' } }, 'drop', {
    status: 403,
    body: `{"success":false,"errors":[{"code":9109,"message":"no ${TOKEN}"}]}`,
  });
  const ended = await run([...args, '--json'], { cwd: home, env: store.env });
  const report = JSON.parse(ended.stdout) as PublishReport;
  expect([ended.status, report.outcome, cdn.asked.length]).toEqual([1, 'published', 3]);
  expect(report.findings).toEqual([
    {
      code: 'purge-failed',
      where: 'cloudflare',
      text: 'Cloudflare answers 403: no …; 0 of 6 URLs are purged',
      level: 'error',
    },
  ]);
  expect(ended.stdout + ended.stderr).not.toContain(TOKEN);
  const [next = ''] = report.next;
  expect(next).toContain(`purge --at ${store.url} --purge cloudflare --site ${SITE[1]}`);
  const again = next.slice(next.indexOf('purge --at')).split(' ');
  const second = await ask<PurgeVerbReport>(store, ...(again as [string]), '--purge-after', '0s');
  expect(second.purged?.sent).toEqual({ requests: 2, paths: 6 });
  const shown = await run(['rollback', '--at', store.url, '--purge', 'cloudflare', ...SITE], {
    cwd: home,
    env: store.env,
  });
  expect(shown).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('cloudflare purged 10 URLs by 2 requests') as string,
  });
});

test('what a purge needs is asked for before anything changes', async () => {
  const store = place('refused');
  const publishing = ['publish', '--dir', sites.one, '--to', store.url];
  const refusals: [args: string[], env: Record<string, string>, text: string][] = [
    [['--purge', 'cloudflare', ...SITE], { CLOUDFLARE_API_TOKEN: '' }, 'CLOUDFLARE_API_TOKEN is not set'],
    [
      ['--purge', 'fastly', ...SITE],
      { FASTLY_API_TOKEN: `${TOKEN}\n` },
      "FASTLY_API_TOKEN holds characters that it can't have",
    ],
    [
      ['--purge', 'cloudfront', ...SITE],
      { CLOUDFRONT_DISTRIBUTION_ID: '../D1' },
      'CLOUDFRONT_DISTRIBUTION_ID is no id',
    ],
    [['--purge', 'cloudflare'], {}, '--purge needs --site'],
    [['--purge', 'cloudflare', '--site', 'packages'], {}, 'packages is no URL of a site'],
  ];
  for (const [args, env, text] of refusals) {
    const ended = await run([...publishing, ...args], { cwd: home, env: { ...store.env, ...env } });
    expect(ended).toMatchObject({ status: 2, stderr: expect.stringContaining(text) as string });
    expect(ended.stderr).not.toContain(TOKEN);
  }
  expect(await (await store.store()).read('current.json')).toBeUndefined();
});

test('readers may have the release before for a while, and the purge waits for them', async () => {
  const store = place('waiting');
  await publish(store, 'two');
  const args = [
    'publish',
    '--dir',
    sites.three,
    '--to',
    store.url,
    '--purge',
    'cloudflare',
    '--site',
    'https://example.org',
  ];
  const { child, finished } = start(args, { cwd: home, env: store.env });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
    if (said.includes('Waiting 10 s until readers have the release')) child.kill();
  });
  await finished;
  expect([said.includes('before Cloudflare is purged'), cdn.asked]).toEqual([true, []]);
  const again = async (): Promise<PublishReport> =>
    await ask<PublishReport>(store, ...(args as [string]), '--purge-after', '0s');
  const next = await again();
  expect([next.outcome, next.purged?.list.paths, next.purged?.sent?.paths]).toEqual(['unchanged', CHANGED, 6]);
  cdn.asked.length = 0;
  expect([(await again()).purged, cdn.asked]).toEqual([undefined, []]);
});

test('a purge makes up for all that were left out', async () => {
  const store = place('left-out');
  const purging = ['--purge', 'cloudflare', ...SITE];
  const lists = async (verb: string, ...args: string[]): Promise<PurgeList | undefined> =>
    (await ask<PurgeVerbReport>(store, verb, '--at', store.url, ...args, ...purging)).purged?.list;
  const one = await publish(store, 'one');
  const two = await publish(store, 'two', ...purging);
  await publish(store, 'three');
  expect(await lists('rollback', two.release)).toMatchObject({ paths: { indexes: ['/package/more/1.0.0/'] } });
  expect(await lists('rollback', two.release)).toBeUndefined();
  await publish(store, 'one');
  const three = await publish(store, 'three', ...purging);
  expect(three.purged?.list).toMatchObject({ from: two.release, to: three.release });
  expect(three.purged?.list.paths.files).toEqual(CHANGED.files);
  await ask(store, 'rollback', one.release, '--at', store.url);
  await publish(store, 'two');
  await ask(store, 'prune', '--at', store.url, '--yes', '--keep', '0', '--older-than', '0s', '--grace', '0s');
  expect((await publish(store, 'two', ...purging)).purged?.list.paths).toMatchObject({ everything: ['/*'] });
  expect((await publish(store, 'two', ...purging)).purged).toBeUndefined();
});
