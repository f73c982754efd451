import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { encodedListText } from '../tree/encoded.ts';
import type { EncodedFile } from '../tree/encoded.ts';
import { ENCODED_LIST } from '../tree/layout.ts';
import { eachListedFile } from '../tree/manifest.ts';
import type { SiteFile } from '../tree/manifest.ts';
import type { ContentStore } from './cache/contents.ts';
import type { FormStore } from './cache/forms.ts';
import type { Coding, FormSource, FormTask, MadeForm } from './threads/encode.ts';
import { DEFLATE_LEVEL } from './threads/tasks.ts';

/*
 * The compressed forms of a site's files. A host says which it wants; what earlier builds have made is taken over.
 */

/** A compressed form that a host wants of a file. */
export interface WantedForm {
  /** Relative to the site's folder; forms of equal content may have one path. */
  readonly path: string;
  readonly coding: Coding;
  readonly level: number;
}

/** Which forms a host wants of a file. Only those that are smaller than the file are made. */
export type FormPlan = (file: SiteFile) => readonly WantedForm[];

export interface Encoding {
  readonly plan: FormPlan;
  /** The folder with the manifest of the site. */
  readonly listed: string;
  /** Folders that hold the site's files; what is in the first counts. */
  readonly trees: readonly string[];
  /** Where new forms go, and the list of all. */
  readonly folder: string;
  /** Forms that are in their places already, by path. */
  readonly before: ReadonlyMap<string, EncodedFile>;
  readonly store: ContentStore;
  readonly forms: FormStore;
  onProgress(stage: string, done: number, total: number): void;
}

/** Makes the forms that are missing, and writes the list of all forms of the site. */
export async function encodeSite(encoding: Encoding): Promise<void> {
  const { listed, missing } = await wantedForms(encoding);
  const batches = batchesOf(missing.filter((job) => !isKnownLarger(job, encoding)));
  const limit = pLimit(availableParallelism() * BATCHES_AT_ONCE);
  let done = 0;
  const made = await Promise.all(
    batches.map((jobs) =>
      limit(async () => {
        const files = await makeForms(jobs, encoding);
        encoding.onProgress('forms', ++done, batches.length);
        return files;
      }),
    ),
  );
  const list = join(encoding.folder, ENCODED_LIST);
  await mkdir(dirname(list), { recursive: true });
  await writeFile(list, encodedListText([...listed, ...made.flat()]));
}

/** For each thread: one that it does, and one that waits. */
const BATCHES_AT_ONCE = 2;

interface Job {
  readonly file: SiteFile;
  readonly form: WantedForm;
}

async function wantedForms({ plan, listed, before }: Encoding): Promise<{ listed: EncodedFile[]; missing: Job[] }> {
  const seen = new Set<string>();
  const known: EncodedFile[] = [];
  const missing: Job[] = [];
  for await (const file of eachListedFile(listed))
    for (const form of plan(file)) {
      if (seen.has(form.path)) continue;
      seen.add(form.path);
      const old = before.get(form.path);
      if (old?.source === file.digest && old.how === howOf(form)) known.push(old);
      else missing.push({ file, form });
    }
  return { listed: known, missing };
}

function howOf({ coding, level }: WantedForm): string {
  return `${coding}-${level}`;
}

function isKnownLarger({ file, form }: Job, { forms }: Encoding): boolean {
  return forms.find(file.digest, howOf(form))?.kind === 'larger';
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

async function makeForms(jobs: readonly Job[], encoding: Encoding): Promise<EncodedFile[]> {
  const tasks = jobs.map((job) => taskOf(job, encoding));
  const { forms, pack } = await encoding.store.workers.run('encode', { forms: tasks });
  return jobs.flatMap((job, i) => listForm(job, { made: forms[i], pack }, encoding.forms));
}

function listForm(
  { file, form }: Job,
  { made, pack }: { readonly made: MadeForm | undefined; readonly pack: string },
  forms: FormStore,
): EncodedFile[] {
  const how = howOf(form);
  if (!made) {
    forms.keep(file.digest, how, { kind: 'larger' });
    return [];
  }
  const { size, digest, packed } = made;
  if (packed) forms.keep(file.digest, how, { kind: 'packed', pack, size, ...packed });
  return [{ path: form.path, size, digest, source: file.digest, how }];
}

function taskOf(job: Job, encoding: Encoding): FormTask {
  const { file, form } = job;
  const tree = encoding.trees.find((folder) => existsSync(join(folder, file.path))) ?? '';
  return {
    file: join(tree, file.path),
    size: file.size,
    to: join(encoding.folder, form.path),
    coding: form.coding,
    level: form.level,
    source: sourceOf(job, encoding),
  };
}

function sourceOf({ file, form }: Job, { store, forms }: Encoding): FormSource {
  const kept = forms.find(file.digest, howOf(form));
  if (kept?.kind === 'packed') {
    const { pack, offset, size, crc32 } = kept;
    return { kind: 'kept', form: { file: store.packFile(pack), offset, size, crc32 } };
  }
  const content = form.coding === 'gzip' && form.level === DEFLATE_LEVEL ? store.withDigest(file.digest) : undefined;
  if (!content) return { kind: 'file' };
  const { pack, offset, deflatedSize: size, deflatedCrc32 } = content;
  return {
    kind: 'deflated',
    stream: { file: store.packFile(pack), offset, size, crc32: deflatedCrc32 },
    crc32: content.crc32,
  };
}
