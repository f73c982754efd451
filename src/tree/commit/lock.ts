import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { errorCode, Stop } from '../../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { atExit } from './at-exit.ts';
import { startHeartbeat } from './heartbeat.ts';
import { hidden, removeNow, temporaryName } from './leftovers.ts';
import { ownProcess, presenceOf } from './process-id.ts';

/*
 * The lock of a site, `.<name>.lock` beside it. It is a folder that holds one file, which is called by its holder: the identity of
 * the process and a random part. Each step is one call of the system, so no two processes can hold the lock:
 *
 * - To take the lock, a process makes such a folder aside and renames it. The system refuses while the lock holds a file.
 * - To release it, or to take it from a process that is gone, a process removes that holder's file, by name, and no other's.
 */

/** A lock that this process holds. */
export interface Lock {
  /** Throws a `Stop` where another process took the lock over. To be called right before a change takes effect. */
  check(): void;
  release(): void;
}

/** A folder that only the holder of the lock changes: a site, or what a host needs of it. */
export interface LockedFolder {
  readonly folder: string;
  readonly lock: Lock;
}

export interface LockOptions {
  /** Called once for each process that this one waits for. */
  onWait(holder: string): void;
  /** Milliseconds without a sign of life after which a holder on another machine or in another container counts as gone. */
  readonly patience?: number;
}

/** Runs `use` while this process holds the lock of a site, and waits until no other process does. */
export async function withLock<T>(folder: string, options: LockOptions, use: (lock: Lock) => Promise<T>): Promise<T> {
  const lock = await waitForLock(folder, options);
  try {
    return await use(lock);
  } catch (error) {
    lock.check(); // whoever takes a lock over clears the files away that the holder still writes: that is the reason then
    throw error;
  } finally {
    lock.release();
  }
}

async function waitForLock(folder: string, { onWait, patience = PATIENCE }: LockOptions): Promise<Lock> {
  const told = new Set<string>();
  const seen = new Map<string, Sighting>();
  for (;;) {
    const lock = tryLock(folder);
    if (lock) return lock;
    const holder = holderOf(lockPlace(folder));
    if (holder === undefined) continue;
    if (isGone(holder, seen, patience)) {
      rmSync(holder, { force: true });
      continue;
    }
    if (!told.has(holder)) onWait(nameOf(holder));
    told.add(holder);
    await pause(POLL);
  }
}

const POLL = 100;
const PATIENCE = 30_000;
/** Milliseconds between signs of life. */
const HEARTBEAT = 5000;
/** Most locks are released before. */
const FIRST_HEARTBEAT = 3000;

/** Takes the lock of a site; undefined where another process holds it that isn't known to be gone. */
export function tryLock(folder: string): Lock | undefined {
  const place = lockPlace(folder);
  const holder = holderOf(place);
  if (holder !== undefined && presenceOf(processOf(holder)) !== 'gone') return undefined;
  if (holder !== undefined) rmSync(holder, { force: true });
  const name = `${ownProcess()}-${randomBytes(4).toString('hex')}`;
  const aside = temporaryName(hidden(folder), 'lock');
  removeNow(aside);
  const around = absentAround(place);
  const about = { host: hostname(), pid: process.pid, since: new Date().toISOString() } satisfies Holder;
  makeAside(aside);
  try {
    writeFileSync(join(aside, name), JSON.stringify(about));
  } catch (error) {
    removeNow(aside);
    for (const one of around) removeEmpty(one);
    throw error;
  }
  try {
    renameSync(aside, place);
  } catch (error) {
    removeNow(aside);
    if (['ENOTEMPTY', 'EEXIST'].includes(errorCode(error))) return undefined;
    throw error;
  }
  return holdLock(folder, join(place, name), around);
}

/** The folders around a path that are not there, the innermost first. */
function absentAround(path: string): string[] {
  const parent = dirname(path);
  return existsSync(parent) ? [] : [parent, ...absentAround(parent)];
}

/** Another process that held the lock may remove the folder around it at this moment, so a second try is made. */
function makeAside(aside: string): void {
  try {
    makeFolder(aside);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    makeFolder(aside);
  }
}

/** `around` are the folders that were made for the lock: those in which nothing else lies at its end are removed. */
function holdLock(folder: string, file: string, around: readonly string[]): Lock {
  let stopHeartbeat: (() => void) | undefined;
  const waiting = setTimeout(() => {
    stopHeartbeat = startHeartbeat({ file, every: HEARTBEAT });
  }, FIRST_HEARTBEAT).unref();
  const leave = atExit(release);
  return {
    check: () => {
      if (existsSync(file)) return;
      const problem = `another process took over the lock of ${folder}, since this one showed no sign of life for a while`;
      throw new Stop('lock-lost', problem, 'run the command again');
    },
    release: () => {
      leave();
      release();
    },
  };

  function release(): void {
    clearTimeout(waiting);
    stopHeartbeat?.();
    rmSync(file, { force: true });
    for (const one of [dirname(file), ...around]) removeEmpty(one);
  }
}

/** Leaves a folder that another process has filled already. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errorCode(error))) throw error;
  }
}

/** The holder's file; undefined if nobody holds the lock. */
function holderOf(place: string): string | undefined {
  try {
    const [name] = readdirSync(place);
    return name === undefined ? undefined : join(place, name);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The last sign of life of a holder, and when this process saw it: clocks of other machines may differ. */
interface Sighting {
  readonly sign: number;
  readonly at: number;
}

function isGone(holder: string, seen: Map<string, Sighting>, patience: number): boolean {
  const presence = presenceOf(processOf(holder));
  if (presence !== 'unknown') return presence === 'gone';
  const sign = statSync(holder, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const last = seen.get(holder);
  if (last?.sign === sign) return performance.now() - last.at > patience;
  seen.set(holder, { sign, at: performance.now() });
  return false;
}

/** The identity of the process that a holder's file is called by. */
function processOf(holder: string): string {
  return basename(holder).replace(/-[^-]*$/, '');
}

/** The content of a holder's file. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  readonly since: string;
}

function nameOf(file: string): string {
  try {
    const { host, pid, since } = JSON.parse(readFileSync(file, 'utf8')) as Holder;
    return `process ${pid} on ${host}, since ${since}`;
  } catch {
    return basename(file); // released by now, or not written by this program
  }
}

function lockPlace(folder: string): string {
  return `${hidden(folder)}.lock`;
}
