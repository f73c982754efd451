import pLimit from 'p-limit';
import type { Limits } from '../limits.ts';
import { Lack } from './lack.ts';
import { unlisted } from './measure.ts';
import { blobId } from './object-id.ts';
import type { Revision, RevisionFiles } from './storage.ts';
import { openZip, ZipError } from './zip-read.ts';
import type { ZipEntry, ZipPackage } from './zip-read.ts';

/** The zip packages of a storage, and their contents. */
export interface ZipPackages {
  /** The files inside a zip; `zipContent` is the content id of the zip itself. */
  list(revision: Revision, zipContent: string): Promise<RevisionFiles>;
  /** The content of a file that `list` found in a zip. Undefined for any other id. */
  read(content: string): Promise<Buffer | Lack | undefined>;
  /** Whether `list` found the content inside a zip. */
  holds(content: string): boolean;
  close(): Promise<void>;
}

/** `locate` returns a path at which the zip of a revision can be opened. */
export function zipPackages(locate: (source: string) => Promise<string | Lack>, limits: Limits): ZipPackages {
  const opened: ZipPackage[] = [];
  const found = new Map<string, { zip: ZipPackage; entry: ZipEntry }>();
  const oneAtATime = pLimit(1);
  const list = async (revision: Revision, path: string): Promise<Pick<RevisionFiles, 'files' | 'folders'>> => {
    const zip = await openZip(path, limits);
    opened.push(zip);
    const top = `${revision.name}-${revision.version}`;
    if (zip.top !== top) throw new ZipError(`its top folder is ${zip.top}/, not ${top}/`);
    const files: { path: string; content: string }[] = [];
    for (const entry of zip.entries) {
      const content = blobId(await zip.read(entry));
      found.set(content, { zip, entry });
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
    read: async (content) => {
      const place = found.get(content);
      if (!place) return undefined;
      try {
        const bytes = await oneAtATime(() => place.zip.read(place.entry));
        return blobId(bytes) === content ? bytes : CHANGED;
      } catch (error) {
        if (error instanceof ZipError) return CHANGED;
        throw error;
      }
    },
    holds: (content) => found.has(content),
    close: async () => {
      await Promise.all(opened.map((zip) => zip.close()));
    },
  };
}

const CHANGED = new Lack('unfit', 'was changed while it was read');
