import { join } from 'node:path';
import pLimit from 'p-limit';
import { cacheFolder } from '../cache-folders.ts';
import { compareRevisionVersions, versionOf } from '../core/version.ts';
import { Stop } from '../errors.ts';
import { signatureJudge } from '../package/signature-judge.ts';
import type { RevisionId } from '../storage/storage.ts';
import { clearLeftovers } from '../tree/commit/leftovers.ts';
import { withLock } from '../tree/commit/lock.ts';
import type { Lock } from '../tree/commit/lock.ts';
import { registryAddress, tokenVariable } from './address.ts';
import { chooseFrom, chooseLocked } from './choice.ts';
import type { Choice, Wish } from './choice.ts';
import { openClient, PACE } from './client.ts';
import type { Client } from './client.ts';
import { openContents } from './contents.ts';
import { goneFindings, listFindings } from './findings.ts';
import type { Source } from './findings.ts';
import { listPath } from './list.ts';
import { fetchLists, keepLists, keptLists } from './lists.ts';
import type { Lists } from './lists.ts';
import { meter } from './meter.ts';
import type { Meter } from './meter.ts';
import type { Held, Mirrored, Mirroring, MirrorReport, Pace } from './mirroring.ts';
import { obtainAll } from './obtain-all.ts';
import type { Obtained } from './obtain-all.ts';
import { openRecords } from './records.ts';
import type { Records } from './records.ts';
import { Refusal } from './refusal.ts';
import { enumerated } from '../near-match.ts';

/** A run, once it holds the lock of its registry. */
interface Run {
  readonly mirroring: Mirroring;
  readonly pace: Pace;
  readonly source: Source;
  /** The folder of all registries. */
  readonly root: string;
  readonly records: Records;
  /** Undefined if nothing may be asked. */
  readonly client: Client | undefined;
  readonly measured: Meter;
  readonly lock: Lock;
}

/**
 * Brings the cache up to date with a registry, and gives what it holds of it. A revision that can't be had, or isn't what it should
 * be, is a finding, and harms no other one. A run that ends early leaves what it has fetched to the next one. Throws a `Stop` if the
 * URL, the token or a file of keys is none (`bad-registry`, `bad-key`), if the registry gives no list or stops answering
 * (`no-registry`), or if something is missing in the cache and `offline` forbids to fetch it (`offline`).
 */
export async function mirrorRegistry(mirroring: Mirroring): Promise<Mirrored> {
  const { layer, environment, offline } = mirroring;
  const pace = { ...PACE, ...mirroring.pace };
  const address = await registryAddress(mirroring);
  const root = cacheFolder(mirroring.cache, 'registries');
  const folder = join(root, address.key);
  if (!offline) mirroring.onFetch?.(address.shown);
  return await withLock(folder, mirroring, async (lock) => {
    clearLeftovers(root, '');
    const measured = meter(mirroring.onBytes);
    const client = offline ? undefined : await openClient(address, { pace, environment });
    const source = { layer, shown: address.shown };
    try {
      return await update({ mirroring, pace, source, root, records: openRecords(folder), client, measured, lock });
    } finally {
      await client?.close();
    }
  });
}

async function update(run: Run): Promise<Mirrored> {
  const { mirroring, source, records, client, lock } = run;
  const { wanted, gone } = mirroring;
  const lists = wanted.kind === 'locked' ? NO_LISTS : await listsOf(run, wanted.ranges);
  const choice = wanted.kind === 'locked' ? chooseLocked(wanted) : chooseFrom(wanted, lists, gone);
  const obtained = await obtainWishes(choice.wishes, run);
  lock.check();
  if (client && wanted.kind === 'chosen')
    keepLists(lists, records, new Set(gone === 'drop' ? choice.gone.map(({ id }) => id) : []));
  return {
    held: obtained.held.toSorted(byNameAndVersion),
    findings: [
      ...(wanted.kind === 'locked' ? [] : listFindings(lists, source)),
      ...obtained.findings.toSorted((a, b) => (a.where < b.where ? -1 : 1)),
      ...goneFindings(choice.gone, gone, source),
    ],
    report: reportOf(run, { lists, choice, obtained }),
  };
}

const NO_LISTS: Lists = { ranges: [], listed: [], gone: [], faults: [] };

function byNameAndVersion({ listed: a }: Held, { listed: b }: Held): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return compareRevisionVersions(versionOf(a.version), versionOf(b.version));
}

