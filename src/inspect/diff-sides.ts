import { join } from 'node:path';
import pLimit from 'p-limit';
import { parseFileList } from '../tree/file-list.ts';
import { asByteString } from '../tree/byte-string.ts';
import { shownText } from '../tree/text.ts';
import { fileListPath } from '../tree/layout.ts';
import { Stop } from '../errors.ts';
import { holdSame } from '../catalog/merge.ts';
import type { Catalog } from '../catalog/merge.ts';
import type { Revision } from '../storage/storage.ts';
import { revisionId } from '../storage/storage.ts';
import type { Side, SideRevision } from './diff.ts';
import { readSite, siteFile } from './site.ts';
import { columnsOf, readEntries } from '../workflow/read-entries.ts';
import type { ReadingRules } from '../workflow/read-entries.ts';

/* The two sides of a comparison: sites in folders, or revisions of a storage. */

/** The site in a folder, as a side. Throws a `Stop` if its index can't be read. */
export async function siteSide(folder: string): Promise<Side> {
  const { columns, revisions: known } = await readSite(folder);
  const limit = pLimit(FILES_AT_ONCE);
  const lists = new Map<string, ReadonlyMap<string, string>>();
  const revisions = await Promise.all(
    known.map(({ name, version }) =>
      limit(async () => {
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
    hidden: [],
    revisions,
    files: async ({ id }) => lists.get(id) ?? new Map(),
    columns: async () => ({ columns, unfit: [] }),
  };
}

const FILES_AT_ONCE = 32;

async function siteFiles(folder: string, name: string, version: string): Promise<Map<string, string>> {
  const path = fileListPath(name, version);
  const text = (await siteFile(folder, path))?.toString('utf8');
  if (text === undefined) throw new Stop('not-a-site', `${join(folder, path)} is missing`, 'build the site again');
  const { files, signature } = parseFileList(text);
  const digests = Object.entries(files).map(([file, [, digest]]) => [shownText(asByteString(file)), digest] as const);
  return new Map([...digests, ...(signature ? [[SIGNATURE, signature[1]] as const] : [])]);
}

/** A name among the files of a revision for its signature, and for its zip. */
const SIGNATURE = '(signature)';
const ZIP = '(zip)';

/** A catalog of a storage, as a side. */
export function storageSide(
  { title, catalog, findings }: Pick<Side, 'title' | 'findings'> & { readonly catalog: Catalog },
  from: ReadingRules,
): Side {
  const { revisions, shadowed } = catalog;
  const identityOf = ({ source, signature = '' }: Revision): string => `${from.storage.kind} ${source} ${signature}`;
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
    hidden: shadowed.map(({ loser, winner }) => ({
      id: loser.id,
      layer: loser.layer,
      by: winner.layer,
      identity: identityOf(loser),
      sameContent: () => holdSame(from.storage, loser, winner),
    })),
    revisions: revisions.map((revision) => {
      const { id, name, version, layer } = revision;
      return { id, name, version, layer, identity: identityOf(revision) };
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
