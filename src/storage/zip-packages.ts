import pLimit from 'p-limit';
import type { Limits } from '../limits.ts';
import { isAbsence } from '../errors.ts';
import { Lack } from './lack.ts';
import { unlisted } from './measure.ts';
import { blobHash, blobId } from './object-id.ts';
import type { Extent, Revision, RevisionFiles } from './storage.ts';
import { openZip, ZipError } from './zip-read.ts';
import type { ZipEntry, ZipPackage } from './zip-read.ts';

/** The zip packages of a storage, and their contents. */
export interface ZipPackages {
  /** The files inside a zip; `zipContent` is the content id of the zip itself. */
  list(revision: Revision, zipContent: string): Promise<RevisionFiles>;
  /** How much a zip and its files are, by its directory alone; undefined where `list` finds nothing in it. */
  extent(revision: Revision): Promise<Extent | undefined>;
  /** The content of a file that `list` found in a zip. Undefined for any other id. */
  read(content: string): Promise<Buffer | Lack | undefined>;
  /** The bytes of a content that `list` found in a zip. Undefined for any other id. */
  size(content: string): number | undefined;
  /** Whether `list` found the content inside a zip. */
  holds(content: string): boolean;
  close(): Promise<void>;
}

/** `locate` returns a path at which the zip of a revision can be opened. */
export function zipPackages(locate: (source: string) => Promise<string | Lack>, limits: Limits): ZipPackages {
  const opened = openZips(limits);
  const found = new Map<string, { path: string; entry: ZipEntry }>();
  const oneAtATime = pLimit(1);
  const list = async (revision: Revision, path: string): Promise<Pick<RevisionFiles, 'files' | 'folders'>> => {
    const zip = await opened.open(path);
    const top = `${revision.name}-${revision.version}`;
    if (zip.top !== top) throw new ZipError(`its top folder is ${zip.top}/, not ${top}/`);
    const files: { path: string; content: string }[] = [];
    for (const entry of zip.entries) {
      const content = await contentOf(zip, entry);
      found.set(content, { path, entry });
      files.push({ path: entry.path, content });
    }
    return { files, folders: zip.folders };
  };
  return {
    list: (revision, zipContent) =>
      oneAtATime(async () => {
        const place = `${revision.layer}: ${revision.where}`;
        const path = await locate(revision.source);
        if (path instanceof Lack) return unlisted([{ ...path, where: place, level: 'error' }], zipContent);
        try {
          return { ...(await list(revision, path)), zip: zipContent, findings: [] };
        } catch (error) {
          if (!(error instanceof ZipError)) throw error;
          return unlisted([{ code: error.code, where: place, text: error.message, level: 'error' }], zipContent);
        }
      }),
    extent: (revision) =>
      oneAtATime(async () => {
        const path = await locate(revision.source);
        return path instanceof Lack ? undefined : await extentOf(() => opened.open(path));
      }),
    read: async (content) => {
      const place = found.get(content);
      if (!place) return undefined;
      try {
        const bytes = await oneAtATime(async () => await (await opened.open(place.path)).read(place.entry));
        return blobId(bytes) === content ? bytes : CHANGED;
      } catch (error) {
        if (error instanceof ZipError || isAbsence(error)) return CHANGED;
        throw error;
      }
    },
    size: (content) => found.get(content)?.entry.size,
    holds: (content) => found.has(content),
    close: () => oneAtATime(opened.close),
  };
}

async function contentOf(zip: ZipPackage, entry: ZipEntry): Promise<string> {
  const id = blobHash(entry.size);
  for await (const piece of zip.pieces(entry)) id.update(piece);
  return id.digest('hex');
}

async function extentOf(open: () => Promise<ZipPackage>): Promise<Extent | undefined> {
  try {
    const { entries, folders, packed } = await open();
    const bytes = entries.reduce((sum, { size }) => sum + size, packed);
    return { files: entries.length + folders.length, bytes };
  } catch (error) {
    if (error instanceof ZipError) return undefined;
    throw error;
  }
}

/**
 * Zips that are open, those that were used last: a layer may hold more zips than a process can open files. Only for one caller at
 * a time.
 */
function openZips(limits: Limits): { open(path: string): Promise<ZipPackage>; close(): Promise<void> } {
  const zips = new Map<string, ZipPackage>();
  const closeAllBut = async (most: number): Promise<void> => {
    for (const [path, zip] of [...zips].slice(0, Math.max(0, zips.size - most))) {
      zips.delete(path);
      await zip.close();
    }
  };
  return {
    open: async (path) => {
      const zip = zips.get(path) ?? (await openZip(path, limits));
      zips.delete(path);
      zips.set(path, zip);
      await closeAllBut(MOST_OPEN);
      return zip;
    },
    close: () => closeAllBut(0),
  };
}

/** More than a build reads at the same time. */
const MOST_OPEN = 32;

const CHANGED = new Lack('unfit', 'was changed while it was read');
