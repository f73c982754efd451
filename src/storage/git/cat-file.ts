import { Stop } from '../../errors.ts';
import { exitOf, git, startGit } from './command.ts';

/** Reads objects of a repository by id, all through one `git cat-file --batch` process. */
export interface CatFile {
  /** The bytes of an object. Undefined if the repository lacks it. Answers come in the order of the calls. */
  read(id: string): Promise<Buffer | undefined>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(bytes: Buffer | undefined): void;
  reject(error: unknown): void;
}

/** Starts the process; it ends with `close`. Where git fails, the reads that wait are rejected with git's own words. */
export async function openCatFile(directory: string): Promise<CatFile> {
  const isBuffered = await hasBatchCommand();
  const args = ['--git-dir', directory, 'cat-file', ...(isBuffered ? ['--batch-command', '--buffer'] : ['--batch'])];
  const child = startGit(args);
  const queue: Waiting[] = [];
  const parser = batchParser((bytes) => queue.shift()?.resolve(bytes));
  child.stdout.on('data', (chunk: Buffer) => {
    parser(chunk);
    ask();
  });
  let failure: unknown;
  const ended = exitOf(child, args)
    .then(() => new Stop('git-failed', `git cat-file in ${directory} ended early`))
    .catch((error: unknown) => error)
    .then((error) => {
      failure = error;
      for (const { reject } of queue.splice(0)) reject(error);
    });
  let asked: string[] = [];
  // Each write wakes git. While git is busy, questions are collected.
  const ask = (): void => {
    if (asked.length >= SOME || queue.length === asked.length) flush();
  };
  const flush = (): void => {
    if (asked.length === 0) return;
    child.stdin.write(isBuffered ? `contents ${asked.join('\ncontents ')}\nflush\n` : `${asked.join('\n')}\n`);
    asked = [];
  };
  return {
    read: (id) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        queue.push({ resolve, reject });
        if (asked.length === 0) setImmediate(ask);
        asked.push(id);
      }),
    close: async () => {
      flush();
      child.stdin.end();
      await ended;
    },
  };
}

const SOME = 8;

/** Since git 2.36, `cat-file` answers many questions in one write (git-cat-file(1), `--batch-command`). */
async function hasBatchCommand(): Promise<boolean> {
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(await git(['--version'])) ?? [];
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 36);
}

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

/**
 * Reads the output of `git cat-file --batch` (git-cat-file(1), "BATCH OUTPUT"): a line `<id> <type> <size>`, the bytes,
 * a newline; or a line `<id> missing`.
 */
function batchParser(emit: (bytes: Buffer | undefined) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  let body: Buffer | undefined;
  let filled = 0;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (body) {
        const taken = chunk.copy(body, filled, at);
        filled += taken;
        at += taken;
        if (filled < body.length) return;
        emit(body.subarray(0, -1));
        body = undefined;
        continue;
      }
      const end = chunk.indexOf(10, at);
      const part = chunk.subarray(at, end < 0 ? chunk.length : end);
      const line = pending.length > 0 ? Buffer.concat([pending, part]) : part;
      if (end < 0) {
        pending = Buffer.from(line);
        return;
      }
      pending = Buffer.alloc(0);
      at = end + 1;
      const size = / (\d+)$/.exec(line.toString('latin1'))?.[1];
      if (size === undefined) emit(undefined);
      else {
        body = Buffer.allocUnsafeSlow(Number(size) + 1); // and the newline behind it
        filled = 0;
      }
    }
  };
}
