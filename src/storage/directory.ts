import { readdirSync, realpathSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Finding } from '../errors.ts';
import { Stop } from '../errors.ts';
import { excess } from '../limits.ts';
import type { Limits } from '../limits.ts';
import { comparePaths } from '../paths.ts';
import { readRecords, recordsFile, writeRecords } from './folder-records.ts';
import { readFolderTrees } from './folder-trees.ts';
import type { FolderTrees } from './folder-trees.ts';
import { FOLDER } from './git/tree.ts';
import { listRevisions } from './listing.ts';
import type { LayerItem } from './listing.ts';
import { measure, unlisted } from './measure.ts';
import type { MeasuredFile } from './measure.ts';
import { blobId } from './object-id.ts';
import type { DirectoryStorage, Extent, Layer, LayerSource, Revision, RevisionFiles } from './storage.ts';
import { readUnchanged, unchangedFile } from './unchanged.ts';
import { zipPackages } from './zip-packages.ts';
import { enumerated } from '../near-match.ts';

/**
 * A folder with one sub-folder a layer as a storage. Symbolic links are never followed. `cache` is where stats are kept, so that
 * later only what has changed is read; undefined keeps nothing and reads everything.
 */
export function openDirectoryStorage(
  folder: string,
  { cache, limits }: { readonly cache: string | undefined; readonly limits: Limits },
): DirectoryStorage {
  const places = openPlaces(limits);
  const zips = zipPackages((content) => unchangedFile(places.fileOf(content) ?? notListed(content), content), limits);
  return {
    kind: 'directory',
    limits,
    readLayer: async (spec) => readLayer(folder, spec, { places, cache, limits }),
    take: async (path) => await take(path, places),
    listFiles: async (revision) =>
      revision.zipped
        ? await zips.list(revision, revision.source)
        : listFolder(revision, places.folders.get(revision.source) ?? notListed(revision.source), limits),
    extent: async (revision) =>
      revision.zipped
        ? await zips.extent(revision)
        : extentOf(places.folders.get(revision.source) ?? notListed(revision.source), limits),
    size: async (content) => zips.size(content) ?? places.sizeOf(content),
    read: async (content) => (await zips.read(content)) ?? (await readUnchanged(places.fileOf(content), content)),
    lacks: async () => new Map(),
    close: () => zips.close(),
  };
}

/** Where in the folders that were read things are, by id. */
interface Places {
  /** Reads a folder and everything below, with packages `above` folders deep. */
  read(root: string, above: number, cache: string | undefined): FolderTrees;
  readonly folders: Map<string, Place>;
  /** A path at which a content was. */
  fileOf(content: string): string | undefined;
  /** In bytes. */
  sizeOf(content: string): number | undefined;
  setFile(content: string, file: PlacedFile): void;
}

/** A folder of a tree that was read, by its path below the root. */
interface Place {
  readonly trees: FolderTrees;
  readonly folder: string;
}

interface PlacedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

function openPlaces(limits: Limits): Places {
  const roots: { root: string; trees: FolderTrees }[] = [];
  const files = new Map<string, PlacedFile>();
  let indexed = 0;
  /** All files of all roots, once a content is asked for: a build of what is unchanged asks for none. */
  const index = (): void => {
    if (indexed === roots.length) return;
    for (const { root, trees } of roots.slice(indexed))
      for (const folder of trees.records.keys())
        for (const { name, mode, id, size } of trees.entries(folder))
          if (mode !== FOLDER) files.set(id, { path: `${root}${folder}/${name}`, size });
    indexed = roots.length;
  };
  const find = (content: string): PlacedFile | undefined => {
    index();
    return files.get(content);
  };
  return {
    read: (root, above, cache) => {
      const file = cache === undefined ? undefined : recordsFile(cache, root);
      const known = file === undefined ? undefined : readRecords(file);
      const trees = readFolderTrees(root, { limits, above, known });
      if (file !== undefined && trees.isNew) writeRecords(file, trees.records);
      roots.push({ root, trees });
      return trees;
    },
    folders: new Map(),
    fileOf: (content) => find(content)?.path,
    sizeOf: (content) => find(content)?.size,
    setFile: (content, file) => void files.set(content, file),
  };
}

