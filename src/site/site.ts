import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastGlob from 'fast-glob';
import pLimit from 'p-limit';
import type { Distribution } from '../config.ts';
import { Stop } from '../errors.ts';
import type { FileEntry } from '../edge/file-answer.ts';
import type { Json } from '../layers/shape.ts';
import { walkOrder } from '../paths.ts';
import { precomputeAnswers } from './answers.ts';
import { openContentStore } from './content-store.ts';
import type { ContentStore, StoredContent } from './content-store.ts';
import { deprecations } from './entry.ts';
import type { Entry } from './entry.ts';
import { byteString, indexFiles } from './index-files.ts';
import { document } from './json.ts';
import { mediaType, mediaTypeByExtension } from './media-type.ts';
import { renderIndex, renderRow } from './render-package.ts';
import { openSiteWriter } from './site-writer.ts';
import type { SiteFile, SiteTotals, SiteWriter } from './site-writer.ts';
import { zipLayout } from './zip-write.ts';

/** What a site is made of. */
export interface SiteSource {
  readonly distribution: Distribution;
  readonly layers: readonly { readonly name: string; readonly ref: string; readonly commit: string | undefined }[];
  /** In the order of answers. */
  readonly entries: readonly Entry[];
  read(content: string): Promise<Buffer | undefined>;
}

export interface SiteOptions {
  /** An empty folder to write the site into. */
  readonly folder: string;
  /** A folder for the time of the build, on the same file system. */
  readonly work: string;
  readonly generator: string;
  /** How many of a stage's things are done. */
  onProgress(stage: string, done: number, total: number): void;
}

export interface SiteResult extends SiteTotals {
  readonly contents: number;
  readonly answers: number;
}

/** Writes a whole site. Everything but `release.json` depends on the contents alone: equal contents give equal bytes. */
export async function writeSite(source: SiteSource, options: SiteOptions): Promise<SiteResult> {
  const writer = openSiteWriter(options.folder);
  const store = await openContentStore(options.work);
  try {
    const contents = await storeContents(source, store, options);
    await writePackages(source, { writer, store, options });
    await writeStatic(source.distribution.staticFolders, writer);
    const answers = writeIndex(source, writer);
    const totals = writer.finish();
    await writeRelease(source, { writer, generator: options.generator, manifest: totals.manifest });
    return { ...totals, contents, answers };
  } finally {
    await store.close();
  }
}

interface Writing {
  readonly writer: SiteWriter;
  readonly store: ContentStore;
  readonly options: SiteOptions;
}

/** Reads and deflates every different content once; the number of them. */
async function storeContents(source: SiteSource, store: ContentStore, { onProgress }: SiteOptions): Promise<number> {
  const places = new Map<string, string>();
  for (const { revision, files, zip } of source.entries) {
    const own = [...files, ...(zip === undefined ? [] : [{ path: '(zip)', content: zip }])];
    if (revision.signature !== undefined) own.push({ path: '(signature)', content: revision.signature });
    for (const { path, content } of own) if (!places.has(content)) places.set(content, `${revision.where}/${path}`);
  }
  const limit = pLimit(CONTENTS_AT_ONCE);
  let done = 0;
  await Promise.all(
    [...places].map(([content, where]) =>
      limit(async () => {
        const bytes = await source.read(content);
        if (!bytes) throw new Stop('missing', `${where}: the storage lacks the content of this file (${content})`);
        await store.put(content, bytes);
        onProgress('contents', ++done, places.size);
      }),
    ),
  );
  return places.size;
}

/** Enough to keep the threads of zlib busy while others are read and written. */
const CONTENTS_AT_ONCE = 8;

async function writePackages({ entries }: SiteSource, writing: Writing): Promise<void> {
  const inForce = deprecations(entries);
  for (const [i, entry] of entries.entries()) {
    const { name, version, signature } = entry.revision;
    const files = linkFiles(entry, writing);
    const index = writing.writer.write(
      `_registry/package/${name}/${version}.json`,
      Buffer.from(renderIndex(entry.rendered.index, inForce.get(name))),
      { type: JSON_TYPE, cache: 'index' },
    );
    const zip = await placeZip(entry, writing);
    const signatureFile = signature === undefined ? undefined : placeSignature(entry, signature, writing);
    const list = {
      index: fileEntry(index),
      zip: fileEntry(zip),
      ...(signatureFile && { signature: fileEntry(signatureFile) }),
      files: Object.fromEntries(files),
    };
    writing.writer.write(`_registry/files/${name}/${version}.json`, Buffer.from(JSON.stringify(list)), PRIVATE);
    writing.options.onProgress('packages', i + 1, entries.length);
    if (i % 16 === 0) await new Promise((resolve) => setImmediate(resolve)); // lets a signal in
  }
}

