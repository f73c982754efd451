import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Stop } from '../errors.ts';
import type { Finding } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { blobId } from '../storage/object-id.ts';
import { openDirectoryStorage } from '../storage/directory.ts';
import { revisionId } from '../storage/storage.ts';
import type { Revision, RevisionFiles, Storage } from '../storage/storage.ts';
import { parseManifest, toText, YamlError } from '../package/yaml/yaml.ts';
import { openZip, ZipError } from '../storage/zip-read.ts';
import { writeFolder } from '../storage/git/edit-tree.ts';
import { contentOf } from './content-of.ts';
import type { Held } from './revision-paths.ts';
import type { Repository } from '../storage/git/repository.ts';
import { EXECUTABLE, FILE, FOLDER } from '../storage/git/tree.ts';

/** A package from outside, in the form in which a layer lists it. */
export interface Incoming {
  /** `where` is the file or folder that it comes from, as the user named it. */
  readonly revision: Revision;
  readonly listed: RevisionFiles;
  /** The same with the ids by which the repository names contents, to be compared with what it holds. */
  readonly held: RevisionFiles & { readonly signature: string | undefined };
  /** The signature beside a zip. */
  readonly signature: Buffer | undefined;
}

export type IncomingRead =
  | { readonly kind: 'package'; readonly incoming: Incoming }
  | { readonly kind: 'unfit'; readonly finding: Finding };

export interface IncomingPackages {
  /** Reads the contents. */
  readonly storage: Storage;
  /** A package in a zip or a folder, or the finding about it. */
  read(path: string): Promise<IncomingRead>;
  /** Writes the objects of a package to the repository, and returns what a layer holds of it. */
  write(repository: Repository, incoming: Incoming): Promise<Held>;
  close(): Promise<void>;
}

/**
 * Reads packages from outside for a layer. `keepZip` keeps all zips as zips; a zip with a signature is always kept. `format` is that
 * of the repository's ids.
 */
export function incomingPackages(
  layer: string,
  { keepZip, format = 'sha1', limits }: { keepZip: boolean; format?: 'sha1' | 'sha256'; limits: Limits },
): IncomingPackages {
  const storage = openDirectoryStorage('.', { cache: undefined, limits });
  return {
    storage,
    read: async (path) => {
      const kind = await kindOf(path);
      const names = await (kind === 'zip' ? namesOfZip(path, limits) : namesOfFolder(path, limits));
      if (names.kind === 'unfit')
        return { kind: 'unfit', finding: { code: 'unfit', where: path, text: names.text, level: 'error' } };
      const signature = kind === 'zip' ? await readIfThere(`${path}.sig`) : undefined;
      const { name, version } = names;
      const id = revisionId(name, version);
      const zipped = kind === 'zip';
      const isKept = zipped && (keepZip || signature !== undefined);
      const signatureId = signature && blobId(signature);
      const source = await storage.take(path);
      const revision = { id, name, version, layer, where: path, source, zipped, signature: signatureId };
      const listed = await storage.listFiles(revision);
      const findings = [...listed.findings, ...gitFindings(revision, listed)];
      const taken = { ...listed, findings, zip: isKept ? listed.zip : undefined };
      const held = format === 'sha1' ? taken : await renamed(storage, taken, path);
      const incoming = {
        revision,
        signature,
        listed: taken,
        held: { ...held, signature: signature && blobId(signature, format) },
      };
      return { kind: 'package', incoming };
    },
    write: async (repository, incoming) => await writePackage(storage, repository, incoming),
    close: () => storage.close(),
  };
}

async function writePackage(
  storage: Storage,
  repository: Repository,
  { revision, listed, signature }: Incoming,
): Promise<Held> {
  if (listed.zip !== undefined) return await writeZip(repository, revision, signature);
  const ids = await repository.writeBlobs(
    listed.files.map(
      ({ path, content }) =>
        () =>
          contentOf(storage, content, join(revision.where, path)),
    ),
  );
  const files = await Promise.all(
    listed.files.map(async ({ path }, i) => ({
      path,
      node: { mode: await modeOf(revision, path), id: ids[i] ?? '' },
    })),
  );
  return { folder: { mode: FOLDER, id: await writeFolder(repository, files) } };
}

