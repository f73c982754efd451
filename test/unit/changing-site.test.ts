import { readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fetchHandler } from '../../src/hosts/fetch/handler.ts';
import { folderFiles } from '../../src/hosts/fetch/folder-files.ts';
import {
  ACME,
  answersOf,
  BIG,
  copyOf,
  folderHosts,
  generated,
  README,
  SEARCHES,
  SIGNATURE,
  TARGETS,
  workshop,
  ZIP,
} from '../support/changing-site.ts';
import type { FolderHost } from '../support/changing-site.ts';

/* What hosts answer over a site in a folder that somebody damages, mends, replaces, extends or takes away. */

const shop = workshop();
let [siteA, siteB] = ['', ''];
/** The answers over both, by target. */
let whole: Map<string, string>[];
let count = 0;
let site: string;
let host: FolderHost;

beforeAll(async () => {
  siteA = copyOf(await shop.build('a-site'), join(shop.root, 'a'));
  siteB = copyOf(await shop.build('b-site'), join(shop.root, 'b'));
  whole = [await answersOf(siteA), await answersOf(siteB)];
});
afterAll(() => shop.remove());
beforeEach(() => {
  site = copyOf(siteA, join(shop.root, `site-${count++}`));
});
afterEach(() => host.stop());

test('the two sites differ in every answer', async () => {
  host = await start('serve');
  for (const target of TARGETS.filter((one) => one !== '/categories'))
    expect(whole[0]?.get(target), target).not.toBe(whole[1]?.get(target));
});

async function start(name: string): Promise<FolderHost> {
  return await (folderHosts[name] as (folder: string) => Promise<FolderHost>)(site);
}

/** Asks until the answer to a target is the one over a site. */
async function until(target: string, answers: Map<string, string> | undefined): Promise<void> {
  for (let got = ''; got !== answers?.get(target); await pause(20)) got = JSON.stringify(await host.ask(target));
}

const damages: readonly [what: string, do_: (place: string) => void][] = [
  ['cut short', (place) => truncateSync(place, readFileSync(place).length - 1)],
  ['empty', (place) => truncateSync(place, 0)],
  ['longer', (place) => writeFileSync(place, Buffer.concat([readFileSync(place), Buffer.from('\n')]))],
  ['altered', alter],
];

function alter(place: string): void {
  const bytes = readFileSync(place);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(place, bytes);
}

/** What is damaged, a target that needs it, and its path. */
const classes: readonly [what: string, target: string, path: (site: string) => string][] = [
  ['a precomputed answer', '/search', () => ''],
  ['the columns', SEARCHES[1] ?? '', (at) => generated(at, '', 'columns-')],
  ['the rows', SEARCHES[1] ?? '', (at) => generated(at, '', 'rows-')],
  ['a page', ACME, () => '_registry/package/acme/1.0.0.json'],
  ['a file list', README, () => '_registry/files/acme/1.0.0.json'],
  ['the list of copied files', '/favicon.ico', () => '_registry/files/static.json'],
  ['a file', README, () => README.slice(1)],
  ['a large file', BIG, () => BIG.slice(1)],
  ['a zip', ZIP, () => ZIP.slice(1)],
  ['a signature', SIGNATURE, () => SIGNATURE.slice(1)],
];

/** The precomputed answer to a search, by its digest, which the tag of the answer has. */
function answerFile(): string {
  const tag = /"([0-9a-f]{16})\\/.exec(whole[0]?.get('/search') ?? '')?.[1] ?? '';
  return generated(site, 'answers', `${tag}.`);
}

