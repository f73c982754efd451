import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { questionsTo } from '../../thread-answers.ts';
import { glanceOf, listPaths, sectionsOf } from '../../tree/glance.ts';
import type { Glance } from '../../tree/glance.ts';
import { MANIFEST } from '../../tree/layout.ts';
import { readManifest } from '../../tree/manifest.ts';
import { touchedPaths } from '../../tree/touched.ts';
import { readChecked, writeChecked } from './checked-files.ts';

/*
 * The glances of a site's lists, kept from build to build. A checked file of lines: which lists they are of; then for each section
 * its digest and its glance, as JSON.
 */

/** Which lists the glances are of. */
interface Source {
  /** The digest of the site manifest. */
  readonly manifest: string;
  /** The size of each list in bytes, by its path. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** Keeps the glances of the site in a folder, whose manifest has this digest. Those of sections that are kept already are not made again. */
export async function keepGlances(file: string, folder: string, manifest: string): Promise<void> {
  const known = new Map(linesOf(file).map((line) => [line.slice(0, DIGEST), line]));
  const source: Source = { manifest, sizes: await listSizes(folder) };
  const lines = [JSON.stringify(source)];
  for await (const { digest, lines: section } of sectionsOf(folder))
    lines.push(known.get(digest) ?? `${digest}${JSON.stringify(glanceOf(section))}`);
  writeChecked(file, lines);
}

/** Hex digits. */
const DIGEST = 64;

/** A look at a site by the glances in a file. */
export interface Look {
  readonly file: string;
  readonly folder: string;
  /** The digest of the site's manifest. */
  readonly manifest: string;
  /** When the site was made, in milliseconds since 1970. */
  readonly since: number;
}

/** What `touchedPaths` finds of a site. A large site is looked at by a thread, so that the caller can go on. */
export async function touchedByGlances(look: Look): Promise<readonly string[]> {
  const isLarge = (statSync(look.file, { throwIfNoEntry: false })?.size ?? 0) >= LARGE;
  const touched = isLarge ? await lookByThread(look) : await lookBy(look);
  if (touched) return touched;
  const { file, folder, manifest } = look;
  if (sha256(await readManifest(folder)) !== manifest) return [MANIFEST];
  await keepGlances(file, folder, manifest);
  return (await lookBy(look)) ?? [MANIFEST];
}

/** Bytes of glances that take longer to go through than a thread takes to start. */
const LARGE = 2 ** 20;

/** The same, as long as the file has the glances of the site; otherwise undefined. */
export async function lookBy({ file, folder, manifest, since }: Look): Promise<readonly string[] | undefined> {
  const [first, ...lines] = linesOf(file);
  const source = first === undefined ? undefined : (JSON.parse(first) as Source);
  if (source?.manifest !== manifest) return undefined;
  const lists = differing(source.sizes, await listSizes(folder));
  if (lists.length > 0) return lists;
  const glances = lines.map((line) => JSON.parse(line.slice(DIGEST)) as Glance);
  return await touchedPaths(folder, since, glances);
}

async function lookByThread(look: Look): Promise<readonly string[] | undefined> {
  const worker = new Worker(WORKER, { workerData: look });
  const questions = questionsTo<readonly string[] | undefined>(worker, 'looks at the site');
  worker.once('message', questions.settle);
  return await questions.wait(0);
}

/** Node 20 doesn't run TypeScript, so a test runner takes the compiled thread. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../../lib/build/cache/look-thread.js' : './look-thread.js',
  import.meta.url,
);

function linesOf(file: string): string[] {
  return (readChecked(file) ?? '').split('\n').slice(0, -1);
}

async function listSizes(folder: string): Promise<Record<string, number>> {
  const lists = await listPaths(folder);
  return Object.fromEntries(lists.map((path) => [path, statSync(join(folder, path)).size]));
}

/** The keys whose values differ. */
function differing(some: Readonly<Record<string, number>>, others: Readonly<Record<string, number>>): string[] {
  return Object.keys({ ...some, ...others }).filter((key) => some[key] !== others[key]);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
