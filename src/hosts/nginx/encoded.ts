import { createHash } from 'node:crypto';
import { link, mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants, gunzip, gzip } from 'node:zlib';
import pLimit from 'p-limit';
import { CODINGS, encodedPath, isCompressible } from './njs/encoding.ts';
import type { Coding } from './njs/encoding.ts';
import { isGenerated } from '../../tree/layout.ts';
import { extendManifest, listedFiles } from '../../tree/manifest.ts';
import type { SiteFile } from '../../tree/manifest.ts';
import { readRelease, writeRelease } from '../../tree/release.ts';

/*
 * The compressed forms of a site's files, where no client's request leads but nginx's own: of what is generated beside it,
 * of packages' files once per different content in a folder of their own. Only those that are smaller are kept.
 */

/** Which files get compressed forms: all that shrink, or only what is generated. */
export type EncodedFiles = 'all' | 'json';

export interface EncodeOptions {
  /** An older tree of the same site, whose forms are taken over where the content is the same. */
  readonly previous?: string | undefined;
  readonly files?: EncodedFiles | undefined;
}

/** Adds the compressed forms to a site, and to its manifest; what was added. */
export async function encodeSite(folder: string, options: EncodeOptions): Promise<SiteFile[]> {
  const limit = pLimit(availableParallelism() + 1);
  const jobs = differentForms(await listedFiles(folder), options.files ?? 'all');
  const made = await Promise.all(jobs.map((job) => limit(() => encode(folder, job, options.previous))));
  const added = made.filter((file) => file !== undefined);
  const manifest = await extendManifest(folder, added);
  const release = await readRelease(folder);
  if (release) await writeRelease(folder, { ...release, manifest });
  return added;
}

interface Form {
  readonly file: SiteFile;
  readonly coding: Coding;
  readonly path: string;
}

function differentForms(files: readonly SiteFile[], wanted: EncodedFiles): Form[] {
  const forms = new Map<string, Form>();
  for (const file of files) {
    const isServed = file.cache !== 'none' && (wanted === 'all' || isGenerated(file.path));
    if (!isServed || !isCompressible(file.type)) continue;
    for (const coding of CODINGS) {
      const path = encodedPath(file.path, file.digest, coding);
      if (!forms.has(path)) forms.set(path, { file, coding, path });
    }
  }
  return [...forms.values()];
}

async function encode(
  folder: string,
  { file, coding, path }: Form,
  previous: string | undefined,
): Promise<SiteFile | undefined> {
  const known = previous === undefined ? undefined : await sameForm(join(previous, path), coding, file.digest);
  const form = known ?? (await compress(await readFile(join(folder, file.path)), coding, file.path));
  if (form.length >= file.size) return undefined;
  await mkdir(dirname(join(folder, path)), { recursive: true });
  if (!known || !(await isLinked(join(previous ?? '', path), join(folder, path))))
    await writeFile(join(folder, path), form);
  return { path, size: form.length, digest: sha256(form), type: 'application/octet-stream', cache: 'none' };
}

/** The form in an older tree, if it is one of the content. */
async function sameForm(path: string, coding: Coding, digest: string): Promise<Buffer | undefined> {
  try {
    const form = await readFile(path);
    return sha256(await decoders[coding](form)) === digest ? form : undefined;
  } catch {
    return undefined;
  }
}

async function isLinked(from: string, to: string): Promise<boolean> {
  return await link(from, to).then(
    () => true,
    () => false,
  );
}

const decoders: Record<Coding, (form: Buffer) => Promise<Buffer>> = {
  br: promisify(brotliDecompress) as (form: Buffer) => Promise<Buffer>,
  gzip: promisify(gunzip) as (form: Buffer) => Promise<Buffer>,
};
const toGzip = promisify(gzip) as (bytes: Buffer, options: { level: number }) => Promise<Buffer>;
const toBrotli = promisify(brotliCompress) as (bytes: Buffer, options: { params: object }) => Promise<Buffer>;

/** What Kibana asks all day is worth the best that there is, which runs at 0.7 MB/s; a package's files are not. */
async function compress(bytes: Buffer, coding: Coding, path: string): Promise<Buffer> {
  const isAnswer = isGenerated(path);
  if (coding === 'gzip') return await toGzip(bytes, { level: isAnswer ? 9 : 6 });
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: isAnswer ? 11 : 5,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return await toBrotli(bytes, { params });
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
