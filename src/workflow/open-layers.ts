import { createHash } from 'node:crypto';
import { isUrl } from '../config.ts';
import type { Distribution, RegistryLayer } from '../config.ts';
import type { Finding } from '../errors.ts';
import { nearMatch } from '../near-match.ts';
import { NOT_THERE } from '../storage/lack.ts';
import { withoutCredentials } from '../storage/git/command.ts';
import { openStorage } from '../storage/open.ts';
import type { OpenOptions } from '../storage/open.ts';
import type { Layer, MixedStorage, OwnStorage, Revision, Storage } from '../storage/storage.ts';
import { readUnchanged, unchangedFile } from '../storage/unchanged.ts';
import { zipPackages } from '../storage/zip-packages.ts';
import { zipPath } from '../tree/layout.ts';
import type { Held, HeldFile, Listed, LockedRevision, Mirrored, Mirroring, Wanted } from '../mirror/mirroring.ts';

/*
 * The layers of a distribution, of all kinds: those of its storage, and those that are taken from registries.
 */

/** What is opened: the storage, the layers, and what their registries are read by. */
export type Opening = Pick<Distribution, 'storage' | 'layers' | 'limits' | 'tables'>;

/** What was mirrored, by layer. */
export type MirroredLayers = ReadonlyMap<string, Mirrored>;

/** What several openings of one run share: nothing is fetched twice. */
export interface Session {
  /** Whether the storage was fetched, if it is a URL. */
  isFetched: boolean;
  /** Layers that were mirrored as their registries are now. */
  readonly mirrored: Map<string, Mirrored>;
}

export interface OpenLayersOptions extends Omit<OpenOptions, 'isUrl' | 'limits'> {
  readonly session?: Session | undefined;
  /** Fetches again what is held of registries. */
  readonly refresh?: boolean | undefined;
  /** The revisions that a registry layer must have, by the name of the layer. */
  readonly locked?: ReadonlyMap<string, readonly LockedRevision[]> | undefined;
  readonly onBytes?: Mirroring['onBytes'];
  /** Receives each URL that is about to be asked, without credentials. */
  readonly onFetch?: ((url: string) => void) | undefined;
}

export interface OpenLayers {
  readonly storage: Storage;
  readonly mirrored: MirroredLayers;
}

/**
 * Opens everything that holds the layers: the storage, if one lies there, and the registries, which are mirrored first. Throws what
 * `openStorage` and `mirrorRegistry` throw.
 */
export async function openLayers(opening: Opening, options: OpenLayersOptions): Promise<OpenLayers> {
  const session = options.session ?? { isFetched: false, mirrored: new Map() };
  const mirrored = new Map<string, Mirrored>();
  for (const layer of opening.layers)
    if (layer.kind === 'registry') mirrored.set(layer.name, await mirrorOnce(layer, opening, { ...options, session }));
  const isOwn = opening.layers.some((layer) => layer.kind === 'storage');
  const own =
    isOwn && opening.storage !== undefined
      ? await openOwn(opening.storage, opening, { ...options, session })
      : undefined;
  return { storage: own && mirrored.size === 0 ? own : mixedStorage(own, mirrored, opening), mirrored };
}

type InSession = OpenLayersOptions & { readonly session: Session };

async function mirrorOnce(layer: RegistryLayer, opening: Opening, options: InSession): Promise<Mirrored> {
  const { mirrored } = options.session;
  if (options.locked?.has(layer.name)) return await mirror(layer, opening, options);
  const found = mirrored.get(layer.name) ?? (await mirror(layer, opening, options));
  mirrored.set(layer.name, found);
  return found;
}

async function openOwn(
  location: string,
  { limits }: Opening,
  { session, offline, onFetch, ...options }: InSession,
): Promise<OwnStorage> {
  const isOffline = offline || session.isFetched;
  const isRemote = isUrl(location);
  if (isRemote && !isOffline) onFetch?.(withoutCredentials(location));
  const storage = await openStorage(location, { ...options, isUrl: isRemote, offline: isOffline, limits });
  session.isFetched = true;
  return storage;
}

async function mirror(
  layer: RegistryLayer,
  { tables, limits }: Opening,
  options: OpenLayersOptions,
): Promise<Mirrored> {
  const { name, registry, keys = [], gone, signatures } = layer;
  const { cache, offline, locked, refresh = false, onBytes, onFetch, onWait = () => undefined } = options;
  const { mirrorRegistry } = await import('../mirror/mirror.ts'); // most builds have no registry
  const revisions = locked?.get(name);
  const chosen = await takeFrom(layer, tables);
  const mirrored = await mirrorRegistry({
    layer: name,
    registry,
    wanted: revisions ? { kind: 'locked', revisions } : chosen.wanted,
    keys,
    signatures,
    gone,
    limits,
    cache,
    offline,
    refresh,
    onBytes,
    onFetch,
    onWait,
    environment: process.env,
  });
  return { ...mirrored, findings: [...mirrored.findings, ...chosen.findings()] };
}

