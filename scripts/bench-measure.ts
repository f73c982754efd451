import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/*
 * What the benchmark measures with: a child process, its time, memory and CPU, and figures of several runs.
 */

/** What one child took. Memory and CPU are undefined where there is no /proc. */
export interface Measured {
  readonly seconds: number;
  /** MB (10^6 bytes), of the process itself. */
  readonly peak: number | undefined;
  /** Seconds of user and system time, of the process and the children that it waited for. */
  readonly cpu: number | undefined;
  readonly stdout: string;
}

/** Runs Node over a script until it ends, after what was written before is on the disk. Throws where it fails. */
export async function measure(args: readonly string[]): Promise<Measured> {
  spawnSync('sync');
  const started = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((done) => child.once('close', done));
  const stop = (): void => void child.kill();
  process.once('exit', stop);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let peak: number | undefined;
  let cpu: number | undefined;
  const sampling = setInterval(() => {
    peak = memoryOf(child.pid, 'VmHWM') ?? peak;
    cpu = cpuOf(child.pid) ?? cpu;
  }, SAMPLE);
  const status = await ended;
  clearInterval(sampling);
  process.off('exit', stop);
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}${stdout.slice(0, 2000)}`);
  return { seconds, peak, cpu, stdout };
}

/** Milliseconds. */
const SAMPLE = 20;

/** A line of `/proc/PID/status` in MB; undefined where there is no such process, or no /proc. */
export function memoryOf(pid: number | undefined, line: 'VmHWM' | 'VmRSS'): number | undefined {
  const [, kibibytes] = new RegExp(`^${line}:\\s+(\\d+) kB`, 'm').exec(processFile(pid, 'status')) ?? [];
  return kibibytes === undefined ? undefined : (Number(kibibytes) * 1024) / 1e6;
}

/** utime, stime, cutime and cstime of proc(5), in seconds. */
function cpuOf(pid: number | undefined): number | undefined {
  const text = processFile(pid, 'stat');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 15) return undefined;
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) / TICKS;
}

/** Clock ticks a second, as every Linux has them. */
const TICKS = 100;

function processFile(pid: number | undefined, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

/** What several runs gave. A target is `atMost` or `atLeast`; a unit of '×' marks a ratio. */
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

/** The middle value; the mean of the two in the middle of an even number. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const around = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1);
  return around.reduce((sum, one) => sum + one, 0) / around.length;
}

/** The figures that every measured process has. */
export function processFigures(runs: readonly Measured[], peakAtMost?: number): Figure[] {
  const peaks = runs.flatMap(({ peak }) => peak ?? []);
  const figures: Figure[] = [
    { name: 'time', unit: 's', values: runs.map(({ seconds }) => seconds) },
    { name: 'CPU', unit: 's', values: runs.flatMap(({ cpu }) => cpu ?? []) },
    { name: 'peak', unit: 'MB', values: peaks, ...(peakAtMost !== undefined && { atMost: peakAtMost }) },
  ];
  return figures.filter(({ values }) => values.length > 0);
}
