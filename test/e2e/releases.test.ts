import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { PruneStoreReport } from '../../src/commands/prune/run.ts';
import type { ReleasesReport } from '../../src/commands/releases/run.ts';
import type { RollbackReport } from '../../src/commands/rollback/run.ts';
import type { StoreReport } from '../../src/commands/verify/store.ts';
import { planPrune, prune } from '../../src/publish/prune.ts';
import { publishSite } from '../../src/publish/publish.ts';
import { rollBack } from '../../src/publish/releases.ts';
import type { Store } from '../../src/publish/store.ts';
import { OBJECTS } from '../../src/tree/store-form.ts';
import type { LiveSite } from '../../src/inspect/live-site.ts';
import { run, startServer } from '../support/cli.ts';
import type { Step } from '../support/faults.ts';
import { deadProcess } from '../support/lock.ts';
import { ask, buildSites, folderPlace, home, publish, sites, storeKinds } from '../support/places.ts';
import type { Place } from '../support/places.ts';
import { filesOfSite, viewOf } from '../support/store.ts';

/* Releases of a store: `releases`, `rollback`, `prune` and `verify --at`. */

buildSites();

/** The one step of who asks a folder for the time. */
const CLOCK = 'writeFile .clock.ID.tmp';

const ALL_BUT_CURRENT = { keep: 0, olderThan: 0, grace: 0 };

/** Object stores tell the time in whole seconds: a release that was left less than one ago may be younger than no time at all. */
async function nextSecond(): Promise<void> {
  await setTimeout(1000);
}

