import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openStore } from '../../src/publish/open-store.ts';
import { prune } from '../../src/publish/prune.ts';
import { publishSite } from '../../src/publish/publish.ts';
import { rollBack } from '../../src/publish/releases.ts';
import type { Store } from '../../src/publish/store.ts';
import { verifyStore } from '../../src/publish/verify-store.ts';
import { start } from './cli.ts';
import { REQUEST_FAULTS } from './fault-proxy.ts';
import type { FaultProxy, RequestFault } from './fault-proxy.ts';
import type { Fault, Step } from './faults.ts';
import { home, sites } from './places.ts';
import { filesOfSite, viewOf } from './store.ts';
import { BUCKET } from './versitygw.ts';
import type { ObjectStore } from './versitygw.ts';

/*
 * Publishing, rolling back and pruning, killed or disturbed at any step, request or time, while a reader looks again and again: each view is
 * wholly of one release; the next run does the rest; nothing that a kept release needs is missing.
 */

type Site = keyof typeof sites;

/** A command, over a store to which sites one and two were published. */
export interface StoreCase {
  readonly name: string;
  readonly args: readonly string[];
  /** What it does, in this process. */
  work(store: Store): Promise<unknown>;
  /** What readers may see before and after. */
  readonly views: readonly [before: Site, after: Site];
}

export const storeCases: readonly StoreCase[] = [
  {
    name: 'publish',
    args: ['publish', '--dir', sites.three, '--to'],
    work: (store) => publish(store, 'three'),
    views: ['two', 'three'],
  },
  { name: 'rollback', args: ['rollback', '--at'], work: (store) => backToOne(store), views: ['two', 'one'] },
  {
    name: 'prune',
    args: ['prune', '--keep', '0', '--older-than', '0s', '--grace', '0s', '--yes', '--at'],
    work: (store) => prune(store, { keep: 0, olderThan: 0, grace: 0 }),
    views: ['two', 'two'],
  },
];

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

/** The site that a reader sees. Throws where it is none, or a part of one. */
async function seen(store: Store): Promise<Site> {
  if (views.size === 0)
    for (const site of ['one', 'two', 'three'] as const) views.set((await filesOfSite(sites[site])).join('\n'), site);
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
async function complaintsAfter(store: Store, one: StoreCase, found: ReadonlySet<Site>): Promise<string[]> {
  const complaints = [...found].filter((site) => !one.views.includes(site)).map((site) => `a reader saw ${site}`);
  const now = await seen(store);
  if (now !== one.views[1] || one.views[0] === one.views[1]) await one.work(store);
  if ((await seen(store)) !== one.views[1]) complaints.push(`the next run makes ${await seen(store)}`);
  const { findings } = await verifyStore(store, { deep: true, onProgress: () => undefined });
  return [...complaints, ...findings.map(({ where, text }) => `${where} ${text}`)];
}

/** Disturbs one command over a place that is made anew each time. Each function gives what was wrong. */
export interface Disturbing<Point> {
  /** The faults that kill it. */
  readonly kills: readonly string[];
  /** Where it can be disturbed. */
  points(): Promise<Point[]>;
  at(point: Point): Promise<string[]>;
  /** Kills it after a share of the time that it takes, from 0 to 1. */
  killAfter(share: number): Promise<string[]>;
}

export interface FolderPoint {
  readonly step: string;
  readonly fault: Fault;
}

const FOLDER_FAULTS = ['kill', 'cut', 'EIO', 'ENOSPC'] as const;

export async function disturbingInFolder(one: StoreCase, folder: string): Promise<Disturbing<FolderPoint>> {
  const trace = `${folder}.trace`;
  const again = (): Promise<Store> => openStore(folder, {}, () => undefined);
  const reader = Object.assign(Object.create(await openStore(`${folder}.reader`, {}, () => undefined)) as Store, {
    root: folder,
  });
  if (!existsSync(`${folder}.start`)) await prepare(await openStore(`${folder}.start`, {}, () => undefined));

  async function run(point: Partial<FolderPoint>, killAt?: number): Promise<{ steps: Step[]; found: Set<Site> }> {
    rmSync(folder, { recursive: true, force: true });
    cpSync(`${folder}.start`, folder, { recursive: true, preserveTimestamps: true });
    rmSync(`${trace}.full`, { force: true });
    const settings = { roots: [folder], trace, at: point.step, fault: point.fault };
    const preload = new URL('fault.mjs', import.meta.url).href;
    const env = { EPR_FAULT: JSON.stringify(settings), NODE_OPTIONS: `--import=${preload}` };
    const { child, finished } = start([...one.args, folder], { cwd: home, env });
    const timer = killAt === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAt);
    const found = await watching(reader, finished);
    clearTimeout(timer);
    const lines = existsSync(trace) ? readFileSync(trace, 'utf8').trim().split('\n') : [];
    return { found, steps: lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Step) };
  }

  async function after(where: string, found: Set<Site>): Promise<string[]> {
    const complaints = await complaintsAfter(await again(), one, found);
    const left = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.tmp'));
    return [...complaints, ...left.map((path) => `left ${path}`)].map((text) => `${where}: ${text}`);
  }

  const began = performance.now();
  const { steps } = await run({});
  const takes = performance.now() - began;
  return {
    kills: ['kill', 'cut'],
    points: () =>
      Promise.resolve(
        FOLDER_FAULTS.flatMap((fault) =>
          steps
            .filter(({ step }) => fault !== 'cut' || /^(writeFile|rm) /.test(step))
            .map(({ step }) => ({ step, fault })),
        ),
      ),
    at: async (point) => {
      const where = `${point.fault} at ${point.step}`;
      const { steps: taken, found } = await run(point);
      const isHit = taken.some(({ fault }) => fault === point.fault);
      return [...(isHit ? [] : [`${where}: the fault did not hit`]), ...(await after(where, found))];
    },
    killAfter: async (share) => await after(`kill after ${share}`, (await run({}, share * takes)).found),
  };
}

