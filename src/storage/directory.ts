import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastGlob from 'fast-glob';
import type { Finding } from '../errors.ts';
import { isAbsence, Stop } from '../errors.ts';
import { comparePaths } from '../paths.ts';
import { blobId } from './blob-id.ts';
import type { DirectoryStorage, Layer, LayerSource, Revision, RevisionFiles } from './storage.ts';
import { listRevisions } from './listing.ts';
import type { LayerItem } from './listing.ts';
import { zipPackages } from './zip-packages.ts';

/** A folder with one sub-folder a layer as a storage. Symbolic links are never followed. */
export function openDirectoryStorage(folder: string): DirectoryStorage {
  const places = new Map<string, string>();
  const identify = async (path: string): Promise<string> => {
    const content = blobId(await readFile(path));
    places.set(content, path);
    return content;
  };
  const zips = zipPackages(async (path) => path);
  return {
    kind: 'directory',
    readLayer: (spec) => readLayer(folder, spec, identify),
    listFiles: async (revision) =>
      revision.zipped ? zips.list(revision, await identify(revision.source)) : listFolder(revision, identify),
    read: async (content) => {
      const path = places.get(content);
      return path === undefined ? zips.read(content) : readUnchanged(path, content);
    },
    missing: async () => new Set(),
    close: () => zips.close(),
  };
}

async function readLayer(
  folder: string,
  spec: LayerSource,
  identify: (path: string) => Promise<string>,
): Promise<Layer> {
  const root = join(folder, spec.ref, spec.packages);
  const found = await readdir(root).then(
    () => glob(root, 2),
    async (error: unknown) => {
      const others = await fastGlob('*', { cwd: folder, onlyDirectories: true });
      const hint = `a folder storage has a folder a layer; it has: ${others.sort().join(', ')}`;
      throw new Stop('no-layer', `${root} can't be read (layer ${spec.name})`, hint, error);
    },
  );
  const entries = await Promise.all(
    found.map(async ({ path, dirent }): Promise<LayerItem> => {
      const kind = dirent.isDirectory() ? 'folder' : dirent.isFile() ? 'file' : 'other';
      const full = join(root, path);
      const source = kind === 'file' && path.endsWith('.sig') ? await identify(full) : full;
      return { path, kind, source };
    }),
  );
  return { name: spec.name, ref: root, commit: undefined, ...listRevisions(spec, entries) };
}

async function listFolder(revision: Revision, identify: (path: string) => Promise<string>): Promise<RevisionFiles> {
  const findings: Finding[] = [];
  const files: { path: string; content: string }[] = [];
  const refuse = (path: string, text: string): void => {
    findings.push({ code: 'unfit', where: `${revision.layer}: ${revision.where}/${path}`, text, level: 'error' });
  };
  for (const { path, dirent } of await glob(revision.source)) {
    const full = join(revision.source, path);
    if (path.includes('\ufffd') && !existsSync(full)) refuse(path, 'has a name that is not UTF-8');
    else if (dirent.isFile())
      await identify(full).then(
        (content) => files.push({ path, content }),
        (error: NodeJS.ErrnoException) => refuse(path, `can't be read: ${error.code ?? error.message}`),
      );
    else if (!dirent.isDirectory()) refuse(path, dirent.isSymbolicLink() ? 'is a symbolic link' : 'is not a file');
  }
  files.sort((a, b) => comparePaths(a.path, b.path));
  return { files, zip: undefined, findings };
}

/** Folders that can't be found are passed over: fast-glob holds them for just removed. */
async function glob(cwd: string, deep = Number.POSITIVE_INFINITY): Promise<fastGlob.Entry[]> {
  const options = { cwd, deep, dot: true, onlyFiles: false, followSymbolicLinks: false, objectMode: true } as const;
  return await fastGlob(ANY_PATH, { ...options, suppressErrors: false });
}

/** `**` alone matches no name with a line break in it. */
const ANY_PATH = '**/+([^/]|/)';

/** A file that was changed since it was listed is as good as missing: its bytes are no longer what its id says. */
async function readUnchanged(path: string, content: string): Promise<Buffer | undefined> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw error;
  });
  return bytes && blobId(bytes) === content ? bytes : undefined;
}