/** A package with the ids of a SHA-256 repository. The contents in a zip that is kept have the same ids in every repository. */
async function renamed(storage: Storage, listed: RevisionFiles, path: string): Promise<RevisionFiles> {
  if (listed.zip !== undefined) return { ...listed, zip: blobId(await readFile(path), 'sha256') };
  const files = await Promise.all(
    listed.files.map(async (file) => {
      return { ...file, content: blobId(await contentOf(storage, file.content, join(path, file.path)), 'sha256') };
    }),
  );
  return { ...listed, files };
}

async function writeZip(repository: Repository, { where }: Revision, signature: Buffer | undefined): Promise<Held> {
  const contents = signature === undefined ? [] : [async () => signature];
  const [zip = '', own] = await repository.writeBlobs([() => readFile(where), ...contents]);
  return { zip: { mode: FILE, id: zip }, zipSignature: own === undefined ? undefined : { mode: FILE, id: own } };
}

/** Throws a `Stop` if it is neither. */
async function kindOf(path: string): Promise<'zip' | 'folder'> {
  const found = await stat(path).catch((error: unknown) => {
    throw new Stop('no-package', `${path} is not there`, 'name zips or folders of packages', error);
  });
  if (found.isDirectory()) return 'folder';
  if (found.isFile() && path.endsWith('.zip')) return 'zip';
  throw new Stop('no-package', `${path} is neither a folder nor a .zip`, 'name zips or folders of packages');
}

type Names =
  | { readonly kind: 'package'; readonly name: string; readonly version: string }
  | { readonly kind: 'unfit'; readonly text: string };

async function namesOfZip(path: string, limits: Limits): Promise<Names> {
  try {
    const zip = await openZip(path, limits);
    await zip.close();
    const [, name, version] = /^([^-]+)-(.+)$/s.exec(zip.top) ?? [];
    return name !== undefined && version !== undefined
      ? { kind: 'package', name, version }
      : { kind: 'unfit', text: `${zip.top}/ is not {name}-{version}/` };
  } catch (error) {
    if (error instanceof ZipError) return { kind: 'unfit', text: error.message };
    throw error;
  }
}

async function namesOfFolder(path: string, limits: Limits): Promise<Names> {
  const bytes = await readIfThere(join(path, 'manifest.yml'));
  if (!bytes) return { kind: 'unfit', text: 'has no manifest.yml: a folder of a package has one' };
  try {
    const fields = parseManifest(bytes, limits);
    const [name, version] = [toText(fields['name'] ?? null), toText(fields['version'] ?? null)];
    if (isFolderName(name) && isFolderName(version)) return { kind: 'package', name, version };
    return { kind: 'unfit', text: 'its manifest.yml names no package and version that folders can be called by' };
  } catch (error) {
    if (error instanceof YamlError) return { kind: 'unfit', text: `manifest.yml: ${error.message}` };
    throw error;
  }
}

function isFolderName(value: string | undefined): value is string {
  return value !== undefined && !/^\.{0,2}$|[/\\\0\n]/.test(value) && !isGitName(value);
}

/** Git refuses to check out paths that look like its own directory (git-fsck(1), "hasDotgit"). */
function gitFindings({ where }: Revision, { files }: RevisionFiles): Finding[] {
  const found = files.filter(({ path }) => path.split('/').some(isGitName));
  return found.map(({ path }) => ({
    code: 'unfit',
    where: `${where}/${path}`,
    text: 'git holds no files of this name',
    level: 'error',
  }));
}

function isGitName(name: string): boolean {
  return /^(\.git|git~1)[ .]*$/i.test(name);
}

async function modeOf({ where, zipped }: Revision, path: string): Promise<string> {
  if (zipped) return FILE;
  const { mode } = await stat(join(where, path));
  return (mode & 0o100) === 0 ? FILE : EXECUTABLE;
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  return await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new Stop('no-package', `${basename(path)} can't be read: ${error.code ?? error.message}`, undefined, error);
  });
}