const JSON_TYPE = 'application/json';
/** For what the edge core reads and no client gets. */
const PRIVATE = { type: JSON_TYPE, cache: 'none' } as const;

function linkFiles({ revision, files }: Entry, { writer, store }: Writing): [string, FileEntry][] {
  return files.map(({ path, content }) => {
    const { size, digest, sniffed } = contentOf(store, content);
    const full = `package/${revision.name}/${revision.version}/${path}`;
    store.linkTo(content, writer.place(full));
    const type = mediaTypeByExtension(path) ?? sniffed;
    const file: SiteFile = { path: full, size, digest, type, cache: 'files' };
    writer.add(file);
    return [byteString(path), fileEntry(file)];
  });
}

async function placeZip(entry: Entry, { writer, store }: Writing): Promise<SiteFile> {
  const { name, version } = entry.revision;
  const path = `epr/${name}/${name}-${version}.zip`;
  const kind = { path, type: 'application/zip', cache: 'files' } as const;
  let file: SiteFile;
  if (entry.zip === undefined) {
    const zip = assembleZip(entry, store);
    const digest = createHash('sha256').update(zip).digest('hex');
    await writeFile(writer.place(path), zip);
    file = { ...kind, size: zip.length, digest };
  } else {
    const { size, digest } = contentOf(store, entry.zip);
    store.linkTo(entry.zip, writer.place(path));
    file = { ...kind, size, digest };
  }
  writer.add(file);
  return file;
}

function assembleZip({ revision, files }: Entry, store: ContentStore): Buffer {
  const members = files.map(({ path, content }) => ({ path, content, ...contentOf(store, content) }));
  const layout = zipLayout(`${revision.name}-${revision.version}`, members);
  const zip = Buffer.allocUnsafe(layout.length);
  let at = 0;
  for (const [i, file] of layout.files.entries()) {
    const head = layout.heads[i] as Uint8Array;
    zip.set(head, at);
    store.readDeflated(file.content, zip, at + head.length);
    at += head.length + file.deflatedSize;
  }
  zip.set(layout.tail, at);
  return zip;
}

function placeSignature({ revision }: Entry, signature: string, { writer, store }: Writing): SiteFile {
  const path = `epr/${revision.name}/${revision.name}-${revision.version}.zip.sig`;
  const { size, digest, sniffed } = contentOf(store, signature);
  store.linkTo(signature, writer.place(path));
  const file = { path, size, digest, type: sniffed, cache: 'files' } as const;
  writer.add(file);
  return file;
}

async function writeStatic(folders: readonly string[], writer: SiteWriter): Promise<void> {
  const sources = new Map<string, string>();
  for (const folder of folders)
    for (const path of await fastGlob('**', { cwd: folder, dot: true })) sources.set(path, join(folder, path));
  const files: [string, FileEntry][] = [];
  for (const path of walkOrder([...sources.keys()])) {
    const source = sources.get(path) as string;
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
function writeIndex({ entries, distribution }: SiteSource, writer: SiteWriter): number {
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

async function writeRelease(
  { distribution, layers }: SiteSource,
  { writer, generator, manifest }: { writer: SiteWriter; generator: string; manifest: string },
): Promise<void> {
  const release: Json = {
    distribution: distribution.name,
    registry: distribution.registry,
    generator,
    layers: layers.map(({ name, ref, commit }) => (commit === undefined ? { name } : { name, ref, commit })),
    manifest,
  };
  await writeFile(writer.place('_registry/release.json'), document(release));
}

function fileEntry({ size, digest, type }: SiteFile): FileEntry {
  return [size, digest, type];
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function contentOf(store: ContentStore, content: string): StoredContent {
  const found = store.get(content);
  if (!found) throw new Error(`content ${content} is not in the store`);
  return found;
}
