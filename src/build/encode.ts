import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { makeFolder } from '../tree/make-folder.ts';
import type { EncodedList } from '../tree/encoded.ts';
import { ENCODED_LIST } from '../tree/layout.ts';
import type { SiteFile } from '../tree/manifest.ts';
import type { ContentStore } from './cache/contents.ts';
import type { FormStore } from './cache/forms.ts';
import type { Coding, FormSource, FormTask, MadeForm } from './threads/encode.ts';
import { DEFLATE_LEVEL } from './threads/tasks.ts';

/*
 * Makes the compressed forms of a site's files. A host says which forms it needs. Forms of earlier builds are reused.
 */

/** A compressed form that a host wants of a file. */
export interface WantedForm {
  /** Relative to the site's folder. Forms of equal content may share a path. */
  readonly path: string;
  readonly coding: Coding;
  readonly level: number;
}

/** The forms that a host needs of a file. Only forms that are smaller than the file are made. */
export type FormPlan = (file: SiteFile) => readonly WantedForm[];

export interface Encoding {
  readonly plan: FormPlan;
  /** Folders that hold the site's files; the first that has a file counts. */
  readonly trees: readonly string[];
  /** Where new forms go, and the list of all. */
  readonly folder: string;
  /** The forms that are in their places already; it becomes the list of all. */
  readonly list: EncodedList;
  readonly store: ContentStore;
  readonly forms: FormStore;
  onProgress(stage: string, done: number, total: number): void;
}

/** Makes the forms that some files of the site lack, and writes the list of all forms. */
export async function encodeSite(
  files: AsyncIterable<SiteFile> | Iterable<SiteFile>,
  encoding: Encoding,
): Promise<void> {
  const batches = batchesOf(await missingForms(files, encoding));
  const limit = pLimit(availableParallelism() * BATCHES_AT_ONCE);
  let done = 0;
  const makeSome = async (jobs: readonly Job[]): Promise<void> => {
    await makeForms(jobs, encoding);
    encoding.onProgress('forms', ++done, batches.length);
  };
  await Promise.all(batches.map((jobs) => limit(makeSome, jobs)));
  const list = join(encoding.folder, ENCODED_LIST);
  makeFolder(dirname(list));
  await writeFile(list, encoding.list.text());
}

/** For each thread: one that it does, and one that waits. */
const BATCHES_AT_ONCE = 2;

/** A form to make, and all places where it goes. */
interface Job {
  /** One of the files that have this content. */
  readonly file: Pick<SiteFile, 'path' | 'size' | 'digest'>;
  readonly coding: Coding;
  readonly level: number;
  readonly paths: [string, ...string[]];
}

async function missingForms(
  files: AsyncIterable<SiteFile> | Iterable<SiteFile>,
  { plan, list, forms }: Encoding,
): Promise<Job[]> {
  const jobs = new Map<string, Job>();
  for await (const { path, size, digest, ...rest } of files)
    for (const form of plan({ path, size, digest, ...rest })) {
      const how = howOf(form);
      const old = list.get(form.path);
      if (old?.source === digest && old.how === how) continue;
      const key = `${digest}-${how}`;
      const known = jobs.get(key);
      if (known && !known.paths.includes(form.path)) known.paths.push(form.path);
      if (known || forms.find(digest, how)?.kind === 'larger') continue;
      jobs.set(key, { file: { path, size, digest }, coding: form.coding, level: form.level, paths: [form.path] });
    }
  return [...jobs.values()];
}

function howOf({ coding, level }: Pick<WantedForm, 'coding' | 'level'>): string {
  return `${coding}-${level}`;
}

/** Jobs in groups that are worth a message to a thread. */
function batchesOf(jobs: readonly Job[]): Job[][] {
  const batches: Job[][] = [];
  let bytes = Infinity;
  for (const job of jobs) {
    if (bytes > BATCH) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(job);
    bytes += job.file.size + BYTES_FOR_A_FILE;
  }
  return batches;
}

/** Bytes to compress. */
const BATCH = 2 ** 19;
/** A small file takes as long as so many bytes. */
const BYTES_FOR_A_FILE = 4096;

async function makeForms(jobs: readonly Job[], encoding: Encoding): Promise<void> {
  const tasks = jobs.map((job) => taskOf(job, encoding));
  const { forms, pack } = await encoding.store.pool.run('encode', { forms: tasks });
  for (const [i, job] of jobs.entries()) listForm(job, { made: forms[i], pack }, encoding);
}

function listForm(
  job: Job,
  { made, pack }: { readonly made: MadeForm | undefined; readonly pack: string },
  { list, forms }: Encoding,
): void {
  const { digest: source } = job.file;
  const how = howOf(job);
  if (!made) {
    forms.keep(source, how, { kind: 'larger' });
    return;
  }
  const { size, digest, packed } = made;
  if (packed) forms.keep(source, how, { kind: 'packed', pack, size, ...packed });
  for (const path of job.paths) list.set({ path, size, digest, source, how });
}

function taskOf(job: Job, { trees, folder, store, forms }: Encoding): FormTask {
  const { file, coding, level, paths } = job;
  const tree = trees.find((one) => existsSync(join(one, file.path))) ?? '';
  const [first, ...others] = paths;
  return {
    file: join(tree, file.path),
    size: file.size,
    to: [join(folder, first), ...others.map((path) => join(folder, path))],
    coding,
    level,
    source: sourceOf(job, { store, forms }),
  };
}

function sourceOf(job: Job, { store, forms }: { readonly store: ContentStore; readonly forms: FormStore }): FormSource {
  const { file, coding, level } = job;
  const kept = forms.find(file.digest, howOf(job));
  if (kept?.kind === 'packed') {
    const { pack, offset, size, crc32 } = kept;
    return { kind: 'kept', form: { file: store.packFile(pack), offset, size, crc32 } };
  }
  const content = coding === 'gzip' && level === DEFLATE_LEVEL ? store.withDigest(file.digest) : undefined;
  if (!content) return { kind: 'file' };
  const { pack, offset, deflatedSize: size, deflatedCrc32 } = content;
  return {
    kind: 'deflated',
    stream: { file: store.packFile(pack), offset, size, crc32: deflatedCrc32 },
    crc32: content.crc32,
  };
}
