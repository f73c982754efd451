import pc from 'picocolors';
import type { Finding } from './errors.ts';
import { Stop } from './errors.ts';
import { describeSystemError, isSystemError } from './system-errors.ts';
import { colors, terminalLine, visibleJson } from './terminal-text.ts';
import type { Colors } from './terminal-text.ts';

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

/** What a stage is called, and whether its steps are bytes. */
interface Stage {
  readonly label: string;
  readonly isBytes?: true;
}

const STAGES: Readonly<Record<string, Stage>> = {
  mirror: { label: 'Fetching packages', isBytes: true },
  choosing: { label: 'Choosing versions' },
  packages: { label: 'Package versions' },
  bundle: { label: 'Packing files' },
  contents: { label: 'Packing contents', isBytes: true },
  manifests: { label: 'Reading manifests' },
  forms: { label: 'Compressing files' },
  verify: { label: 'Reading files', isBytes: true },
  publish: { label: 'Publishing zips', isBytes: true },
  check: { label: 'Checking bundles', isBytes: true },
  held: { label: 'Reading the folder', isBytes: true },
  write: { label: 'Writing files', isBytes: true },
};

/** No display of steps. A wait is not silent: without a word, it looks like a program that hangs. */
export const silentProgress: Progress = { step: () => undefined, note: say, end: () => undefined };

/** A bar on a terminal. Elsewhere, as in the log of a CI job, a line every few seconds. */
export async function progressDisplay({ isSilent }: { readonly isSilent: boolean }): Promise<Progress> {
  if (isSilent) return silentProgress;
  return process.stderr.isTTY ? await progressBar() : progressLines(say);
}

async function progressBar(): Promise<Progress> {
  const { SingleBar } = await import('cli-progress');
  const format = '{stage} [{bar}] {done} of {of}, {eta_formatted} left';
  const bar = new SingleBar({ format, clearOnComplete: true, hideCursor: true, etaBuffer: 100 });
  let current = '';
  return {
    step: (name, done, total) => {
      const { label, isBytes } = STAGES[name] ?? { label: name };
      const shown = { stage: label.padEnd(20), done: amount(done, isBytes), of: amount(total, isBytes) };
      if (name !== current) {
        if (current !== '') bar.stop();
        bar.start(total, done, shown);
        current = name;
      } else bar.update(done, shown);
    },
    note: say,
    end: () => {
      if (current !== '') bar.stop();
      current = '';
    },
  };
}

/**
 * A line to `print` every few seconds, such as `Package versions: 812 of 2,321, 54 a second, 28 s left`. A short stage prints
 * nothing. `now` gives milliseconds.
 */
export function progressLines(print: (line: string) => void, now: () => number = () => performance.now()): Progress {
  let stage = { name: '', since: 0, before: 0, printed: 0 };
  return {
    step: (name, done, total) => {
      const time = now();
      if (name !== stage.name) stage = { name, since: time, before: Math.max(0, done - 1), printed: time };
      if (time - stage.printed < BETWEEN_LINES) return;
      stage.printed = time;
      print(
        progressLine(STAGES[name] ?? { label: name }, {
          done,
          total,
          rate: (done - stage.before) / (time - stage.since),
        }),
      );
    },
    note: print,
    end: () => undefined,
  };
}

/** Milliseconds. */
const BETWEEN_LINES = 5000;

/** The rate is per millisecond. */
function progressLine(
  { label, isBytes }: Stage,
  { done, total, rate }: { readonly done: number; readonly total: number; readonly rate: number },
): string {
  const left = Math.ceil((total - done) / rate / 1000);
  const perSecond = rate * 1000 < 10 ? Number((rate * 1000).toFixed(1)) : Math.round(rate * 1000);
  return `${label}: ${amount(done, isBytes)} of ${amount(total, isBytes)}, ${amount(perSecond, isBytes)} a second, ${duration(left)} left`;
}

function amount(n: number, isBytes: true | undefined): string {
  return isBytes ? megabytes(n) : n.toLocaleString('en-US');
}

/** `28 s`, `3 min 5 s`, of a number of seconds. */
function duration(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Prints what is not a result: a line, and the indented lines below it. Other line breaks are those of a storage. */
export function say(text: string): void {
  process.stderr.write(
    `${text
      .split(/\n(?= {2})/)
      .map(terminalLine)
      .join('\n')}\n`,
  );
}

/** Prints the whole report of a command as data. */
export function printJson(value: unknown): void {
  process.stdout.write(`${visibleJson(JSON.stringify(value, null, 2))}\n`);
}

/**
 * Says why a command could not run, and what to do: in two lines for a stop or an error of the operating system. Everything else
 * is a bug, and has its stack. With `isJson`, standard output gets the same as data (docs/json.md).
 */
export function printFailure(error: unknown, { isJson }: { readonly isJson: boolean }): void {
  const color = colorsFor(process.stderr);
  const { text, code, hint } = failureOf(error);
  if (isJson) printFailureJson({ code: code ?? 'bug', message: code === undefined ? messageOf(error) : text, hint });
  const line = code === undefined ? text : `${text} ${color.dim(`[${code}]`)}`;
  say(`${color.red(code === undefined ? 'This is a bug in epr-static:' : 'error')} ${line}`);
  if (hint !== undefined) say(`  ${hint}`);
}

/** The object that `--json` gives where a command could not run: `findings` is there as in a report, and empty. */
export function printFailureJson(error: {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}): void {
  printJson({ error, findings: [] });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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

/** Prints the report of a verb for a person. `lines` receives the colours of the terminal, or none, and its width. */
export function printLines(lines: (color: Colors, width: number) => readonly string[]): void {
  process.stdout.write(`${lines(colorsFor(process.stdout), widthOf(process.stdout)).map(terminalLine).join('\n')}\n`);
}

/** Prints a text of our own as it is. */
export function printText(text: string): void {
  process.stdout.write(text);
}

/** The characters of a line; no limit where the stream is no terminal and `COLUMNS` gives none. */
function widthOf(stream: NodeJS.WriteStream): number {
  return (stream.isTTY ? stream.columns : 0) || Number(process.env['COLUMNS']) || Infinity;
}

/** The colours of a terminal; none where the stream goes elsewhere. */
function colorsFor(stream: NodeJS.WriteStream): Colors {
  return colors(Boolean(stream.isTTY) && pc.isColorSupported);
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