function reportOf(
  { mirroring, source, client }: Run,
  { lists, choice, obtained }: { lists: Lists; choice: Choice; obtained: Obtained },
): MirrorReport {
  return {
    registry: source.shown,
    listed: lists.listed.length,
    held: obtained.held.length,
    new: obtained.new.toSorted(),
    gone: choice.gone.map(({ id }) => ({ id, isKept: mirroring.gone === 'keep' })),
    refused: obtained.refused.toSorted(),
    replaced: obtained.replaced.toSorted(),
    bytes: client?.traffic.bytes ?? 0,
    requests: client?.traffic.requests ?? 0,
  };
}

async function listsOf(run: Run, ranges: readonly string[]): Promise<Lists> {
  const { mirroring, client, records, source } = run;
  if (!client) return offlineLists(run, ranges);
  try {
    const lists = await fetchLists(client, { records, limits: mirroring.limits, ranges });
    if (mirroring.gone === 'drop') refuseEmptyList(lists, source);
    return lists;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const problem = `${source.layer}: ${source.shown}/${listPath()} ${error.message}`;
    throw new Stop('no-registry', problem, hintOf(error, source.layer));
  }
}

/** An empty list more likely tells of a broken registry than of one whose packages are all gone, and to drop them all costs the layer. */
function refuseEmptyList({ listed, faults, gone }: Lists, { layer, shown }: Source): void {
  if (listed.length > 0 || faults.length > 0 || gone.length === 0) return;
  const problem = `${layer}: ${shown}/${listPath()} lists no packages; with gone: drop, none of the ${gone.length} in the cache would be served`;
  throw new Stop(
    'no-registry',
    problem,
    'check whether the registry works; if you want none of its packages, take the layer out of the distribution',
  );
}

/** What to do where a registry gives no list. */
function hintOf({ remedy, code }: Refusal, layer: string): string {
  const offline = 'or use what the cache holds, with --offline';
  const login = `set ${tokenVariable(layer)}, or a user and a password in .netrc or in the URL`;
  if (code === 'limit') return `raise the limit if you trust this registry, ${offline}`;
  if (remedy === 'login') return `${login}, ${offline}`;
  if (remedy === 'address') return `check the URL: below it, /search must answer as that of a registry; ${offline}`;
  return `run it again later, ${offline}`;
}

function offlineLists({ records, source: { layer, shown } }: Run, ranges: readonly string[]): Lists {
  const kept = keptLists(records);
  if (!kept) throw new Stop('offline', `${layer}: the cache has no list of ${shown}`, OFFLINE_HINT);
  const unknown = ranges.find((range) => !kept.ranges.includes(range));
  if (unknown === undefined) return kept;
  const problem = `${layer}: the cache doesn't know what ${shown} lists in the range ${unknown} of spec versions`;
  throw new Stop('offline', problem, OFFLINE_HINT);
}

const OFFLINE_HINT = 'run it once without --offline';

async function obtainWishes(wishes: readonly Wish[], run: Run): Promise<Obtained> {
  const { mirroring, pace, source, root, records, client, measured } = run;
  const refresh = mirroring.refresh && client !== undefined;
  const missing: RevisionId[] = [];
  const judge = signatureJudge(() => mirroring.keys, { has: () => false, add: () => undefined });
  measured.expect(wishes.filter(({ listed: { id } }) => refresh || !records.get(id)).length);
  try {
    const obtained = await obtainAll(wishes, refresh, {
      mirroring,
      source,
      records,
      contents: openContents(join(root, 'contents')),
      judge,
      checking: pLimit(CHECKS_AT_ONCE),
      concurrency: pace.concurrency,
      onFetched: measured.onFetched,
      get: async (asked, id, read) => {
        const isZip = asked.path.endsWith('.zip');
        if (client) return await client.get({ ...asked, watch: isZip ? measured.watch(id) : undefined }, read);
        missing.push(id);
        throw new Refusal('is not in the cache');
      },
    });
    if (missing.length > 0) throw missingStop(missing, source);
    return obtained;
  } finally {
    await judge.close();
  }
}

/** A package may take 250 MB while it is unpacked. */
const CHECKS_AT_ONCE = 2;

function missingStop(missing: readonly RevisionId[], { layer, shown }: Source): Stop {
  const problem = `${layer}: the cache lacks packages of ${shown}, or their signatures: ${enumerated(missing.toSorted())}`;
  return new Stop('offline', problem, OFFLINE_HINT);
}
