import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import fastGlob from 'fast-glob';
import type { Finding } from '../errors.ts';
import { Stop } from '../errors.ts';
import { comparePaths } from '../paths.ts';
import { blobId } from './blob-id.ts';
import type { Layer, LayerSource, Revision, RevisionFiles, Storage } from './layers.ts';
import { listRevisions } from './listing.ts';
import type { Entry } from './listing.ts';
import { zipPackages } from './zip-packages.ts';

/** A folder with one sub-folder a layer as a storage. Symbolic links are never followed. */
export function openDirectoryStorage(folder: string): Storage {
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
  const found = await glob(root, 2).catch((error: unknown) => {
    throw new Stop(
      'no-layer',
      `${root} can't be read (layer ${spec.name})`,
      'a folder storage has a folder a layer',
      error,
    );
  });
  const entries = await Promise.all(
    found.map(async ({ path, dirent }): Promise<Entry> => {
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
  const refuseError = (path: string, { code, message }: NodeJS.ErrnoException): void =>
    refuse(path, path.includes('\ufffd') ? 'has a name that is not UTF-8' : `can't be read: ${code ?? message}`);
  const found = await glob(revision.source).catch((error: NodeJS.ErrnoException) => {
    refuseError(relative(revision.source, error.path ?? revision.source), error);
    return [];
  });
  for (const { path, dirent } of found) {
    if (dirent.isFile())
      await identify(join(revision.source, path)).then(
        (content) => files.push({ path, content }),
        (error: NodeJS.ErrnoException) => refuseError(path, error),
      );
    else if (!dirent.isDirectory()) refuse(path, dirent.isSymbolicLink() ? 'is a symbolic link' : 'is not a file');
  }
  files.sort((a, b) => comparePaths(a.path, b.path));
  return { files, zip: undefined, findings };
}

async function glob(cwd: string, deep = Number.POSITIVE_INFINITY): Promise<fastGlob.Entry[]> {
  const options = { cwd, deep, dot: true, onlyFiles: false, followSymbolicLinks: false, objectMode: true } as const;
  return await fastGlob(ANY_PATH, { ...options, suppressErrors: false });
}

/** `**` alone matches no name with a line break in it. */
const ANY_PATH = '**/+([^/]|/)';

/** A file that was changed since it was listed is as good as missing: its bytes are no longer what its id says. */
async function readUnchanged(path: string, content: string): Promise<Buffer | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes && blobId(bytes) === content ? bytes : undefined;
}
