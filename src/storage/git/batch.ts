import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { Stop } from '../../errors.ts';
import { exitOf, GitFailure, startGit } from './command.ts';

/** What git answers to a question about an object. */
export type Answer =
  | { readonly kind: 'missing' }
  /** Git ended over it; `words` are what it said. */
  | { readonly kind: 'unreadable'; readonly words: string }
  | {
      readonly kind: 'object';
      /** Its own, whatever it was asked for by. */
      readonly id: string;
      readonly type: string;
      /** Bytes. */
      readonly size: number;
      /** Undefined where there are more than were asked for. */
      readonly bytes: Buffer | undefined;
    };

/** How `git cat-file` is asked. */
export interface BatchForm {
  readonly args: readonly string[];
  /** Before each id. */
  readonly command: string;
  /** Behind questions that are sent together. */
  readonly end: string;
  /** Whether answers have the bytes of the object. */
  readonly hasBytes: boolean;
  /** The most bytes that git may take for one thing. */
  readonly memory: number;
}

interface Question {
  readonly id: string;
  readonly most: number;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * A `git cat-file` process. An object over which git ends is told from the others: git is started again for the questions that
 * are left. Answers come in the order of the questions.
 */
export class Batch {
  readonly #form: BatchForm;
  #child: ChildProcessWithoutNullStreams;
  #ended: Promise<void>;
  /** Asked and not answered. */
  #waiting: Question[] = [];
  /** How many of these, the last, were not sent yet. */
  #unsent = 0;
  #starts = 0;
  #isClosing = false;
  #failure: unknown;

  constructor(form: BatchForm) {
    this.#form = form;
    [this.#child, this.#ended] = this.#start();
  }

  /** The answer for an object, with at most `most` of its bytes. Throws a `Stop` where git can't be run. */
  ask(id: string, most: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      if (this.#unsent === 0) setImmediate(() => this.#sendSome());
      this.#waiting.push({ id, most, resolve, reject });
      this.#unsent++;
    });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#send();
    this.#child.stdin.end();
    while (this.#failure === undefined) await this.#ended;
  }

  #start(): [ChildProcessWithoutNullStreams, Promise<void>] {
    this.#starts++;
    const { args, hasBytes, memory } = this.#form;
    const child = startGit(args, { GIT_ALLOC_LIMIT: String(memory) });
    const parse = answerParser({
      most: () => (hasBytes ? (this.#waiting[0]?.most ?? 0) : undefined),
      emit: (answer) => this.#waiting.shift()?.resolve(answer),
    });
    child.stdout.on('data', (chunk: Buffer) => {
      parse(chunk);
      this.#sendSome();
    });
    const ended = exitOf(child, args)
      .then(() => new Stop('git-failed', `git ${args.join(' ')} ended early`, 'run the command again'))
      .catch((error: unknown) => error)
      .then((error) => this.#end(error));
    return [child, ended];
  }

  /** After git has ended: the object that it was asked for first is what it ended over. */
  #end(error: unknown): void {
    const ownFault = error instanceof GitFailure && error.status !== null && this.#starts < MOST_STARTS;
    const culprit = ownFault ? this.#waiting.shift() : undefined;
    if (!(error instanceof GitFailure) || !culprit) {
      this.#failure = error;
      for (const { reject } of this.#waiting.splice(0)) reject(error);
      return;
    }
    this.#unsent = this.#waiting.length;
    [this.#child, this.#ended] = this.#start();
    culprit.resolve({ kind: 'unreadable', words: error.words });
    this.#send();
    if (this.#isClosing) this.#child.stdin.end();
  }

  /** Each write wakes git. While git is busy, questions are collected. */
  #sendSome(): void {
    if (this.#unsent >= SOME || this.#unsent === this.#waiting.length) this.#send();
  }

  #send(): void {
    if (this.#unsent === 0) return;
    const { command, end } = this.#form;
    const lines = this.#waiting.slice(-this.#unsent).map(({ id }) => `${command}${id}\n`);
    this.#child.stdin.write(lines.join('') + end);
    this.#unsent = 0;
  }
}

const SOME = 8;
/** Of a repository with more broken objects than these, nothing is read. */
const MOST_STARTS = 100;

/**
 * Reads the output of `git cat-file` (git-cat-file(1), "BATCH OUTPUT"): a line `<id> <type> <size>`, the bytes and a newline; or
 * a line `<id> missing`. `most` tells how many bytes are wanted of the next object; undefined where only lines come.
 */
function answerParser({
  most,
  emit,
}: {
  most: () => number | undefined;
  emit: (answer: Answer) => void;
}): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  let body: { id: string; type: string; size: number; bytes: Buffer | undefined; left: number } | undefined;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (body) {
        const { id, type, bytes, size } = body;
        const end = Math.min(chunk.length, at + body.left);
        if (bytes) chunk.copy(bytes, bytes.length - body.left, at, end);
        body.left -= end - at;
        at = end;
        if (body.left > 0) return;
        emit({ kind: 'object', id, type, size, bytes: bytes?.subarray(0, -1) });
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
      const [, id = '', type, digits] = /^([0-9a-f]+) ([a-z]+) (\d+)$/.exec(line.toString('latin1')) ?? [];
      const [size, wanted] = [Number(digits), most()];
      if (type === undefined) emit({ kind: 'missing' });
      else if (wanted === undefined) emit({ kind: 'object', id, type, size, bytes: undefined });
      // The newline behind the bytes is read with them.
      else
        body = { id, type, size, bytes: size > wanted ? undefined : Buffer.allocUnsafeSlow(size + 1), left: size + 1 };
    }
  };
}
