import { readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { fetchHandler } from '../../src/hosts/fetch/handler.ts';
import { folderFiles } from '../../src/hosts/fetch/folder-files.ts';
import { buildSite } from '../support/contract.ts';

/* What hosts of the Fetch standard answer where a file can't be read: never that it isn't there. */

const storage = fileURLToPath(new URL('../../content/storage', import.meta.url));
const FILE = '/package/cron_watch/1.0.0/manifest.yml';
const LIST = '_registry/files/cron_watch/1.0.0.json';
const UNREADABLE = [503, 'a file of this registry can not be read\n', 'max-age=0, private, no-store'];

let built: Awaited<ReturnType<typeof buildSite>>;
let log: string[];

beforeAll(async () => {
  built = await buildSite(storage, { name: 'staging', layers: ['staging', 'production'] });
});
afterAll(() => built.remove());
beforeEach(() => {
  log = [];
});
afterEach(() => vi.restoreAllMocks());

async function told(response: Response): Promise<unknown[]> {
  return [response.status, await response.text(), response.headers.get('cache-control')];
}

const ask = async (path: string): Promise<Response> =>
  await fetchHandler(folderFiles(built.folder), (line) => log.push(line))(new Request(`http://localhost${path}`));

/** Runs `use` while a link to itself, which even root can't read, is in the place of a file. */
async function whileUnreadable(path: string, use: () => Promise<void>): Promise<void> {
  const place = join(built.folder, path);
  const bytes = readFileSync(place);
  unlinkSync(place);
  symlinkSync(place, place);
  try {
    await use();
  } finally {
    unlinkSync(place);
    writeFileSync(place, bytes);
  }
}

describe('files of a folder', () => {
  test.each([
    [FILE, FILE.slice(1)],
    [FILE, LIST],
    ['/package/cron_watch/1.0.0/', '_registry/package/cron_watch/1.0.0.json'],
  ])('%s is a 503 while %s can not be read, and the log names that', async (path, file) => {
    await whileUnreadable(file, async () => {
      expect(await told(await ask(path))).toEqual(UNREADABLE);
      expect(log).toEqual([expect.stringContaining(`${join(built.folder, file)} can't be read: ELOOP`)]);
    });
    expect((await ask(path)).status).toBe(200);
    expect(log).toHaveLength(1);
  });

  test('nothing but /health is there while the index can not be read', async () => {
    await whileUnreadable('_registry/index.json', async () => {
      expect((await told(await ask('/search')))[0]).toBe(503);
      expect(log).toEqual([
        expect.stringContaining(`${join(built.folder, '_registry/index.json')} can't be read: ELOOP`),
      ]);
      expect((await ask('/health')).status).toBe(200);
    });
  });

  test('a file that is not there, or whose name no file system holds, is a 404', async () => {
    expect((await ask('/package/cron_watch/9.9.9/')).status).toBe(404);
    expect((await ask(`/package/${'a'.repeat(300)}/1.0.0/`)).status).toBe(404);
    expect(log).toEqual([]);
  });
});

test('without a function that tells the state of a site, two of its files do', async () => {
  const { bytes, range } = folderFiles(built.folder);
  const own = async (path: string): Promise<Uint8Array | undefined> =>
    path === '_registry/index.json' && isGone ? undefined : await bytes(path);
  let isGone = true;
  const handler = fetchHandler({ bytes: own, range }, (line) => log.push(line));
  expect((await handler(new Request('http://localhost/search'))).status).toBe(503);
  isGone = false;
  for (let status = 503; status !== 200; await pause(20))
    ({ status } = await handler(new Request('http://localhost/search')));
  expect(log).toEqual([]);
});

test('anything else that goes wrong is a 500, and in the log', async () => {
  const files = folderFiles(built.folder);
  const broken = { ...files, bytes: async () => await Promise.reject(new TypeError('a bug')) };
  const response = await fetchHandler(broken, (line) => log.push(line))(new Request('http://localhost/search'));
  expect(await told(response)).toEqual([500, 'internal error\n', 'max-age=0, private, no-store']);
  expect(log).toEqual([expect.stringMatching(/^TypeError: a bug\n {4}at /)]);
});

/** What a host's storage of files answers: the site's file, or for one of them something else. */
function answering(file: string, other: () => Promise<Response>): Files {
  return async (url) => {
    const path = decodeURIComponent(new URL(url).pathname).slice(1);
    if (path === file) return await other();
    return new Response(new Uint8Array(readFileSync(join(built.folder, path))));
  };
}

type Files = (url: string) => Promise<Response>;

/** Each as it starts, since both keep what they have loaded. */
const hosts = {
  Netlify: async (files: Files) => {
    const { default: registry } = await import('../../src/hosts/netlify/functions/registry.ts');
    return await registry(new Request(`http://localhost${FILE}`), { next: async ({ url }) => await files(url) });
  },
  Cloudflare: async (files: Files) => {
    const { default: worker } = await import('../../src/hosts/cloudflare/worker.ts');
    return await worker.fetch(new Request(`http://localhost${FILE}`), { ASSETS: { fetch: files } });
  },
};

describe.each(Object.entries(hosts))('%s', (name, ask) => {
  beforeEach(() => {
    vi.resetModules();
    vi.spyOn(console, 'error').mockImplementation((line: string) => log.push(line));
  });

  test.each([
    ['answers 503', async () => new Response('', { status: 503 })],
    ['is out of reach', async () => await Promise.reject(new TypeError('fetch failed'))],
  ])('a file whose storage %s is a 503, and the log names it', async (_, other) => {
    expect(await told(await ask(answering(LIST, other)))).toEqual(UNREADABLE);
    expect(log).toEqual([expect.stringMatching(/^_registry\/files\/cron_watch\/1\.0\.0\.json can't be read: /)]);
  });

  test(`a file that ${name} doesn't have is a 404`, async () => {
    expect((await ask(answering(LIST, async () => new Response('', { status: 404 })))).status).toBe(404);
    expect(log).toEqual([]);
  });
});