describe.each(storeKinds())('in a %s', (_, placeOf) => {
  test('a release that was current can be current again', async () => {
    const place = placeOf('rollback');
    const [one, two] = [await publish(place, 'one'), await publish(place, 'two')];
    const back = await ask<RollbackReport>(place, 'rollback', '--at', place.url);
    expect([back.release, back.before]).toEqual([one.release, two.release]);
    expect(await viewOf(await place.store())).toEqual(await filesOfSite(sites.one));
    await ask(place, 'rollback', two.release, '--at', place.url);
    expect(await viewOf(await place.store())).toEqual(await filesOfSite(sites.two));
    await ask(place, 'rollback', '--at', place.url);
    const three = await publish(place, 'three');
    const { releases } = await ask<ReleasesReport>(place, 'releases', '--at', place.url);
    expect(releases.map(({ id, isCurrent, left }) => [id, isCurrent, left === undefined])).toEqual([
      [one.release, false, false],
      [two.release, false, false],
      [three.release, true, true],
    ]);
    const unknown = await run(['rollback', 'none', '--at', place.url, ...place.options], { cwd: home, env: place.env });
    expect(unknown).toMatchObject({ status: 2, stderr: expect.stringContaining('[no-release]') as string });
  });

  test('prune removes what no kept release needs, and nothing without --yes', async () => {
    const place = placeOf('pruned');
    const [one, two] = [await publish(place, 'one'), await publish(place, 'two')];
    const store = await place.store();
    const args = ['--at', place.url, '--keep', '0', '--older-than', '0s', '--grace', '0s'];
    expect(await ask<PruneStoreReport>(place, 'prune', '--at', place.url, '--yes', '--keep', '0')).toMatchObject({
      drops: [],
      objects: 0,
    });
    await nextSecond();
    const dry = await ask<PruneStoreReport>(place, 'prune', ...args);
    expect([dry.drops, dry.keeps, dry.isDone]).toEqual([[one.release], [two.release], false]);
    expect(await rollBack(store, one.release)).toMatchObject({ release: one.release });
    await rollBack(store, two.release);
    await nextSecond();
    const before = (await keys(store)).length;
    const done = await ask<PruneStoreReport>(place, 'prune', ...args, '--yes');
    expect([done.drops, done.objects]).toEqual([dry.drops, dry.objects]);
    expect((await keys(store)).length).toBe(before - done.objects + 1); // one of them is a header
    expect(await viewOf(store)).toEqual(await filesOfSite(sites.two));
    expect(await planPrune(store, ALL_BUT_CURRENT)).toMatchObject({ drops: [], objects: 0 });
    await expect(rollBack(store, one.release)).rejects.toMatchObject({ code: 'no-release' });
    const report = await ask<StoreReport>(place, 'verify', '--at', place.url, '--deep');
    expect(report).toMatchObject({ releases: 1, others: { objects: 0 }, findings: [] });
  });

  test('a publisher that meets a prune sends again what that removes', async () => {
    const place = placeOf('meeting');
    await publish(place, 'one');
    await publish(place, 'three');
    const store = await place.store();
    await rollBack(store, undefined);
    const options = { folder: sites.three, check: false, dryRun: false, onProgress: () => undefined };
    await nextSecond();
    const during = withHook(store, 'swap', async () => void (await prune(store, ALL_BUT_CURRENT)));
    expect(await publishSite({ ...options, store: during })).toMatchObject({ outcome: 'published' });
    expect(await viewOf(store)).toEqual(await filesOfSite(sites.three));
    await rollBack(store, undefined);
    await nextSecond();
    const late = withHook(store, 'remove', async () => void (await publishSite({ ...options, store })));
    await expect(prune(late, ALL_BUT_CURRENT)).rejects.toMatchObject({ code: 'lost-race' });
    await publishSite({ ...options, store, check: true });
    expect(await viewOf(store)).toEqual(await filesOfSite(sites.three));
  });

  test('clocks that are hours apart do no harm', async () => {
    const place = placeOf('skewed');
    const skewed = (hours: number): Place => ({ ...place, env: { ...place.env, ...skewBy(hours) } });
    const one = await publish(skewed(7), 'one');
    const two = await publish(skewed(-7), 'two');
    await publish(skewed(5), 'three');
    const store = await place.store();
    await ask(skewed(-5), 'rollback', two.release, '--at', place.url);
    expect(await viewOf(store)).toEqual(await filesOfSite(sites.two));
    const args = ['prune', '--at', place.url, '--keep', '0', '--yes'] as const;
    for (const hours of [-9, 9]) {
      const young = await ask<PruneStoreReport>(skewed(hours), ...args, '--older-than', '1h', '--grace', '1h');
      expect([young.drops, young.objects]).toEqual([[], 0]);
    }
    await nextSecond();
    const old = await ask<PruneStoreReport>(skewed(-9), ...args, '--older-than', '0s', '--grace', '0s');
    expect([old.keeps, old.drops.includes(one.release)]).toEqual([[two.release], true]);
    expect(await viewOf(store)).toEqual(await filesOfSite(sites.two));
    expect(await verdict(place, '--deep')).toEqual([0, []]);
  });

  test('two publishers at once: each wins or says that it lost', async () => {
    const place = placeOf('rivals');
    await publish(place, 'one');
    for (const rivals of [
      ['two', 'three'],
      ['one', 'two'],
      ['three', 'one'],
    ] as const) {
      const said = await Promise.all(rivals.map((site) => rivalling(place, site)));
      const winners = said.filter(({ status }) => status === 0);
      expect(winners.length).toBeGreaterThan(0);
      for (const { status, error } of said) if (status !== 0) expect([status, error?.code]).toEqual([2, 'lost-race']);
      const { releases } = await ask<ReleasesReport>(place, 'releases', '--at', place.url);
      const current = said.find(({ release }) => release === releases.find(({ isCurrent }) => isCurrent)?.id);
      expect(await viewOf(await place.store())).toEqual(await filesOfSite(sites[current?.site ?? 'one']));
    }
    expect(await verdict(place, '--deep')).toEqual([0, []]);
  });

  test('verify --at names what is missing or another one', async () => {
    const place = placeOf('verified');
    await publish(place, 'one');
    const store = await place.store();
    expect(await verdict(place)).toEqual([0, []]);
    const [missing = '', cut = '', other = ''] = await keys(store);
    const size = (await store.read(other))?.bytes.length ?? 0;
    await store.remove([missing]);
    const replace = async (key: string, bytes: Buffer): Promise<void> =>
      void (await store.put({ key, bytes, type: 'a/b', cache: 'none' }, { replace: true }));
    await replace(cut, Buffer.from('cut'));
    await replace(other, Buffer.alloc(size));
    const [status, found] = await verdict(place);
    expect([status, found.filter((where) => where === missing || where === cut)]).toEqual([1, [missing, cut].sort()]);
    expect((await verdict(place, '--deep'))[1]).toContain(other);
  });
});

