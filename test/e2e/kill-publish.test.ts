import { cpSync, existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../src/publish/open-store.ts';
import { prune } from '../../src/publish/prune.ts';
import { publishSite } from '../../src/publish/publish.ts';
import { rollBack } from '../../src/publish/releases.ts';
import type { Store } from '../../src/publish/store.ts';
import { verifyStore } from '../../src/publish/verify-store.ts';
import { start } from '../support/cli.ts';
import { REQUEST_FAULTS, startFaultProxy } from '../support/fault-proxy.ts';
import type { FaultProxy } from '../support/fault-proxy.ts';
import { sampled } from '../support/faults.ts';
import type { Fault, Step } from '../support/faults.ts';
import { buildSites, home, sites } from '../support/places.ts';
import { filesOfSite, viewOf } from '../support/store.ts';
import { BUCKET, hasVersitygw, startVersitygw } from '../support/versitygw.ts';
import type { ObjectStore } from '../support/versitygw.ts';

/*
 * Publishing, rolling back and pruning, killed or disturbed at any step or request, while a reader looks again and again: each view is wholly
 * of one release; the next run does the rest; nothing that a kept release needs is missing.
 */

buildSites();

type Site = keyof typeof sites;

/** A command, over a store to which sites one and two were published. */
interface Case {
  readonly args: readonly string[];
  /** What it does, in this process. */
  work(store: Store): Promise<unknown>;
  /** What readers may see before and after. */
  readonly views: readonly [before: Site, after: Site];
}

const cases: Readonly<Record<string, Case>> = {
  publish: {
    args: ['publish', '--dir', sites.three, '--to'],
    work: (store) => publish(store, 'three'),
    views: ['two', 'three'],
  },
  rollback: { args: ['rollback', '--at'], work: (store) => backToOne(store), views: ['two', 'one'] },
  prune: {
    args: ['prune', '--keep', '0', '--older-than', '0s', '--grace', '0s', '--yes', '--at'],
    work: (store) => prune(store, { keep: 0, olderThan: 0, grace: 0 }),
    views: ['two', 'two'],
  },
};

async function publish(store: Store, site: Site): Promise<void> {
  await publishSite({ folder: sites[site], store, check: false, dryRun: false, onProgress: () => undefined });
}

/** Once more after it was done, it does nothing. */
async function backToOne(store: Store): Promise<void> {
  const releases = await rollBack(store, undefined).catch((error: unknown) => error);
  if (releases instanceof Error && !releases.message.includes('no release before')) throw releases;
}

async function prepare(store: Store): Promise<void> {
  await publish(store, 'one');
  await publish(store, 'two');
}

const views = new Map<string, Site>();
beforeAll(async () => {
  for (const site of ['one', 'two', 'three'] as const) views.set((await filesOfSite(sites[site])).join('\n'), site);
});

/** The site that a reader sees. Throws where it is none, or a part of one. */
async function seen(store: Store): Promise<Site> {
  const site = views.get((await viewOf(store)).join('\n'));
  if (!site) throw new Error('a reader sees a mixture');
  return site;
}

/** Milliseconds between two looks. */
const BETWEEN = 20;

/** Looks until some work has ended; every site that was seen. */
async function watching(store: Store, work: Promise<unknown>): Promise<Set<Site>> {
  const found = new Set<Site>();
  let isRunning = true;
  const ended = work.finally(() => (isRunning = false)).catch(() => undefined); // the caller has the error
  do {
    found.add(await seen(store));
    await pause(BETWEEN);
  } while (isRunning);
  await ended;
  return found.add(await seen(store));
}

/** What is wrong after a disturbed run, and after the next one. */
async function complaintsAfter(store: Store, one: Case, found: ReadonlySet<Site>): Promise<string[]> {
  const complaints = [...found].filter((site) => !one.views.includes(site)).map((site) => `a reader saw ${site}`);
  const now = await seen(store);
  if (now !== one.views[1] || one.views[0] === one.views[1]) await one.work(store);
  if ((await seen(store)) !== one.views[1]) complaints.push(`the next run makes ${await seen(store)}`);
  const { findings } = await verifyStore(store, { deep: true, onProgress: () => undefined });
  return [...complaints, ...findings.map(({ where, text }) => `${where} ${text}`)];
}

describe.each(Object.entries(cases))('%s in a folder', (name, one) => {
  const folder = join(home, 'kills', name);
  const trace = `${folder}.trace`;
  const again = (): Promise<Store> => openStore(folder, {}, () => undefined);
  let steps: Step[];

  async function disturbed(at?: string, fault?: Fault): Promise<Set<Site>> {
    rmSync(folder, { recursive: true, force: true });
    cpSync(`${folder}.start`, folder, { recursive: true, preserveTimestamps: true });
    rmSync(`${trace}.full`, { force: true });
    const settings = { roots: [folder], trace, at, fault };
    const preload = new URL('../support/fault.mjs', import.meta.url).href;
    const env = { EPR_FAULT: JSON.stringify(settings), NODE_OPTIONS: `--import=${preload}` };
    const store = await openStore(`${folder}.reader`, {}, () => undefined);
    const reader = Object.assign(Object.create(store) as Store, { root: folder });
    const found = await watching(reader, start([...one.args, folder], { cwd: home, env }).finished);
    steps = readFileSync(trace, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Step);
    return found;
  }

  test.each(['kill', 'cut', 'EIO', 'ENOSPC'] as const)('%s at its steps', async (fault) => {
    if (!existsSync(`${folder}.start`)) await prepare(await openStore(`${folder}.start`, {}, () => undefined));
    await disturbed();
    const all = steps.filter(({ step }) => fault !== 'cut' || /^(writeFile|rm) /.test(step));
    expect(steps.length).toBeGreaterThan(2);
    const complaints: string[] = [];
    for (const { step } of sampled(all, fault === 'kill' ? 8 : 3)) {
      const found = await disturbed(step, fault);
      if (!steps.some((one) => one.fault === fault)) complaints.push(`${step}: the fault did not hit`);
      complaints.push(...(await complaintsAfter(await again(), one, found)).map((text) => `${step}: ${text}`));
      const left = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.tmp'));
      complaints.push(...left.map((path) => `${step}: left ${path}`));
    }
    expect(complaints).toEqual([]);
  });
});

if (hasVersitygw())
  describe.each(Object.entries(cases))('%s in a bucket', (name, one) => {
    let bucket: ObjectStore;
    let proxy: FaultProxy;
    let count = 0;
    beforeAll(async () => {
      bucket = await startVersitygw();
      Object.assign(process.env, bucket.env);
      proxy = await startFaultProxy(bucket.port);
    });
    afterAll(() => {
      proxy.stop();
      bucket.stop();
    });

    async function fresh(): Promise<{ url: string; direct: Store; disturbed: Store }> {
      const url = `s3://${BUCKET}/${name}-${count++}`;
      const direct = await openStore(url, { endpoint: bucket.endpoint }, () => undefined);
      await prepare(direct);
      return { url, direct, disturbed: await openStore(url, { endpoint: proxy.endpoint }, () => undefined) };
    }

    test.each(REQUEST_FAULTS)('%s at each request does no harm', async (fault) => {
      const complaints: string[] = [];
      for (let at = 0, isOver = false; !isOver; at++) {
        const { direct, disturbed } = await fresh();
        proxy.arm(at, fault);
        const work = one.work(disturbed);
        const found = await watching(direct, work);
        isOver = proxy.seen.length <= at;
        await work.catch((error: Error) => complaints.push(`${proxy.seen[at]}: ${error.message}`));
        complaints.push(...(await complaintsAfter(direct, one, found)).map((text) => `${proxy.seen[at]}: ${text}`));
        if (at > 30) throw new Error('it never ends');
      }
      expect(complaints).toEqual([]);
    });

    test('killed at its requests', async () => {
      const complaints: string[] = [];
      for (const at of KILLS) {
        const { url, direct } = await fresh();
        const { child, finished } = start([...one.args, url, '--endpoint', proxy.endpoint], {
          cwd: home,
          env: bucket.env,
        });
        proxy.arm(at, undefined, () => child.kill('SIGKILL'));
        const found = await watching(direct, finished);
        complaints.push(...(await complaintsAfter(direct, one, found)).map((text) => `kill at ${at}: ${text}`));
      }
      expect(complaints).toEqual([]);
    });
  });

/** The last requests of the shortest command are beyond the first few. */
const KILLS = [1, 3, 5, 7];
