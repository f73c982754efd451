import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastGlob from 'fast-glob';
import type { Distribution } from '../config.ts';
import { Stop } from '../errors.ts';
import { generator } from '../generator.ts';
import type { FileEntry } from '../core/file-answer.ts';
import type { Json } from '../tree/json.ts';
import { temporaryName } from '../tree/commit/leftovers.ts';
import { walkOrder } from '../paths.ts';
import { answerName, precomputeAnswers } from './answers.ts';
import { byteString, indexFiles } from './index-files.ts';
import type { IndexedRevision } from './index-files.ts';
import { document } from '../tree/json.ts';
import { mediaType } from '../tree/media-type.ts';
import { fileEntry } from './pages.ts';
import type { SiteTotals, SiteWriter } from '../tree/site-writer.ts';

/** What a site is made of, beside its packages. */
export interface SiteSource {
  readonly distribution: Distribution;
  readonly layers: readonly { readonly name: string; readonly ref: string; readonly commit: string | undefined }[];
  /** All of the site, in the order of answers. */
  readonly revisions: readonly IndexedRevision[];
  /** Has entered the packages already. */
  readonly writer: SiteWriter;
}

export interface SiteResult extends SiteTotals {
  readonly answers: number;
}

/** Writes what a site has beside its packages. Everything but `release.json` depends on the contents alone. */
export async function writeSite(source: SiteSource): Promise<SiteResult> {
  const { writer, distribution } = source;
  await writeStatic(distribution.staticFolders, writer);
  const answers = writeIndex(source);
  const totals = writer.finish();
  await writeRelease(source, { folder: writer.folder, manifest: totals.manifest });
  return { ...totals, answers };
}

const JSON_TYPE = 'application/json';
/** For what the edge core reads and no client gets. */
const PRIVATE = { type: JSON_TYPE, cache: 'none' } as const;

/** The files that are copied into a site as they are: path in the site -> source; those of a later folder win. */
export async function staticFiles(folders: readonly string[]): Promise<[path: string, source: string][]> {
  const sources = new Map<string, string>();
  for (const folder of folders)
    for (const path of await fastGlob('**', { cwd: folder, dot: true })) sources.set(path, join(folder, path));
  return walkOrder([...sources.keys()]).map((path) => [path, sources.get(path) as string]);
}

async function writeStatic(folders: readonly string[], writer: SiteWriter): Promise<void> {
  const files: [string, FileEntry][] = [];
  for (const [path, source] of await staticFiles(folders)) {
    if (/^(package|epr|_registry)(\/|$)/.test(path))
      throw new Stop('reserved', `${source} would lie among the site's own files`, 'give it another name');
    const bytes = await readFile(source);
    const file = writer.write(path, bytes, { type: mediaType(path, () => bytes), cache: 'files' });
    files.push([byteString(path), fileEntry(file)]);
  }
  writer.write(
    '_registry/files/static.json',
    Buffer.from(JSON.stringify({ files: Object.fromEntries(files) })),
    PRIVATE,
  );
}

/** Writes the index and the precomputed answers; the number of these. */
function writeIndex({ revisions, distribution, writer }: SiteSource): number {
  const home = document({ 'service.name': 'package-registry', 'service.version': distribution.registry });
  writer.write('_registry/home.json', Buffer.from(home), { type: JSON_TYPE, cache: 'index' });
  const index = indexFiles(revisions, { home, cache: distribution.cache, categories: distribution.tables.categories });
  const answers = precomputeAnswers(index, distribution.precompute, (digest, body) =>
    writer.write(`_registry/answers/${answerName(digest)}.json`, body, { type: JSON_TYPE, cache: 'search', digest }),
  );
  const columns = Buffer.from(JSON.stringify({ ...index.columns, answers }));
  const names = {
    build: index.build,
    columns: `columns-${digestOf(columns).slice(0, 16)}.json`,
    rows: `rows-${digestOf(index.rows).slice(0, 16)}.txt`,
  };
  writer.write(`_registry/${names.columns}`, columns, PRIVATE);
  writer.write(`_registry/${names.rows}`, index.rows, { type: 'text/plain; charset=utf-8', cache: 'none' });
  writer.write('_registry/index.json', Buffer.from(document(names)), PRIVATE);
  return answers.digests.length;
}

/** Writes `release.json`, at once. */
export async function writeRelease(
  { distribution, layers }: Pick<SiteSource, 'distribution' | 'layers'>,
  { folder, manifest }: { folder: string; manifest: string },
): Promise<void> {
  const release: Json = {
    distribution: distribution.name,
    registry: distribution.registry,
    generator,
    layers: layers.map(({ name, ref, commit }) => (commit === undefined ? { name } : { name, ref, commit })),
    manifest,
  };
  const path = join(folder, '_registry/release.json');
  await writeFile(temporaryName(path), document(release));
  await rename(temporaryName(path), path);
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
