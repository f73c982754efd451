import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';

/*
 * How the benchmark measures: a child process, its time, memory and CPU, and figures of several runs.
 */

/** The measurements of one child process. The memory is undefined without /proc. */
export interface Measured {
  readonly seconds: number;
  /** MB (10^6 bytes), of the process itself. */
  readonly peak: number | undefined;
  /** Seconds of user and system time, of the process and of all its children that have ended. */
  readonly cpu: number;
  readonly stdout: string;
}

/** Syncs the disk, then runs a script in Node to its end. Throws if it fails. */
export async function measure(args: readonly string[]): Promise<Measured> {
  spawnSync('sync');
  const started = performance.now();
  const child = spawn('sh', ['-c', TIMED, 'sh', process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = new Promise<number | null>((done) => child.once('close', done));
  const stop = (): void => void process.kill(-(child.pid ?? 0));
  process.once('exit', stop);
  const [stdout, stderr, figures] = child.stdio.slice(1).map((pipe) => gather(pipe as Readable));
  let peak: number | undefined;
  const sampling = setInterval(() => {
    peak = memoryOf(Number.parseInt(figures?.text ?? '', 10), 'VmHWM') ?? peak;
  }, SAMPLE);
  const status = await ended;
  clearInterval(sampling);
  process.off('exit', stop);
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0)
    throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr?.text}${stdout?.text.slice(0, 2000)}`);
  return { seconds, peak, cpu: cpuOf(figures?.text ?? ''), stdout: stdout?.text ?? '' };
}

/** Runs a command; tells its process id and, once it has ended, the times of POSIX's `times`, by a third stream. */
const TIMED = '"$@" 3>&- & echo $! >&3; wait $!; status=$?; times >&3; exit $status';

/** Milliseconds. */
const SAMPLE = 20;

function gather(pipe: Readable): { readonly text: string } {
  const gathered = { text: '' };
  pipe.setEncoding('utf8').on('data', (text: string) => (gathered.text += text));
  return gathered;
}

/** The sum of the times in what `times` prints: the shell's own, then those of all its descendants, such as `1m2.5s`. */
function cpuOf(printed: string): number {
  const times = [...printed.matchAll(/(\d+)m([\d.]+)s/g)];
  return times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

/** A line of `/proc/PID/status`, in MB. Undefined without such a process or without /proc. */
export function memoryOf(pid: number | undefined, line: 'VmHWM' | 'VmRSS'): number | undefined {
  const [, kibibytes] = new RegExp(`^${line}:\\s+(\\d+) kB`, 'm').exec(statusOf(pid)) ?? [];
  return kibibytes === undefined ? undefined : (Number(kibibytes) * 1024) / 1e6;
}

function statusOf(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return ''; // it has ended, or there is no /proc
  }
}

/** A figure from several runs. A target is `atMost` or `atLeast`. The unit '×' marks a ratio. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** A line of the table. */
export interface Row {
  readonly name: string;
  readonly figures: readonly Figure[];
}

/** The middle value, or the mean of the two middle values. NaN for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const around = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1);
  return around.reduce((sum, one) => sum + one, 0) / around.length;
}

/** The figures that every measured process has, with the most MB and the most seconds where these have a target. */
export function processFigures(runs: readonly Measured[], peakAtMost?: number, secondsAtMost?: number): Figure[] {
  const peaks = runs.flatMap(({ peak }) => peak ?? []);
  const figures: Figure[] = [
    { name: 'time', unit: 's', values: runs.map(({ seconds }) => seconds), ...atMostOf(secondsAtMost) },
    { name: 'CPU', unit: 's', values: runs.map(({ cpu }) => cpu) },
    { name: 'peak', unit: 'MB', values: peaks, ...atMostOf(peakAtMost) },
  ];
  return figures.filter(({ values }) => values.length > 0);
}

function atMostOf(atMost: number | undefined): { atMost?: number } {
  return atMost === undefined ? {} : { atMost };
}
