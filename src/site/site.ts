import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastGlob from 'fast-glob';
import type { Distribution } from '../config.ts';
import { Stop } from '../errors.ts';
import { generator } from '../generator.ts';
import type { FileEntry } from '../edge/file-answer.ts';
import type { Json } from '../layers/shape.ts';
import { temporaryName } from '../leftovers.ts';
import { walkOrder } from '../paths.ts';
import { precomputeAnswers } from './answers.ts';
import type { ContentStore } from './content-store.ts';
import { deprecations } from './entry.ts';
import { byteString, indexFiles } from './index-files.ts';
import { document } from './json.ts';
import { mediaType, mediaTypeByExtension } from './media-type.ts';
import type { PlacedPackage } from './packages.ts';
import { renderIndex, renderRow } from './render-package.ts';
import type { SiteFile, SiteTotals, SiteWriter } from './site-writer.ts';

/** What a site is made of. */
export interface SiteSource {
  readonly distribution: Distribution;
  readonly layers: readonly { readonly name: string; readonly ref: string; readonly commit: string | undefined }[];
  /** In the order of answers; their files are in their places. */
  readonly packages: readonly PlacedPackage[];
  readonly store: ContentStore;
  readonly writer: SiteWriter;
  /** Whether the site that is extended has all of a package already, and need not be given it again. */
  readonly isKept?: (placed: PlacedPackage) => boolean;
}

export interface SiteResult extends SiteTotals {
  readonly answers: number;
}

/** Writes all of a site but the packages' own files. Everything but `release.json` depends on the contents alone. */
export async function writeSite(source: SiteSource): Promise<SiteResult> {
  const { writer, distribution } = source;
  await writePackages(source);
  await writeStatic(distribution.staticFolders, writer);
  const answers = writeIndex(source);
  const totals = writer.finish();
  await writeRelease(source, { folder: writer.folder, manifest: totals.manifest });
  return { ...totals, answers };
}

async function writePackages({ packages, store, writer, isKept = () => false }: SiteSource): Promise<void> {
  const inForce = deprecations(packages.map(({ entry }) => entry));
  for (const [i, placed] of packages.entries()) {
    const { entry, zip, signature } = placed;
    const write = isKept(placed) ? writer.note : writer.write;
    const { name, version } = entry.revision;
    const files = entry.files.map(({ path, content }) => {
      const { size, digest, sniffed } = store.get(content);
      const type = mediaTypeByExtension(path) ?? sniffed;
      writer.add({ path: `package/${name}/${version}/${path}`, size, digest, type, cache: 'files' });
      return [byteString(path), [size, digest, type]] as const;
    });
    writer.add(zip);
    if (signature) writer.add(signature);
    const index = write(
      `_registry/package/${name}/${version}.json`,
      Buffer.from(renderIndex(entry.rendered.index, inForce.get(name))),
      { type: JSON_TYPE, cache: 'index' },
    );
    const list = {
      index: fileEntry(index),
      zip: fileEntry(zip),
      ...(signature && { signature: fileEntry(signature) }),
      files: Object.fromEntries(files),
    };
    write(`_registry/files/${name}/${version}.json`, Buffer.from(JSON.stringify(list)), PRIVATE);
    if (i % 64 === 0) await new Promise((resolve) => setImmediate(resolve)); // lets a signal in
  }
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
function writeIndex({ packages, distribution, writer }: SiteSource): number {
  const entries = packages.map(({ entry }) => entry);
  const inForce = deprecations(entries);
  const home = document({ 'service.name': 'package-registry', 'service.version': distribution.registry });
  writer.write('_registry/home.json', Buffer.from(home), { type: JSON_TYPE, cache: 'index' });
  const revisions = entries.map(({ revision: { name, version }, facts, rendered }) => {
    const deprecated = inForce.get(name);
    const variants = new Map(
      [...rendered.variants].map(([category, summary]) => [category, renderRow(summary, deprecated)]),
    );
    return { name, version, facts, row: renderRow(rendered.summary, deprecated), variants };
  });
  const index = indexFiles(revisions, { home, cache: distribution.cache, categories: distribution.tables.categories });
  const answers = precomputeAnswers(index, distribution.precompute);
  for (const [digest, bytes] of answers.bodies)
    writer.write(`_registry/answers/${digest}.json`, bytes, { type: JSON_TYPE, cache: 'search' });
  const columns = Buffer.from(JSON.stringify({ ...index.columns, answers: answers.table }));
  const names = {
    build: index.build,
    columns: `columns-${digestOf(columns).slice(0, 16)}.json`,
    rows: `rows-${digestOf(index.rows).slice(0, 16)}.txt`,
  };
  writer.write(`_registry/${names.columns}`, columns, PRIVATE);
  writer.write(`_registry/${names.rows}`, index.rows, { type: 'text/plain; charset=utf-8', cache: 'none' });
  writer.write('_registry/index.json', Buffer.from(document(names)), PRIVATE);
  return answers.bodies.size;
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

function fileEntry({ size, digest, type }: SiteFile): FileEntry {
  return [size, digest, type];
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
