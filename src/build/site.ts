import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Stop } from '../errors.ts';
import type { Finding } from '../errors.ts';
import type { Columns } from '../core/columns.ts';
import { fileListText } from '../tree/file-list.ts';
import type { FileEntry } from '../tree/file-list.ts';
import {
  answerPath,
  columnsName,
  HOME,
  INDEX,
  indexFilePath,
  isReserved,
  rowsName,
  STATIC_FILES,
} from '../tree/layout.ts';
import type { IndexNames } from '../tree/names.ts';
import { writeRelease } from '../tree/release.ts';
import { answerName } from './answer-bodies.ts';
import { browseSite } from './browse-site.ts';
import type { Browsed } from './browse-site.ts';
import { precomputeAnswers } from './answers.ts';
import { indexFiles } from './index-files.ts';
import type { IndexedRevision } from './index-files.ts';
import { toByteString } from '../tree/text.ts';
import { document } from '../tree/json.ts';
import { mediaType } from '../tree/media-type.ts';
import { fileEntry } from './pages.ts';
import { releaseOf } from './release-of.ts';
import type { Released } from './release-of.ts';
import { staticFiles } from './static-files.ts';
import type { SiteTotals, SiteWriter } from '../tree/site-writer.ts';

/** The sources of a site besides its packages. */
export interface SiteSource extends Released {
  /** All of the site, in the order of answers. */
  readonly revisions: readonly IndexedRevision[];
  /** What the pages for people show; undefined where the site has none. */
  readonly browsed?: Browsed | undefined;
  readonly findings: readonly Finding[];
  /** The packages are entered in it already. */
  readonly writer: SiteWriter;
}

export interface SiteResult extends SiteTotals {
  readonly answers: number;
}

/** Writes everything of a site besides its packages. Everything except `release.json` and the pages for people depends on the contents alone. */
export async function writeSite(source: SiteSource): Promise<SiteResult> {
  const { writer, distribution } = source;
  await writeStatic(distribution.staticFolders, writer);
  const { answers, columns } = writeIndex(source);
  if (source.browsed) browseSite({ ...source, browsed: source.browsed, columns });
  const totals = writer.finish();
  await writeRelease(writer.folder, releaseOf(source, totals));
  return { ...totals, answers };
}

const JSON_TYPE = 'application/json';
/** The type of files that the edge core reads and no client gets. */
const PRIVATE = { type: JSON_TYPE, cache: 'none' } as const;

async function writeStatic(folders: readonly string[], writer: SiteWriter): Promise<void> {
  const files: [string, FileEntry][] = [];
  for (const [path, source] of await staticFiles(folders)) {
    if (isReserved(path))
      throw new Stop('reserved', `${source} has the name of a file that the site makes itself`, 'give it another name');
    const bytes = await readFile(source);
    const file = writer.write(path, bytes, { type: mediaType(path, () => bytes), cache: 'files' });
    files.push([toByteString(path), fileEntry(file)]);
  }
  writer.write(STATIC_FILES, Buffer.from(fileListText({ files: Object.fromEntries(files) })), PRIVATE);
}

/** Writes the index and the precomputed answers. Returns the number of answers, and the columns without these. */
function writeIndex({ revisions, distribution, writer }: SiteSource): { answers: number; columns: Columns } {
  const home = document({ 'service.name': 'package-registry', 'service.version': distribution.registry });
  writer.write(HOME, Buffer.from(home), { type: JSON_TYPE, cache: 'index' });
  const { cache, artifacts, tables } = distribution;
  const index = indexFiles(revisions, { home, cache, artifacts, categories: tables.categories });
  const answers = precomputeAnswers(index, distribution.precompute, (digest, body) =>
    writer.write(answerPath(answerName(digest)), body, { type: JSON_TYPE, cache: 'search', digest }),
  );
  const columns = Buffer.from(JSON.stringify({ ...index.columns, answers }));
  const names = {
    build: index.build,
    columns: columnsName(digestOf(columns)),
    rows: rowsName(digestOf(index.rows)),
  } satisfies IndexNames;
  writer.write(indexFilePath(names.columns), columns, PRIVATE);
  writer.write(indexFilePath(names.rows), index.rows, { type: 'text/plain; charset=utf-8', cache: 'none' });
  writer.write(INDEX, Buffer.from(document(names)), PRIVATE);
  return { answers: answers.digests.length, columns: index.columns };
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
