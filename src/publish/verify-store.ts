import { createHash } from 'node:crypto';
import { Stop } from '../errors.ts';
import type { Finding } from '../errors.ts';
import { objectKey, OBJECTS, releaseKey } from '../tree/store-form.ts';
import type { ObjectName } from '../tree/store-form.ts';
import { readInventory } from './pointer.ts';
import { listReleases } from './releases.ts';
import type { ReleaseFacts } from './releases.ts';
import type { ReadOnlyStore } from './store.ts';

/** What was found in a store. */
export interface VerifiedStore {
  readonly releases: number;
  /** Objects that the kept releases need, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** Objects that no kept release needs, and their bytes; `prune` removes them. */
  readonly others: { readonly objects: number; readonly bytes: number };
  readonly findings: readonly Finding[];
}

/**
 * Looks whether a store holds every object that its releases need, of the right size; with `deep`, reads each and checks its digest. Throws a
 * `Stop` where nothing was published.
 */
export async function verifyStore(
  store: ReadOnlyStore,
  { deep, onProgress }: { readonly deep: boolean; onProgress(done: number, total: number): void },
): Promise<VerifiedStore> {
  const releases = await listReleases(store);
  const findings: Finding[] = [];
  const needed = new Map<string, ObjectName>();
  for (const release of releases)
    for (const name of await objectsOf(store, release, findings)) needed.set(objectKey(name[0]), name);
  const others = { objects: 0, bytes: 0 };
  const sizes = new Map<string, number>();
  for await (const { key, size } of store.list(OBJECTS))
    if (needed.has(key)) sizes.set(key, size);
    else [others.objects, others.bytes] = [others.objects + 1, others.bytes + size];
  const bytes = [...needed.values()].reduce((sum, [, size]) => sum + size, 0);
  let done = 0;
  for (const [key, name] of needed) {
    findings.push(...(await objectFindings(store, key, { name, size: sizes.get(key), deep })));
    if (deep) onProgress((done += name[1]), bytes);
  }
  return { releases: releases.length, objects: needed.size, bytes, others, findings };
}

/** The objects of a release, as far as it can be read. */
async function objectsOf(
  store: ReadOnlyStore,
  { id, header }: ReleaseFacts,
  findings: Finding[],
): Promise<readonly ObjectName[]> {
  if (!header) {
    findings.push(missing(releaseKey(id), 'the pointer names it'));
    return [];
  }
  try {
    return [...(await readInventory(store, header)).objects, header.inventory];
  } catch (error) {
    if (!(error instanceof Stop) || error.code !== 'store-damaged') throw error;
    findings.push(changed(objectKey(header.inventory[0]), `is missing or another one, and release ${id} needs it`));
    return [];
  }
}

async function objectFindings(
  store: ReadOnlyStore,
  key: string,
  {
    name: [digest, size],
    size: found,
    deep,
  }: { readonly name: ObjectName; readonly size: number | undefined; readonly deep: boolean },
): Promise<Finding[]> {
  if (found === undefined) return [missing(key, 'a release needs it')];
  if (found !== size) return [changed(key, `has ${found} bytes, and the release says ${size}`)];
  const bytes = deep ? (await store.read(key))?.bytes : undefined;
  if (!deep || (bytes && createHash('sha256').update(bytes).digest('hex') === digest)) return [];
  return [changed(key, 'has other content than its name says')];
}

function missing(where: string, reason: string): Finding {
  return { code: 'object-missing', where, text: `is not there, and ${reason}`, level: 'error' };
}

function changed(where: string, text: string): Finding {
  return { code: 'object-changed', where, text, level: 'error' };
}
