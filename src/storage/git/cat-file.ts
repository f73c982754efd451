import { Stop } from '../../errors.ts';
import { excess } from '../../limits.ts';
import type { Limits } from '../../limits.ts';
import { Lack, NOT_THERE } from '../lack.ts';
import { isObject } from '../object-id.ts';
import type { ObjectType } from '../object-id.ts';
import { Batch } from './batch.ts';
import { git } from './command.ts';

/** Reads objects of a repository by id. Answers come in the order of the calls. */
export interface CatFile {
  /**
   * What there is to know of an object, by its id or any other name, without reading it. Undefined if the repository lacks it. Throws a
   * `Stop` where git can't tell.
   */
  look(name: string): Promise<ObjectFacts | undefined>;
  /** The bytes of an object, which are what its id says; any other object is a lack. Throws a `Stop` where git can't be run. */
  read(id: string, type: ObjectType): Promise<Buffer | Lack>;
  close(): Promise<void>;
}

export interface ObjectFacts {
  readonly id: string;
  readonly type: string;
  /** Bytes. */
  readonly size: number;
}

/** Objects larger than `limits` allow are not read. */
export async function openCatFile(directory: string, limits: Limits): Promise<CatFile> {
  const start = await batchStarter(directory, limits);
  const most = { blob: limits.file, tree: mostInTree(limits), commit: MOST_IN_COMMIT };
  const contents = start('contents');
  let heads: Batch | undefined;
  return {
    look: async (name) => {
      heads ??= start('info');
      const answer = await heads.ask(name, 0);
      if (answer.kind === 'unreadable')
        throw new Stop('damaged', `${directory}: git cat-file can't look at ${name}: ${answer.words}`, FSCK);
      return answer.kind === 'object' ? answer : undefined;
    },
    read: async (id, type) => {
      const answer = await contents.ask(id, most[type]);
      if (answer.kind === 'missing') return type === 'blob' ? NOT_THERE : NO_FOLDER;
      if (answer.kind === 'unreadable') return damaged(id, `git can't read it: ${answer.words}`);
      if (answer.type !== type) return damaged(id, `it is a ${answer.type}, where a ${type} is named`);
      if (!answer.bytes) return new Lack('limit', excess(limits, 'file', answer.size) ?? TOO_LARGE);
      return isObject(id, type, answer.bytes) ? answer.bytes : damaged(id, 'it holds something else than its id says');
    },
    close: async () => {
      await Promise.all([heads?.close(), contents.close()]);
    },
  };
}

/** What to do about a damaged repository. */
export const FSCK = 'git fsck tells more';
const MOST_IN_COMMIT = 2 ** 20;
const NO_FOLDER = new Lack('missing', 'the repository lacks this folder');
const TOO_LARGE = 'has more entries than any limit allows';

/** An entry takes 300 bytes at most: a mode, a name that a file can have, and an id. */
function mostInTree({ entries, packages, revisions }: Limits): number {
  return Math.max(entries, packages, revisions) * 300;
}

function damaged(id: string, why: string): Lack {
  return new Lack('damaged', `the object ${id} is damaged or forged: ${why}; run git fsck in the repository`);
}

/** Since git 2.36, `cat-file` answers many questions in one write (git-cat-file(1), `--batch-command`). */
async function batchStarter(directory: string, limits: Limits): Promise<(kind: 'info' | 'contents') => Batch> {
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(await git(['--version'])) ?? [];
  const isBuffered = Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 36);
  const memory = Math.max(2 * limits.file, LEAST_MEMORY);
  return (kind) => {
    const hasBytes = kind === 'contents';
    const options = isBuffered ? ['--batch-command', '--buffer'] : [hasBytes ? '--batch' : '--batch-check'];
    return new Batch({
      args: ['--git-dir', directory, 'cat-file', ...options],
      command: isBuffered ? `${kind} ` : '',
      end: isBuffered ? 'flush\n' : '',
      hasBytes,
      memory,
    });
  };
}

/** Git needs some for itself, for example for a list of packs. */
const LEAST_MEMORY = 128 * 2 ** 20;

/** The sizes of objects in bytes, by id; none of those that the repository lacks. Throws a `Stop` where git fails. */
export async function objectSizes(directory: string, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const args = ['--git-dir', directory, 'cat-file', '--batch-check', '--buffer'];
  const printed = await git(args, ids.map((id) => `${id}\n`).join(''));
  const sizes = new Map<string, number>();
  const lines = printed.split('\n').slice(0, -1);
  for (const [i, line] of lines.entries()) {
    const size = / (\d+)$/.exec(line)?.[1];
    if (size !== undefined) sizes.set(ids[i] ?? '', Number(size));
  }
  return sizes;
}
