import pc from 'picocolors';
import type { Finding } from './errors.ts';
import { Stop } from './errors.ts';
import { describeSystemError, isSystemError } from './system-errors.ts';

/*
 * The only file that prints. Results go to standard output, everything else to standard error.
 */

/** How a command shows its progress. */
export interface Progress {
  step(stage: string, done: number, total: number): void;
  /** Says why nothing goes on, before the first step. */
  note(line: string): void;
  /** Ends the progress and clears the display. */
  end(): void;
}

const STAGES: Readonly<Record<string, string>> = {
  packages: 'Packages',
  bundle: 'Packing',
  manifests: 'Reading manifests',
  forms: 'Compressing',
  verify: 'Reading bytes',
};

/** No display of steps. A wait is not silent: without a word, it looks like a program that hangs. */
export const silentProgress: Progress = { step: () => undefined, note: say, end: () => undefined };

/** A bar on a terminal; elsewhere one line for each stage. */
export async function progressDisplay({ isSilent }: { readonly isSilent: boolean }): Promise<Progress> {
  if (isSilent) return silentProgress;
  return process.stderr.isTTY ? await progressBar() : progressLines();
}

async function progressBar(): Promise<Progress> {
  const { SingleBar } = await import('cli-progress');
  const bar = new SingleBar({ format: '{stage} [{bar}] {value}/{total}', clearOnComplete: true, hideCursor: true });
  let current = '';
  return {
    step: (stage, done, total) => {
      if (stage !== current) {
        if (current !== '') bar.stop();
        bar.start(total, done, { stage: (STAGES[stage] ?? stage).padEnd(20) });
        current = stage;
      } else bar.update(done);
    },
    note: say,
    end: () => {
      if (current !== '') bar.stop();
      current = '';
    },
  };
}

function progressLines(): Progress {
  let current = '';
  return {
    step: (stage, _, total) => {
      if (stage !== current) say(`${STAGES[stage] ?? stage}: ${total}`);
      current = stage;
    },
    note: say,
    end: () => undefined,
  };
}

/** Prints a line that is not a result. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Prints the whole report of a command as data. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Says why a command could not run, and what to do: in two lines for a stop or an error of the operating system. Everything else
 * is a bug, and has its stack.
 */
export function printFailure(error: unknown): void {
  const color = colorsFor(process.stderr);
  const { text, code, hint } = failureOf(error);
  const line = code === undefined ? text : `${text} ${color.dim(`[${code}]`)}`;
  say(`${color.red(code === undefined ? 'This is a bug in epr-static:' : 'error')} ${line}`);
  if (hint !== undefined) say(`  ${hint}`);
}

function failureOf(error: unknown): { text: string; code?: string; hint?: string | undefined } {
  if (error instanceof Stop) return { text: error.message, code: error.code, hint: error.hint };
  if (isSystemError(error)) return { ...describeSystemError(error), code: error.code };
  return { text: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** Lets a command go on when nobody reads its output any more, as behind `| head`. Other errors of the output are thrown. */
export function allowClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw Object.assign(error, { path: 'the output' });
    });
}

export type Colors = ReturnType<typeof pc.createColors>;

/** Prints the report of a verb for a person. `lines` receives the colours of the terminal, or none. */
export function printLines(lines: (color: Colors) => readonly string[]): void {
  process.stdout.write(`${lines(colorsFor(process.stdout)).join('\n')}\n`);
}

/** The colours of a terminal; none where the stream goes elsewhere. */
function colorsFor(stream: NodeJS.WriteStream): Colors {
  return pc.createColors(Boolean(stream.isTTY) && pc.isColorSupported);
}

/** A finding on one line. Notes fail nothing. */
export function findingLine(
  { level, where, text, code }: Omit<Finding, 'level'> & { readonly level: Finding['level'] | 'note' },
  color: Colors,
): string {
  const tags = { error: color.red('error  '), warning: color.yellow('warning'), note: color.dim('note   ') };
  const tag = tags[level];
  return `  ${tag} ${where}: ${text} ${color.dim(`[${code}]`)}`;
}

/** `1 file`, `2,300 files`. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;
}

/** `12.3 MB`, of a number of bytes. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
