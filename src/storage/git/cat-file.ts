import { spawn } from 'node:child_process';
import { Stop } from '../../errors.ts';
import { git, gitEnvironment } from './command.ts';

/** Objects of a repository by id, all through one `git cat-file --batch` process. */
export interface CatFile {
  /** The bytes of an object; undefined where the repository lacks it. Answers come in the order of the calls. */
  read(id: string): Promise<Buffer | undefined>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(bytes: Buffer | undefined): void;
  reject(error: unknown): void;
}

/** Starts the process; it ends with `close`. */
export async function openCatFile(repository: string): Promise<CatFile> {
  const isBuffered = await hasBatchCommand();
  const mode = isBuffered ? ['--batch-command', '--buffer'] : ['--batch'];
  const child = spawn('git', ['--git-dir', repository, 'cat-file', ...mode], {
    env: gitEnvironment(),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const queue: Waiting[] = [];
  const parser = batchParser((bytes) => queue.shift()?.resolve(bytes));
  let trouble = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (trouble += text));
  child.stdout.on('data', (chunk: Buffer) => {
    parser(chunk);
    ask();
  });
  child.stdin.on('error', () => undefined); // the close event tells more
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => (trouble ||= error.message));
    child.on('close', () => {
      for (const { reject } of queue.splice(0))
        reject(new Stop('git-failed', `git cat-file in ${repository} ended: ${trouble.trim() || 'no reason given'}`));
      resolve();
    });
  });
  let asked: string[] = [];
  // Each write wakes git, so while it has something to do, some questions are put together.
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

/** Those of the ids that the repository has no object of. */
export async function missingObjects(repository: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const child = spawn('git', ['--git-dir', repository, 'cat-file', '--batch-check', '--buffer'], {
    env: gitEnvironment(),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined).end(ids.map((id) => `${id}\n`).join(''));
  const chunks: string[] = [];
  for await (const chunk of child.stdout.setEncoding('latin1')) chunks.push(chunk as string);
  const lines = chunks.join('').split('\n');
  return new Set(lines.flatMap((line) => /^(\S+) missing$/.exec(line)?.[1] ?? []));
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
