import pLimit from 'p-limit';
import { Stop } from '../errors.ts';
import { blobId } from './object-id.ts';
import type { Revision, RevisionFiles } from './storage.ts';
import { openZip, ZipError } from './zip-read.ts';
import type { ZipEntry, ZipPackage } from './zip-read.ts';

/** The zip packages of a storage, and their contents. */
export interface ZipPackages {
  /** The files inside a zip; `zipContent` is the content id of the zip itself. */
  list(revision: Revision, zipContent: string): Promise<RevisionFiles>;
  /** The content of a file that `list` found in a zip. Undefined for any other id. */
  read(content: string): Promise<Buffer | undefined>;
  /** Whether `list` found the content inside a zip. */
  holds(content: string): boolean;
  close(): Promise<void>;
}

/** `locate` returns a path at which the zip of a revision can be opened. */
export function zipPackages(locate: (source: string) => Promise<string>): ZipPackages {
  const opened: ZipPackage[] = [];
  const found = new Map<string, { zip: ZipPackage; entry: ZipEntry }>();
  const oneAtATime = pLimit(1);
  return {
    list: (revision, zipContent) =>
      oneAtATime(async () => {
        try {
          const zip = await openZip(await locate(revision.source));
          opened.push(zip);
          if (zip.top !== `${revision.name}-${revision.version}`)
            return unreadable(
              revision,
              zipContent,
              `its top folder is ${zip.top}/, not ${revision.name}-${revision.version}/`,
            );
          const files: { path: string; content: string }[] = [];
          for (const entry of zip.entries) {
            const content = blobId(await zip.read(entry));
            found.set(content, { zip, entry });
            files.push({ path: entry.path, content });
          }
          return { files, folders: zip.folders, zip: zipContent, findings: [] };
        } catch (error) {
          if (error instanceof ZipError || error instanceof Stop)
            return unreadable(revision, zipContent, error.message);
          throw error;
        }
      }),
    read: async (content) => {
      const place = found.get(content);
      return place && (await oneAtATime(() => place.zip.read(place.entry)));
    },
    holds: (content) => found.has(content),
    close: async () => {
      await Promise.all(opened.map((zip) => zip.close()));
    },
  };
}

function unreadable({ layer, where }: Revision, zip: string, text: string): RevisionFiles {
  return {
    files: [],
    folders: [],
    zip,
    findings: [{ code: 'unfit', where: `${layer}: ${where}`, text, level: 'error' }],
  };
}
