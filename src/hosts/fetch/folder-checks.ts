import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { FileBody } from '../../core/response.ts';
import { columnsName, FILE_LISTS, indexFilePath, manifestPartPath, rowsName } from '../../tree/layout.ts';
import { digestsBelow } from '../../tree/manifest.ts';

/*
 * Whether the files of a site in a folder are those that the site names. The names of columns and rows hold their digests. File lists
 * and columns hold the size and digest of every file that clients get. Only the site manifest has the digests of the file lists.
 */

/** Checks the files of one site. Each throws an Error where a file is another one. */
export interface FolderChecks {
  /** A small file that the host reads for itself. */
  text(path: string, bytes: Buffer): Promise<void>;
  /** The size of an open file, and its digest if the file of that path was another one when it was last checked. */
  file(body: FileBody, file: FileHandle): Promise<void>;
  /** The bytes of an open file, checked like this. */
  whole(body: FileBody, file: FileHandle): Promise<Buffer<ArrayBuffer>>;
}

/** The site that is checked. */
export interface CheckedSite {
  /** Reads a file of it. */
  bytes(path: string): Promise<Buffer | undefined>;
  /** Whether it is still in its place. */
  isThere(): Promise<boolean>;
}

export function folderChecks(site: CheckedSite): FolderChecks {
  /** By path, what the file system said of the file whose digest was right. */
  const right = new Map<string, string>();
  let lists: Promise<Map<string, string>> | undefined;
  /** '' for a list that the manifest doesn't name; undefined without a manifest. */
  const listDigest = async (path: string): Promise<string | undefined> => {
    lists ??= listDigests(site);
    try {
      const known = await lists;
      return known.get(path) ?? (known.size > 0 ? '' : undefined);
    } catch (error) {
      lists = undefined; // the next one tries again
      throw error;
    }
  };
  return {
    text: async (path, content) => {
      const digest = path.startsWith(`${FILE_LISTS}/`) ? await listDigest(path) : undefined;
      const isRight = digest === undefined ? isNamed(path, content) : sha256(content) === digest;
      if (!isRight) throw new Error(ALTERED);
    },
    file: async (body, file) => {
      const identity = await identify(body, file);
      if (right.get(body.path) === identity) return;
      if (!(await digestOf(body, file)).startsWith(body.digest)) throw new Error(ALTERED);
      right.set(body.path, identity);
    },
    whole: async (body, file) => {
      const identity = await identify(body, file);
      const content = await readWhole(body, file);
      if (right.get(body.path) === identity) return content;
      if (!sha256(content).startsWith(body.digest)) throw new Error(ALTERED);
      right.set(body.path, identity);
      return content;
    },
  };
}

const ALTERED = "it isn't the file that the site names";
/** The bytes of one read. */
const CHUNK = 2 ** 20;

/** What the file system says of a file, which has the right size. */
async function identify({ size }: FileBody, file: FileHandle): Promise<string> {
  const found = await file.stat();
  if (!found.isFile()) throw new Error('it is no file');
  if (found.size !== size) throw new Error(`it has ${found.size} bytes, and the site says ${size}`);
  return `${found.ino} ${found.mtimeMs} ${found.ctimeMs}`;
}

async function readWhole({ size }: FileBody, file: FileHandle): Promise<Buffer<ArrayBuffer>> {
  const content = Buffer.allocUnsafeSlow(size); // it may be kept, so it isn't a part of a larger one
  for (let at = 0; at < size;) at += await readAt(file, content.subarray(at), at);
  return content;
}

async function digestOf({ size }: FileBody, file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK, size));
  for (let at = 0; at < size;) {
    const length = await readAt(file, chunk, at);
    hash.update(chunk.subarray(0, length));
    at += length;
  }
  return hash.digest('hex');
}

async function readAt(file: FileHandle, into: Buffer, at: number): Promise<number> {
  const { bytesRead } = await file.read(into, 0, into.length, at);
  if (bytesRead === 0) throw new Error('it became shorter while it was read');
  return bytesRead;
}

/** Columns and rows have the names that go with their content; other files have any. */
function isNamed(path: string, content: Buffer): boolean {
  const kind = [columnsName, rowsName].find((name) => isLike(path, indexFilePath(name(''))));
  return !kind || indexFilePath(kind(sha256(content))) === path;
}

/** Whether a path is like a name whose digest is left out. */
function isLike(path: string, name: string): boolean {
  const dot = name.lastIndexOf('.');
  return path.startsWith(name.slice(0, dot)) && path.endsWith(name.slice(dot));
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The digests of all file lists, from the site manifest. None where the site has no manifest. */
async function listDigests({ bytes, isThere }: CheckedSite): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (let part = 0; ; part++) {
    const lines = await bytes(manifestPartPath(part));
    if (!lines) break;
    for (const [path, digest] of digestsBelow(lines, FILE_LISTS)) digests.set(path, digest);
  }
  if (!(await isThere())) throw new Error('the site has changed');
  return digests;
}
