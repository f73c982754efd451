import { readdirSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../errors.ts';
import { isAbsence, Stop } from '../errors.ts';
import { comparePaths } from '../paths.ts';
import { readRecords, recordsFile, writeRecords } from './folder-records.ts';
import { readFolderTrees } from './folder-trees.ts';
import type { FolderTrees } from './folder-trees.ts';
import { FOLDER } from './git/tree.ts';
import { listRevisions } from './listing.ts';
import type { LayerItem } from './listing.ts';
import { blobId } from './object-id.ts';
import type { DirectoryStorage, Layer, LayerSource, PackageFile, Revision, RevisionFiles } from './storage.ts';
import { zipPackages } from './zip-packages.ts';

/**
 * A folder with one sub-folder a layer as a storage. Symbolic links are never followed. `cache` is where stats are kept, so that
 * later only what has changed is read; undefined keeps nothing and reads everything.
 */
export function openDirectoryStorage(folder: string, cache: string | undefined): DirectoryStorage {
  const places = openPlaces();
  const zips = zipPackages(async (content) => places.fileOf(content) ?? unlisted(content));
  return {
    kind: 'directory',
    readLayer: async (spec) => readLayer(folder, spec, { places, cache }),
    take: async (path) => await take(path, places),
    listFiles: async (revision) =>
      revision.zipped
        ? await zips.list(revision, revision.source)
        : listFolder(revision, places.folders.get(revision.source) ?? unlisted(revision.source)),
    read: async (content) => (await zips.read(content)) ?? (await readUnchanged(places.fileOf(content), content)),
    missing: async () => new Set(),
    close: () => zips.close(),
  };
}

/** Where in the folders that were read things are, by id. */
interface Places {
  /** Reads a folder and everything below. */
  read(root: string, cache: string | undefined): FolderTrees;
  readonly folders: Map<string, Place>;
  /** A path at which a content was. */
  fileOf(content: string): string | undefined;
  setFile(content: string, path: string): void;
}

/** A folder of a tree that was read, by its path below the root. */
interface Place {
  readonly trees: FolderTrees;
  readonly folder: string;
}

function openPlaces(): Places {
  const roots: { root: string; trees: FolderTrees }[] = [];
  const files = new Map<string, string>();
  let indexed = 0;
  /** All files of all roots, once a content is asked for: a build of what is unchanged asks for none. */
  const index = (): void => {
    if (indexed === roots.length) return;
    for (const { root, trees } of roots.slice(indexed))
      for (const folder of trees.records.keys())
        for (const { name, mode, id } of trees.entries(folder))
          if (mode !== FOLDER) files.set(id, `${root}${folder}/${name}`);
    indexed = roots.length;
  };
  return {
    read: (root, cache) => {
      const file = cache === undefined ? undefined : recordsFile(cache, root);
      const trees = readFolderTrees(root, file === undefined ? undefined : readRecords(file));
      if (file !== undefined && trees.isNew) writeRecords(file, trees.records);
      roots.push({ root, trees });
      return trees;
    },
    folders: new Map(),
    fileOf: (content) => {
      index();
      return files.get(content);
    },
    setFile: (content, path) => void files.set(content, path),
  };
}

function readLayer(
  folder: string,
  spec: LayerSource,
  { places, cache }: { places: Places; cache: string | undefined },
): Layer {
  const root = join(folder, spec.ref, spec.packages);
  refuseUnreadable(folder, { root, name: spec.name });
  const trees = places.read(root, cache);
  const items: LayerItem[] = [];
  for (const top of trees.entries('')) {
    items.push(toItem(top.name, top));
    const inner = top.mode === FOLDER ? trees.entries(`/${top.name}`) : [];
    for (const one of inner) {
      items.push(toItem(`${top.name}/${one.name}`, one));
      if (one.mode === FOLDER) places.folders.set(one.id, { trees, folder: `/${top.name}/${one.name}` });
    }
  }
  return { name: spec.name, ref: root, commit: undefined, ...listRevisions(spec, items) };
}

async function take(path: string, places: Places): Promise<string> {
  if ((await stat(path)).isFile()) {
    const content = blobId(await readFile(path));
    places.setFile(content, path);
    return content;
  }
  const trees = places.read(path, undefined);
  places.folders.set(trees.tree, { trees, folder: '' });
  return trees.tree;
}

function refuseUnreadable(folder: string, { root, name }: { root: string; name: string }): void {
  try {
    readdirSync(root);
  } catch (error) {
    const layers = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const names = layers.map((layer) => layer.name).sort();
    const hint = `a folder storage has a folder a layer; it has: ${names.join(', ')}`;
    throw new Stop('no-layer', `${root} can't be read (layer ${name})`, hint, error);
  }
}

function toItem(path: string, { mode, id, fault }: ReturnType<FolderTrees['entries']>[number]): LayerItem {
  return { path, kind: fault !== undefined ? 'other' : mode === FOLDER ? 'folder' : 'file', source: id };
}

function listFolder({ layer, where }: Revision, { trees, folder }: Place): RevisionFiles {
  const findings: Finding[] = [];
  const files: PackageFile[] = [];
  const folders: string[] = [];
  const walk = (inner: string): void => {
    const entries = trees.entries(folder + inner);
    if (entries.length === 0 && inner !== '') folders.push(inner.slice(1));
    for (const { name, mode, id, fault } of entries) {
      const path = `${inner}/${name}`;
      if (fault !== undefined)
        findings.push({ code: 'unfit', where: `${layer}: ${where}${path}`, text: fault, level: 'error' });
      else if (mode === FOLDER) walk(path);
      else files.push({ path: path.slice(1), content: id });
    }
  };
  walk('');
  files.sort((a, b) => comparePaths(a.path, b.path));
  return { files, folders, zip: undefined, findings };
}

function unlisted(id: string): never {
  throw new Error(`nothing with the id ${id} was listed by this storage`);
}

/** A file that was changed since it was listed is as good as missing: its bytes are no longer what its id says. */
async function readUnchanged(path: string | undefined, content: string): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  const bytes = await readFile(path).catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw error;
  });
  return bytes && blobId(bytes) === content ? bytes : undefined;
}