describe.each(Object.keys(folderHosts))('%s', (name) => {
  describe.each(damages)('%s', (_, damage) => {
    test.each(classes)('%s is a 503 that the log explains, and mended', async (what, target, find) => {
      const path = find(site) || answerFile();
      const place = join(site, path);
      const good = readFileSync(place);
      damage(place);
      host = await start(name);
      expect((await host.ask(target)).status, what).toBe(503);
      expect(host.log.filter((line) => line.includes(`${place} can't be read: `))).toEqual(host.log);
      expect(host.log).not.toEqual([]);
      if (damage !== alter) return;
      writeFileSync(place, good);
      for (let status = 0; status !== 200; await pause(20)) status = (await host.ask(target)).status;
    });
  });

  test('a range of a damaged file is a 503, too', async () => {
    alter(join(site, BIG.slice(1)));
    host = await start(name);
    expect((await host.ask(BIG, { range: 'bytes=0-9' })).status).toBe(503);
  });

  test('no /search while index.json says nothing, and mended', async () => {
    const place = join(site, '_registry/index.json');
    const good = readFileSync(place);
    writeFileSync(place, '{}');
    host = await start(name);
    expect((await host.ask('/search')).status).toBe(503);
    expect((await host.ask('/health')).status).toBe(200);
    expect(host.log).toEqual([expect.stringContaining("_registry/index.json can't be read: ")]);
    writeFileSync(place, good);
    await until('/search', whole[0]);
  });

  test('half a site is a 503 until the rest is there', async () => {
    for (const part of ['columns-', 'rows-']) rmSync(join(site, generated(site, '', part)));
    host = await start(name);
    expect((await host.ask('/search')).status).toBe(503);
    for (const part of ['columns-', 'rows-']) {
      const path = generated(siteA, '', part);
      writeFileSync(join(site, path), readFileSync(join(siteA, path)));
    }
    await until('/search', whole[0]);
  });

  test('each answer is wholly of one site while they take turns', async () => {
    host = await start(name);
    const reader = readAll();
    for (let turn = 1; turn <= 4; turn++) {
      const next = copyOf(turn % 2 === 1 ? siteB : siteA, join(shop.root, `next-${count}`));
      renameSync(site, join(shop.root, `old-${count++}`));
      renameSync(next, site);
      await until('/search', whole[turn % 2]);
      await until(ACME, whole[turn % 2]);
    }
    expect(await reader.stop()).toEqual([]);
    expect(host.log).toEqual([]);
  });

  test.each([
    ['extend it', false],
    ['make it anew', true],
  ])('each answer is wholly of one site while builds %s', async (_, noCache) => {
    site = await shop.build('a-site');
    host = await start(name);
    const reader = readAll();
    for (const [turn, mark] of ['b-site', 'a-site', 'b-site'].entries()) {
      await shop.build(mark, { noCache });
      await until('/search', whole[(turn + 1) % 2]);
      await until(README, whole[(turn + 1) % 2]);
    }
    expect(await reader.stop()).toEqual([]);
    expect(host.log).toEqual([]);
  });

  test('a site that is gone is a 503, never a 404, and served when it is back', async () => {
    host = await start(name);
    for (const target of TARGETS) await host.ask(target);
    renameSync(site, `${site}.away`);
    for (let status = 200; status === 200; await pause(20)) ({ status } = await host.ask('/search'));
    for (const target of TARGETS) expect((await host.ask(target)).status, target).toBe(503);
    renameSync(`${site}.away`, site);
    for (const target of TARGETS) await until(target, whole[0]);
  });
});

test('a list of files that is read while another site is noticed is not joined with the index before', async () => {
  host = await start('the fetch handler');
  const files = folderFiles(site);
  let meanwhile: (() => Promise<void>) | undefined;
  const bytes: typeof files.bytes = async (path) => {
    const before = meanwhile;
    meanwhile = undefined;
    await before?.();
    return await files.bytes(path);
  };
  const handler = fetchHandler({ ...files, bytes }, () => undefined);
  const ask = async (target: string): Promise<string> => {
    const response = await handler(new Request(`http://localhost${target}`));
    return `${response.headers.get('cache-control')} ${await response.text()}`;
  };
  expect(await ask(README)).toBe('max-age=97, public # a-site\n');
  meanwhile = async () => {
    renameSync(site, `${site}.old`);
    copyOf(siteB, site);
    await pause(1100); // then the next request looks at the site again
    await ask('/search');
  };
  expect(await ask(README)).toBe('max-age=98, public # b-site\n');
});

/** Asks for everything again and again; the answers that are of neither site. */
function readAll(): { stop(): Promise<string[]> } {
  const wrong: string[] = [];
  let isOver = false;
  const loop = async (first: number): Promise<void> => {
    for (let i = first; !isOver; i++) {
      const target = TARGETS[i % TARGETS.length] ?? '';
      const got = JSON.stringify(await host.ask(target));
      if (!whole.some((answers) => answers.get(target) === got)) wrong.push(`${target}: ${got}`);
    }
  };
  const loops = [loop(0), loop(3), loop(6)];
  return {
    stop: async () => {
      isOver = true;
      await Promise.all(loops);
      return wrong;
    },
  };
}