export interface RequestPoint {
  readonly at: number;
  /** `kill`: when the request arrives; `kill late`: when its answer is on the way. */
  readonly fault: RequestFault | 'kill' | 'kill late';
}

export async function disturbingInBucket(
  one: StoreCase,
  { bucket, proxy }: { readonly bucket: ObjectStore; readonly proxy: FaultProxy },
): Promise<Disturbing<RequestPoint>> {
  let count = 0;
  await prepare(await openStore(`s3://${BUCKET}/${one.name}-start`, { endpoint: bucket.endpoint }, () => undefined));

  async function fresh(): Promise<{ url: string; direct: Store }> {
    const name = `${one.name}-${count++}`;
    bucket.copy(`${one.name}-start`, name);
    const url = `s3://${BUCKET}/${name}`;
    return { url, direct: await openStore(url, { endpoint: bucket.endpoint }, () => undefined) };
  }

  /** In this process: the requests are those of the command. */
  async function disturb({ at, fault }: { readonly at: number; readonly fault?: RequestFault }): Promise<string[]> {
    const { url, direct } = await fresh();
    const disturbed = await openStore(url, { endpoint: proxy.endpoint }, () => undefined);
    proxy.arm(at, fault);
    const work = one.work(disturbed);
    const found = await watching(direct, work);
    const complaints: string[] = [];
    await work.catch((error: Error) => complaints.push(error.message));
    return [...complaints, ...(await complaintsAfter(direct, one, found))].map(
      (text) => `${fault} at ${proxy.seen[at]}: ${text}`,
    );
  }

  async function kill(where: string, armed: (kill: () => void) => void): Promise<string[]> {
    const { url, direct } = await fresh();
    const options = { cwd: home, env: bucket.env };
    const { child, finished } = start([...one.args, url, '--endpoint', proxy.endpoint], options);
    proxy.arm(-1);
    armed(() => void child.kill('SIGKILL'));
    const found = await watching(direct, finished);
    return (await complaintsAfter(direct, one, found)).map((text) => `${where}: ${text}`);
  }

  let takes = 0;
  return {
    kills: ['kill', 'kill late'],
    points: async () => {
      const began = performance.now();
      await kill('no kill', () => undefined);
      takes = performance.now() - began;
      const faults = [...REQUEST_FAULTS, 'kill', 'kill late'] as const;
      return Array.from(proxy.seen, (_, at) => faults.map((fault) => ({ at, fault }))).flat();
    },
    at: async ({ at, fault }) => {
      if (fault !== 'kill' && fault !== 'kill late') return await disturb({ at, fault });
      return await kill(`${fault} at ${at}`, (now) =>
        fault === 'kill' ? proxy.arm(at, undefined, now) : proxy.arm(at, 'slow', undefined, now),
      );
    },
    killAfter: async (share) => await kill(`kill after ${share}`, (now) => void setTimeout(now, share * takes)),
  };
}

/** Numbers from 0 to 1 that follow from a seed (a linear congruential generator, of Numerical Recipes). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Some of a list, in no order that means anything. */
export function drawn<T>(list: readonly T[], count: number, random: () => number): T[] {
  const keyed = list.map((one) => ({ one, key: random() })).sort((a, b) => a.key - b.key);
  return keyed.slice(0, count).map(({ one }) => one);
}
