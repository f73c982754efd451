import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { questionsTo } from '../../thread-answers.ts';
import { glanceOf, listPaths, sectionsOf } from '../../tree/glance.ts';
import type { Glance } from '../../tree/glance.ts';
import { MANIFEST } from '../../tree/layout.ts';
import { readManifest } from '../../tree/manifest.ts';
import { touchedFiles, touchedFolders } from '../../tree/touched.ts';
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

/**
 * What is looked at. Folders and files take about as long, and more than all else of a build that changes nothing, so that each has a
 * thread where the site is large.
 */
const LOOKS = {
  folders: async ({ folder, since }: Look, glances: Iterable<Glance>) => await touchedFolders(folder, since, glances),
  files: async ({ folder }: Look, glances: Iterable<Glance>) => await touchedFiles(folder, glances),
};

export type LookKind = keyof typeof LOOKS;

const KINDS = Object.keys(LOOKS) as readonly LookKind[];

/** Paths of a site that are not as a build left them, as far as a glance tells (`tree/touched.ts`). The caller can go on meanwhile. */
export async function touchedByGlances(look: Look): Promise<readonly string[]> {
  const isLarge = (statSync(look.file, { throwIfNoEntry: false })?.size ?? 0) >= LARGE;
  const touched = await lookAtAll(look, isLarge ? lookByThread : lookBy);
  if (touched) return touched;
  const { file, folder, manifest } = look;
  if (sha256(await readManifest(folder)) !== manifest) return [MANIFEST];
  await keepGlances(file, folder, manifest);
  return (await lookAtAll(look, lookBy)) ?? [MANIFEST];
}

/** Paths by a look of each kind; undefined where the glances are not those of the site. */
async function lookAtAll(look: Look, by: typeof lookBy): Promise<readonly string[] | undefined> {
  const found = await Promise.all(KINDS.map(async (kind) => await by(look, kind)));
  return found.includes(undefined) ? undefined : [...new Set(found.flatMap((paths) => paths ?? []))];
}

/** Bytes of glances that take longer to go through than a thread takes to start. */
const LARGE = 2 ** 20;

/** What one kind of look finds, as long as the file has the glances of the site; otherwise undefined. */
export async function lookBy(look: Look, kind: LookKind): Promise<readonly string[] | undefined> {
  const { file, folder, manifest } = look;
  const [first, ...lines] = linesOf(file);
  const source = first === undefined ? undefined : (JSON.parse(first) as Source);
  if (source?.manifest !== manifest) return undefined;
  const lists = differing(source.sizes, await listSizes(folder));
  if (lists.length > 0) return lists;
  return await LOOKS[kind](look, glancesIn(lines));
}

function* glancesIn(lines: readonly string[]): Generator<Glance> {
  for (const line of lines) yield JSON.parse(line.slice(DIGEST)) as Glance;
}

/** What a thread gets. */
export interface LookTask {
  readonly look: Look;
  readonly kind: LookKind;
}

async function lookByThread(look: Look, kind: LookKind): Promise<readonly string[] | undefined> {
  const worker = new Worker(WORKER, {
    workerData: { look, kind } satisfies LookTask,
    resourceLimits: { maxYoungGenerationSizeMb: 3 },
  });
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