function readLayer(
  folder: string,
  spec: LayerSource,
  { places, cache, limits }: { places: Places; cache: string | undefined; limits: Limits },
): Layer {
  const root = join(folder, spec.ref, spec.packages);
  refuseUnreadable(folder, { root, name: spec.name });
  refuseOutside(folder, { root, name: spec.name });
  const trees = places.read(root, LAYER_DEPTH, cache);
  const layer = { name: spec.name, ref: root, commit: undefined };
  const items: LayerItem[] = [];
  const tops = trees.entries('');
  const tooMany = excess(limits, 'packages', tops.filter(({ mode }) => mode === FOLDER).length);
  for (const top of tooMany === undefined ? tops : []) {
    items.push(toItem(top.name, top));
    const inner = top.mode === FOLDER ? trees.entries(`/${top.name}`) : [];
    for (const one of inner) {
      items.push(toItem(`${top.name}/${one.name}`, one));
      if (one.mode === FOLDER) places.folders.set(one.id, { trees, folder: `/${top.name}/${one.name}` });
    }
  }
  const text = tooMany ?? excess(limits, 'revisions', items.length);
  const where = `${spec.name}: ${spec.packages || '.'}`;
  if (text !== undefined)
    return { ...layer, revisions: [], findings: [{ code: 'limit', where, text, level: 'error' }] };
  return { ...layer, ...listRevisions(spec, items) };
}

/** A layer holds its packages at `<name>/<version>`. */
const LAYER_DEPTH = 2;

async function take(path: string, places: Places): Promise<string> {
  if ((await stat(path)).isFile()) {
    const bytes = await readFile(path);
    const content = blobId(bytes);
    places.setFile(content, { path, size: bytes.length });
    return content;
  }
  const trees = places.read(path, 0, undefined);
  places.folders.set(trees.tree, { trees, folder: '' });
  return trees.tree;
}

function refuseUnreadable(folder: string, { root, name }: { root: string; name: string }): void {
  try {
    readdirSync(root);
  } catch (error) {
    const layers = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const names = layers.map((layer) => layer.name).sort();
    const hint = `a storage in a folder has a sub-folder for each layer; it has: ${enumerated(names) || 'none'}`;
    throw new Stop('no-layer', `${root} can't be read (layer ${name})`, hint, error);
  }
}

/** A layer lies inside its storage, also where links lead to it. */
function refuseOutside(folder: string, { root, name }: { root: string; name: string }): void {
  const [outer, inner] = [realpathSync(folder), realpathSync(root)];
  const path = relative(outer, inner);
  if (path !== '..' && !path.startsWith(`..${sep}`)) return;
  throw new Stop(
    'outside',
    `${root} (layer ${name}) leads out of the storage ${folder}, to ${inner}`,
    'a layer is a folder in the storage: correct `ref` of the layer, or put the folder there in place of the link',
  );
}

function toItem(path: string, { mode, id, fault }: ReturnType<FolderTrees['entries']>[number]): LayerItem {
  const kind = fault !== undefined ? 'other' : mode === FOLDER ? 'folder' : 'file';
  return { path, kind, source: id, fault: fault?.text };
}

function listFolder(revision: Revision, { trees, folder }: Place, limits: Limits): RevisionFiles {
  const { layer, where } = revision;
  const findings: Finding[] = [];
  const files: MeasuredFile[] = [];
  const folders: string[] = [];
  const walk = (inner: string): void => {
    const entries = trees.entries(folder + inner);
    if (entries.length === 0 && inner !== '') folders.push(inner.slice(1));
    for (const { name, mode, id, size, fault } of entries) {
      const path = `${inner}/${name}`;
      if (fault !== undefined) findings.push({ ...fault, where: `${layer}: ${where}${path}`, level: 'error' });
      else if (mode === FOLDER) walk(path);
      else files.push({ path: path.slice(1), content: id, size });
    }
  };
  walk('');
  const tooLarge = [
    ...findings.filter(({ code }) => code === 'limit'),
    ...measure(revision, { files, folders }, limits),
  ];
  if (tooLarge.length > 0) return unlisted(tooLarge);
  files.sort((a, b) => comparePaths(a.path, b.path));
  return { files, folders, zip: undefined, findings };
}

function extentOf({ trees, folder }: Place, limits: Limits): Extent | undefined {
  let [files, bytes] = [0, 0];
  const walk = (inner: string): void => {
    const entries = trees.entries(inner);
    files += entries.length;
    for (const { name, mode, size } of entries)
      if (mode === FOLDER) walk(`${inner}/${name}`);
      else bytes += size;
  };
  walk(folder);
  return files > limits.entries || bytes > limits.package ? undefined : { files, bytes };
}

function notListed(id: string): never {
  throw new Error(`nothing with the id ${id} was listed by this storage`);
}
