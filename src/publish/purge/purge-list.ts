import { Stop } from '../../errors.ts';
import { escapePath } from '../../core/path.ts';
import { asByteString } from '../../tree/byte-string.ts';
import { parseFileList } from '../../tree/file-list.ts';
import type { FileList } from '../../tree/file-list.ts';
import { kindOf } from '../../tree/kinds.ts';
import { BROWSE, RELEASE } from '../../tree/layout.ts';
import { objectKey, parseRecord } from '../../tree/store-form.ts';
import type { Inventory, RevisionPlace, StoreHeader } from '../../tree/store-form.ts';
import { contentOf } from '../content-at.ts';
import { readInventory } from '../pointer.ts';
import { requireHeader } from '../releases.ts';
import type { ReadOnlyStore } from '../store.ts';

/*
 * Which URLs answer otherwise when another release of a store becomes current: what whoever caches answers has to forget. Only answers that
 * may be cached count (docs/contract.md): a revision that is new has none.
 */

/** A URL path, escaped, without a site's own prefix. One that ends with `*` stands for all that begin so, queries included. */
export type PurgePath = string;

export interface PurgePaths {
  /** `/*`, and nothing else, where too much has changed to name it, or where nobody knows what caches hold. */
  readonly everything: readonly PurgePath[];
  /** Of the home page, `/search`, `/categories` and `release.json`. */
  readonly answers: readonly PurgePath[];
  /** `/package/{name}/{version}/`. */
  readonly indexes: readonly PurgePath[];
  /** All pages for people, which have a common index: `/_browse/*`. */
  readonly pages: readonly PurgePath[];
  readonly files: readonly PurgePath[];
  readonly zips: readonly PurgePath[];
  readonly signatures: readonly PurgePath[];
  /** Files that a site was given, such as its icon. */
  readonly copied: readonly PurgePath[];
}

export interface PurgeList {
  readonly format: 1;
  /** The oldest release whose answers caches may hold; null where nobody knows. */
  readonly from: string | null;
  readonly to: string;
  readonly paths: PurgePaths;
}

/** From which releases, the oldest first, to which one: `from` is undefined where nobody knows what caches hold. */
export interface ReleaseChange {
  readonly from: readonly string[] | undefined;
  readonly to: string;
}

type Draft = Record<keyof PurgePaths, PurgePath[]>;

/** With more changed revisions or paths than that, everything goes: a purge of each would take longer than asking for it again. */
const MOST = { releases: 10, revisions: 500, paths: 1000 };

/** The list for a change of releases. Throws a `Stop` where the store lacks a part of one of them. */
export async function purgeList(store: ReadOnlyStore, { from, to }: ReleaseChange): Promise<PurgeList> {
  return { format: 1, from: from?.[0] ?? null, to, paths: (await pathsSince(store, { from, to })) ?? EVERYTHING };
}

/** Undefined where nobody knows, or there are too many. */
async function pathsSince(store: ReadOnlyStore, { from, to }: ReleaseChange): Promise<PurgePaths | undefined> {
  if (from === undefined || from.length > MOST.releases) return undefined;
  const after = await requireHeader(store, to);
  let paths = NOTHING;
  for (const id of from) {
    const before = await requireHeader(store, id);
    const more = settingsIn(before) === settingsIn(after) ? await changedPaths(store, before, after) : undefined;
    if (!more) return undefined;
    paths = joined(paths, more);
  }
  return countOf(paths) > MOST.paths ? undefined : paths;
}

/** The paths of two lists, each once. */
function joined(one: PurgePaths, other: PurgePaths): PurgePaths {
  const draft = emptyDraft();
  for (const kind of Object.keys(draft) as (keyof PurgePaths)[])
    draft[kind].push(...new Set([...one[kind], ...other[kind]]));
  return draft;
}

const NOTHING: PurgePaths = {
  everything: [],
  answers: [],
  indexes: [],
  pages: [],
  files: [],
  zips: [],
  signatures: [],
  copied: [],
};
const EVERYTHING: PurgePaths = { ...NOTHING, everything: ['/*'] };

/** What all answers depend on. */
function settingsIn({ cache, artifacts }: StoreHeader): string {
  return JSON.stringify([cache, artifacts]);
}

/** All paths of a list. */
export function allPaths({ paths }: PurgeList): PurgePath[] {
  return Object.values<readonly PurgePath[]>({ ...paths }).flat();
}

/** Undefined where there are too many. */
async function changedPaths(
  store: ReadOnlyStore,
  before: StoreHeader,
  after: StoreHeader,
): Promise<PurgePaths | undefined> {
  const [old, fresh] = [await readInventory(store, before), await readInventory(store, after)];
  const draft = emptyDraft();
  fileChanges(old, fresh, draft);
  const changed = Object.keys(old.revisions).filter((key) => old.revisions[key]?.list !== fresh.revisions[key]?.list);
  if (changed.length > MOST.revisions) return undefined;
  const hasArtifacts = before.artifacts === true;
  for (const key of changed) await revisionChanges(store, key, { old, fresh, draft, hasArtifacts });
  return countOf(draft) > MOST.paths ? undefined : draft;
}