/** What the lines of a layer take, and, once that is known, a warning for each line that takes nothing. */
async function takeFrom(
  { name, take }: RegistryLayer,
  { categories }: Opening['tables'],
): Promise<{ readonly wanted: Wanted; findings(): Finding[] }> {
  const { specRange, takeRule } = await import('../mirror/take.ts');
  const rule = await takeRule(take, categories);
  const ranges = [...new Set((take ?? []).map(specRange))].filter((range) => range !== '');
  let last: { readonly idle: readonly number[]; readonly names: readonly string[] } = { idle: [], names: [] };
  const choose = (list: readonly Listed[]): readonly Listed[] => {
    const { revisions, idle } = rule(list);
    last = { idle, names: [...new Set(list.map((one) => one.name))] };
    return revisions;
  };
  const idleText = (wanted: string | undefined): string => {
    const near = wanted === undefined || last.names.includes(wanted) ? '' : nearMatch(wanted, last.names);
    return `matches nothing that the registry lists${near.startsWith(' (did') ? near : ''}`;
  };
  return {
    wanted: { kind: 'chosen', ranges, choose },
    findings: () =>
      last.idle.map((i) => ({
        code: 'takes-nothing',
        where: `layers.${name}.take.${i}`,
        text: idleText(take?.[i]?.package),
        level: 'warning',
      })),
  };
}

function mixedStorage(own: OwnStorage | undefined, mirrored: MirroredLayers, { limits }: Opening): MixedStorage {
  const all = [...mirrored.values()].flatMap(({ held }) => held);
  const files = new Map(all.flatMap(filesOf).map((one) => [one.content, one]));
  const zips = zipPackages(async (content) => {
    const held = files.get(content);
    return held ? await unchangedFile(held.file, content) : NOT_THERE;
  }, limits);
  const registries = new Map([...mirrored].map(([name, one]) => [name, layerOf(name, one)]));
  return {
    kind: 'mixed',
    own,
    registries,
    zipSizes: new Map(all.map(({ zip: { content, size } }) => [content, size])),
    limits,
    readLayer: async (spec) => registries.get(spec.name) ?? (await ownOf(own).readLayer(spec)),
    listFiles: async (revision) =>
      registries.has(revision.layer)
        ? await zips.list(revision, revision.source)
        : await ownOf(own).listFiles(revision),
    extent: async (revision) =>
      registries.has(revision.layer) ? await zips.extent(revision) : await ownOf(own).extent(revision),
    size: async (content) => files.get(content)?.size ?? zips.size(content) ?? (await own?.size(content)),
    read: async (content) => {
      const held = files.get(content);
      if (held) return await readUnchanged(held.file, content);
      return (await zips.read(content)) ?? (await own?.read(content)) ?? NOT_THERE;
    },
    lacks: async (contents) => (await own?.lacks(contents.filter((content) => !files.has(content)))) ?? new Map(),
    close: async () => {
      await zips.close();
      await own?.close();
    },
  };
}

function ownOf(own: OwnStorage | undefined): OwnStorage {
  if (own) return own;
  throw new Error('no layer lies in a storage');
}

function filesOf({ zip, signature }: Held): HeldFile[] {
  return signature ? [zip, signature] : [zip];
}

/** What a lock file has of a registry. */
export function lockedRevisions({ held }: Mirrored): LockedRevision[] {
  return held.map(({ listed: { name, version }, zip: { size, digest }, signature }) => ({
    name,
    version,
    size,
    digest,
    ...(signature && { signature: signature.digest }),
  }));
}

/** What is held of a registry, as a layer. */
function layerOf(layer: string, { held, report, findings }: Mirrored): Layer {
  const revisions = held.map(({ listed: { id, name, version }, zip, signature }): Revision => ({
    id,
    name,
    version,
    layer,
    where: zipPath(name, version),
    source: zip.content,
    zipped: true,
    signature: signature?.content,
  }));
  const all = held.map(({ listed, zip, signature }) => [listed.id, zip.digest, signature?.digest ?? '']);
  const commit = createHash('sha256')
    .update(JSON.stringify(all.toSorted(byId)))
    .digest('hex');
  return { name: layer, ref: report.registry, commit, revisions, findings };
}

function byId([a = '']: readonly string[], [b = '']: readonly string[]): number {
  return a < b ? -1 : Number(a > b);
}