test.each<[verb: string, args: string[], steps: string[]]>([
  ['releases', ['--at'], []],
  ['verify', ['--deep', '--at'], []],
  ['purge', ['--at'], []],
  ['publish', ['--dir', sites.three, '--dry-run', '--to'], [CLOCK]],
  ['prune', ['--keep', '0', '--at'], [CLOCK]],
])('%s only looks, also at a folder that can not be written', async (verb, args, steps) => {
  const place = folderPlace(`looked-at-${verb}`);
  await publish(place, 'one');
  await publish(place, 'two');
  const leftover = join(place.url, OBJECTS, `half.${deadProcess()}.tmp`);
  writeFileSync(leftover, '');
  const trace = join(home, `${verb}.trace`);
  const settings = { roots: [place.url], trace, at: CLOCK.replace(' ', ` looked-at-${verb}/`), fault: 'EROFS' };
  const preload = new URL('../support/fault.mjs', import.meta.url).href;
  const env = { EPR_FAULT: JSON.stringify(settings), NODE_OPTIONS: `--import=${preload}` };
  expect(await run([verb, ...args, place.url], { cwd: home, env })).toMatchObject({ status: 0, stderr: '' });
  const lines = readFileSync(trace, 'utf8').split('\n').slice(0, -1);
  expect(lines.map((line) => (JSON.parse(line) as Step).step.replace(/ .*\//, ' '))).toEqual(steps);
  expect(existsSync(leftover)).toBe(true);
});

test('verify --site compares a live site with the store', async () => {
  const place = folderPlace('live');
  await publish(place, 'one');
  const server = await startServer(['--dir', sites.one], { cwd: home });
  const ask = async (...more: string[]): Promise<[number | null, string[]]> => {
    const args = ['verify', '--site', server.url, '--at', place.url, '--json', ...more];
    const { status, stdout } = await run(args, { cwd: home, env: skewBy(9) });
    return [status, (JSON.parse(stdout) as LiveSite).findings.map(({ code, where }) => `${code} ${where}`)];
  };
  expect(await ask('--max-age', '1h')).toEqual([0, []]);
  const two = await publish(place, 'two');
  const [status, found] = await ask('--max-age', '0s');
  expect([status, found.slice(-1)]).toEqual([1, [`too-old ${two.release}`]]);
  expect(found).toContain('answer-differs /epr/acme/acme-1.0.0.zip');
  expect(found).not.toContain('answer-differs /epr/other/other-2.0.0.zip');
  await server.stop();
  expect(await ask()).toEqual([1, ['answer-differs /']]);
});

test('verify refuses options that it would not heed', async () => {
  for (const args of [
    ['--at', 'store', '--max-age', '1h'],
    ['--at', 'store', '--site', 'https://example.org', '--deep'],
    ['site', '--deep'],
    ['--at', 'store', '--against', 'file'],
    ['--at', 'store', '--key', 'file'],
  ])
    expect(await run(['verify', ...args], { cwd: home })).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^error: --/) as string,
    });
});

/** Publishes a site, which may fail. */
async function rivalling(place: Place, site: keyof typeof sites): Promise<Said> {
  const args = ['publish', '--dir', sites[site], '--to', place.url, '--json', ...place.options];
  const { status, stdout } = await run(args, { cwd: home, env: place.env });
  const { release, error } = JSON.parse(stdout) as Partial<Said>;
  return { site, status, release, error };
}

/** What a publication says. */
interface Said {
  readonly site: keyof typeof sites;
  readonly status: number | null;
  readonly release: string | undefined;
  readonly error: { readonly code: string } | undefined;
}

/** The environment of a program whose clock is some hours ahead. */
function skewBy(hours: number): Record<string, string> {
  const preload = new URL('../support/skew.mjs', import.meta.url).href;
  return { EPR_SKEW: String(hours * 3_600_000), NODE_OPTIONS: `--import=${preload}` };
}

async function verdict(place: Place, ...more: string[]): Promise<[status: number | null, where: string[]]> {
  const args = ['verify', '--at', place.url, '--json', ...place.options, ...more];
  const { status, stdout } = await run(args, { cwd: home, env: place.env });
  return [status, (JSON.parse(stdout) as StoreReport).findings.map(({ where }) => where).sort()];
}

async function keys(store: Store): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(OBJECTS)) found.push(key);
  return found.sort();
}

/** A store that has something happen before the first call of one function. */
function withHook(store: Store, name: 'swap' | 'remove', happen: () => Promise<void>): Store {
  let isFirst = true;
  return new Proxy(store, {
    get: (target, key) => {
      const value = Reflect.get(target, key) as unknown;
      if (typeof value !== 'function') return value;
      const own = value.bind(target) as (...args: unknown[]) => unknown;
      if (key !== name || !isFirst) return own;
      return async (...args: unknown[]) => {
        isFirst = false;
        await happen();
        return await own(...args);
      };
    },
  });
}