function countOf(paths: PurgePaths): number {
  return Object.values<readonly PurgePath[]>({ ...paths }).reduce((sum, some) => sum + some.length, 0);
}

function emptyDraft(): Draft {
  return { everything: [], answers: [], indexes: [], pages: [], files: [], zips: [], signatures: [], copied: [] };
}

/** What changes with the files that belong to no revision. */
function fileChanges({ files: old }: Inventory, { files: fresh }: Inventory, draft: Draft): void {
  const answers = new Set<PurgePath>();
  const pages = new Set<PurgePath>();
  for (const path of new Set([...Object.keys(old), ...Object.keys(fresh)])) {
    if (old[path]?.digest === fresh[path]?.digest) continue;
    if (kindOf(path) === 'copied file') draft.copied.push(escapePath(asByteString(`/${path}`)));
    else if (kindOf(path) === 'page') pages.add(`/${BROWSE}/*`);
    else for (const one of answersFrom(path)) answers.add(one);
  }
  draft.answers.push(...answers);
  draft.pages.push(...pages);
}

/** The answers that a generated file has a part in. */
function answersFrom(path: string): readonly PurgePath[] {
  if (path === RELEASE) return [`/${RELEASE}`];
  const kind = kindOf(path);
  if (kind === 'home') return ['/', '/index.json'];
  return kind === 'index' || kind === 'columns' || kind === 'rows' || kind === 'answer'
    ? ['/search*', '/categories*']
    : [];
}

interface Sides {
  readonly old: Inventory;
  readonly fresh: Inventory;
  readonly draft: Draft;
  readonly hasArtifacts: boolean;
}

/** What changes with a revision that was there before. */
async function revisionChanges(
  store: ReadOnlyStore,
  key: string,
  { old, fresh, draft, hasArtifacts }: Sides,
): Promise<void> {
  const [name = '', version = ''] = key.split('/');
  const urls = urlsOf(name, version, hasArtifacts);
  const before = await fileListOf(store, old, key);
  const after = await fileListOf(store, fresh, key);
  const isOther = (part: 'index' | 'zip' | 'signature'): boolean =>
    before?.[part] !== undefined && JSON.stringify(before[part]) !== JSON.stringify(after?.[part]);
  if (isOther('index')) draft.indexes.push(escaped(`/package/${key}/`));
  if (isOther('zip')) draft.zips.push(...urls.zips.map((zip) => escaped(`${zip}.zip`)));
  if (isOther('signature')) draft.signatures.push(...urls.zips.map((zip) => escaped(`${zip}.zip.sig`)));
  if (!after) return void draft.files.push(...urls.folders.map((folder) => `${escaped(folder)}*`));
  const paths = new Set([...Object.keys(before?.files ?? {}), ...Object.keys(after.files)]);
  for (const path of paths)
    if (JSON.stringify(before?.files[path]) !== JSON.stringify(after.files[path]))
      draft.files.push(...urls.folders.map((folder) => escaped(folder + path)));
}

/**
 * Where the zip of a revision and its files lie. A zip may lie in any folder: a registry in proxy mode asks for the one called `package`.
 */
function urlsOf(
  name: string,
  version: string,
  hasArtifacts: boolean,
): { readonly zips: readonly string[]; readonly folders: readonly string[] } {
  const id = `${name}-${version}`;
  return {
    zips: [`/epr/${name}/${id}`, `/epr/package/${id}`, ...(hasArtifacts ? [`/artifacts/packages/${id}`] : [])],
    folders: [`/package/${name}/${version}/`, ...(hasArtifacts ? [`/artifacts/static/${id}/`] : [])],
  };
}

function escaped(path: string): PurgePath {
  return escapePath(asByteString(path));
}

/** Undefined where the release has no such revision. */
async function fileListOf(store: ReadOnlyStore, inventory: Inventory, key: string): Promise<FileList | undefined> {
  const revision = inventory.revisions[key];
  return revision && parseFileList(await listText(store, inventory, revision));
}

async function listText(store: ReadOnlyStore, { objects }: Inventory, { record }: RevisionPlace): Promise<string> {
  const [object, start, length, method, size] = record;
  const pack = objectKey(objects[object]?.[0] ?? '');
  const bytes = await store.range(pack, start, start + length);
  const content = bytes && contentOf(bytes, { method, size });
  if (!content)
    throw new Stop(
      'store-damaged',
      `${pack} is missing or damaged in ${store.url}`,
      'publish the site again, with --check',
    );
  return parseRecord(content.toString('utf8')).list;
}
