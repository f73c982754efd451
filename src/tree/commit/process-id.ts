import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errorCode } from '../../errors.ts';

/*
 * The identity of a process: `<machine>-<process id>-<start>`. A bare process id means nothing to a process in another
 * container, and the system gives it to other processes later; an identity belongs to one process for good.
 */

/** What one process knows of another: it runs, it has ended, or it is out of sight (another machine or container). */
export type Presence = 'running' | 'gone' | 'unknown';

/** Matches an identity. */
export const PROCESS_ID = '[0-9a-f]{12}-\\d+-\\d+';

let own: string | undefined;

/** The identity of this process. */
export function ownProcess(): string {
  return (own ??= identify());
}

/** Whether the process with this identity still runs. */
export function presenceOf(identity: string): Presence {
  const [machine, pid = '', start] = identity.split('-');
  if (identity === ownProcess()) return 'running';
  if (machine !== ownProcess().split('-')[0]) return 'unknown';
  if (!hasProcess(Number(pid))) return 'gone';
  const found = statusOf(pid);
  if (found === undefined) return 'running';
  return found.start === start && !found.hasEnded ? 'running' : 'gone';
}

function identify(): string {
  const status = statusOf('self');
  // Where `/proc` belongs to another process namespace than this process, nobody can look for this process by its id.
  const isVisible = status === undefined || status.pid === String(process.pid);
  const machine = isVisible ? machineId() : randomBytes(6).toString('hex');
  return `${machine}-${process.pid}-${status?.start ?? '0'}`;
}

/** The machine and its process namespace: within these, a process id and a start time mean one process. */
function machineId(): string {
  const boot = readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  const namespace = readOr(() => readlinkSync('/proc/self/ns/pid'));
  return createHash('sha256').update([hostname(), boot, namespace].join('\0')).digest('hex').slice(0, 12);
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

interface Status {
  readonly pid: string;
  /** Clock ticks after the machine's start. */
  readonly start: string;
  /** Whether it has ended, and only its parent has not asked for its exit status yet. */
  readonly hasEnded: boolean;
}

/** The status of a process (proc_pid_stat(5)); undefined where the system has no `/proc`, or hides the process. */
function statusOf(pid: string): Status | undefined {
  const text = readOr(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0] ?? '', fields[19]];
  if (start === undefined) return undefined;
  return { pid: text.split(' ', 1)[0] ?? '', start, hasEnded: ['Z', 'X'].includes(state) };
}

/** '' where the system has no such file, or keeps it to itself. */
function readOr(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
