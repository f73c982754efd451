import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { namePositionOf } from '../core/find.ts';
import { parseFileList } from '../tree/file-list.ts';
import { asByteString } from '../tree/byte-string.ts';
import { shownText } from '../tree/text.ts';
import { fileListPath } from '../tree/layout.ts';
import { loadIndex } from '../hosts/fetch/index.ts';
import { UnreadableFile } from '../hosts/fetch/site-files.ts';
import { isAbsence, Stop } from '../errors.ts';
import type { Revision } from '../storage/storage.ts';
import { revisionId } from '../storage/storage.ts';
import type { Side, SideRevision } from './diff.ts';
import { columnsOf, readEntries } from '../workflow/read-entries.ts';
import type { ReadingRules } from '../workflow/read-entries.ts';

/* The two sides of a comparison: sites in folders, or revisions of a storage. */

/** The site in a folder, as a side. Throws a `Stop` if its index can't be read. */
export async function siteSide(folder: string): Promise<Side> {
  const index = await loadIndex({ bytes: (path) => readIfThere(join(folder, path)) }).catch((error: unknown) => {
    if (error instanceof UnreadableFile) return undefined;
    throw error;
  });
  if (!index) throw new Stop('not-a-site', `${folder} holds no whole site`, 'build it again');
  const { columns } = index;
  const limit = pLimit(FILES_AT_ONCE);
  const lists = new Map<string, ReadonlyMap<string, string>>();
  const revisions = await Promise.all(
    columns.revisions.version.map((version, i) =>
      limit(async () => {
        const name = columns.names[namePositionOf(columns, i)] as string;
        const files = await siteFiles(folder, name, version);
        const id = revisionId(name, version);
        lists.set(id, files);
        return { id, name, version, layer: undefined, identity: JSON.stringify([...files]) };
      }),
    ),
  );
  return {
    title: folder,
    kind: 'site',
    findings: [],
    revisions,
    files: async ({ id }) => lists.get(id) ?? new Map(),
    columns: async () => ({ columns, unfit: [] }),
  };
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  return await readFile(path).catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw new Stop('not-a-site', `${path} can't be read: ${(error as Error).message}`, undefined, error);
  });
}

const FILES_AT_ONCE = 32;

async function siteFiles(folder: string, name: string, version: string): Promise<Map<string, string>> {
  const path = join(folder, fileListPath(name, version));
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Stop('not-a-site', `${path} can't be read`, 'build the site again', error);
  });
  const { files, signature } = parseFileList(text);
  const digests = Object.entries(files).map(([file, [, digest]]) => [shownText(asByteString(file)), digest] as const);
  return new Map([...digests, ...(signature ? [[SIGNATURE, signature[1]] as const] : [])]);
}

/** A name among the files of a revision for its signature, and for its zip. */
const SIGNATURE = '(signature)';
const ZIP = '(zip)';

/** Revisions of a storage, in the order of answers, as a side. */
export function storageSide(
  { title, revisions, findings }: Pick<Side, 'title' | 'findings'> & { readonly revisions: readonly Revision[] },
  from: ReadingRules,
): Side {
  const byId = new Map(revisions.map((revision) => [revision.id as string, revision]));
  const filesOf = async ({ id }: Pick<SideRevision, 'id'>): Promise<Map<string, string>> => {
    const revision = byId.get(id);
    if (!revision) return new Map();
    const { files, zip } = await from.storage.listFiles(revision);
    const all = new Map(files.map(({ path, content }) => [path, content]));
    if (zip !== undefined) all.set(ZIP, zip);
    if (revision.signature !== undefined) all.set(SIGNATURE, revision.signature);
    return all;
  };
  return {
    title,
    kind: 'storage',
    findings,
    revisions: revisions.map(({ id, name, version, layer, source, signature = '' }) => {
      return { id, name, version, layer, identity: `${from.storage.kind} ${source} ${signature}` };
    }),
    files: filesOf,
    columns: async (names) => {
      const read = await readEntries(
        from,
        revisions.filter(({ name }) => names.has(name)),
      );
      const entries = read.flatMap(({ entry }) => entry ?? []);
      const unfit = read.flatMap(({ entry, revision }) => (entry ? [] : [revision.id]));
      return { columns: columnsOf(entries, from.tables.categories), unfit };
    },
  };
}
