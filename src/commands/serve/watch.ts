import { resolve } from 'node:path';
import { watch as watchFiles } from 'chokidar';
import { Stop } from '../../errors.ts';
import type { Finding } from '../../errors.ts';
import type { Log } from '../../hosts/fetch/site-files.ts';
import type { Progress } from '../../report.ts';
import { describeSystemError, isSystemError } from '../../system-errors.ts';
import { INDEX } from '../../tree/layout.ts';
import { watchedPaths } from '../../workflow/watched.ts';
import { build } from '../build/run.ts';
import type { BuildOptions, BuildReport } from '../build/run.ts';
import { hasSite } from '../site-folder.ts';
import { lookOut } from './look-out.ts';

/** What became of a site after a change. */
export interface Rebuilt {
  /** Undefined where the build could not run; the findings say why. */
  readonly report: BuildReport | undefined;
  /** The findings that the build before didn't have, and those that are no more. */
  readonly appeared: readonly Finding[];
  readonly gone: readonly Finding[];
  /** From the first change until the site was there. */
  readonly milliseconds: number;
}

export interface Watching {
  /** Receives each build that made or found something new. */
  onRebuilt(rebuilt: Rebuilt): void;
  /** Takes what keeps the watch from seeing everything. */
  readonly log: Log;
  readonly progress: Progress;
}

/** A site that is built again as long as it is watched. */
export interface WatchedSite {
  /** Resolves once a build that runs has ended. */
  stop(): Promise<void>;
}

/**
 * Builds a site, and builds it again when something changes that it is made of. What is wrong is a finding: the last good site stays,
 * and the next change is another try. Throws a `Stop` if it can't be watched at all, as `watchedPaths` does.
 */
export async function watchSite(options: BuildOptions, watching: Watching): Promise<WatchedSite> {
  const watcher = watchFiles(await watchedPaths(options), { ignoreInitial: true });
  let findings: readonly Finding[] = [];
  const rebuild = async (since: number): Promise<void> => {
    const { report, found } = await attempt(options, watching.progress);
    const appeared = newIn(found, findings);
    const gone = newIn(findings, found);
    findings = found;
    const isSame = report?.site?.how === 'unchanged' && appeared.length + gone.length === 0;
    if (!isSame) watching.onRebuilt({ report, appeared, gone, milliseconds: Date.now() - since });
    watcher.add(await pathsNow(options)); // the distributions file may name other places now
    if (report === undefined) setTimeout(() => line.changed(), AGAIN).unref();
  };
  const line = lineOf(rebuild);
  watcher.on('all', () => line.changed());
  watcher.on('error', (error) => watching.log(`a change may go unseen: ${String(error)}`));
  await new Promise<void>((ready) => watcher.once('ready', () => ready()));
  line.changed();
  const lookout = lookOut(() => pathsNow(options), line.changed);
  return {
    stop: async () => {
      await lookout.stop();
      await line.stop();
      await watcher.close(); // last: a watcher that gets something to watch is open again
    },
  };
}

/** Milliseconds to another try where a build could not run: its cause may lie outside what is watched, such as a lock or a full disk. */
const AGAIN = 1000;

/** None where the distributions file is broken or can't be read; the build says so. */
async function pathsNow(options: BuildOptions): Promise<string[]> {
  try {
    return await watchedPaths(options);
  } catch (error) {
    if (whyNotBuilt(error) === undefined) throw error;
    return [];
  }
}

/** A site that has nothing yet gets what there is; later, the last good one stays. */
interface Attempt {
  readonly report: BuildReport | undefined;
  readonly found: readonly Finding[];
}

async function attempt(options: BuildOptions, progress: Progress): Promise<Attempt> {
  try {
    const report = await build(options, progress);
    const isFirst = !report.site && !hasSite(resolve(options.out, report.distribution), INDEX);
    const served = isFirst ? await build({ ...options, skipUnfit: true }, progress) : report;
    return { report: served, found: report.findings.filter(({ code }) => code !== 'repaired') };
  } catch (error) {
    const text = whyNotBuilt(error);
    if (text === undefined) throw error;
    return { report: undefined, found: [{ code: 'not-built', where: 'the build', text, level: 'error' }] };
  }
}

/** Undefined where it is a bug. */
function whyNotBuilt(error: unknown): string | undefined {
  if (error instanceof Stop) return error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
  return isSystemError(error) ? describeSystemError(error).text : undefined;
}

function newIn(findings: readonly Finding[], before: readonly Finding[]): Finding[] {
  const known = new Set(before.map(keyOf));
  return findings.filter((finding) => !known.has(keyOf(finding)));
}

function keyOf({ code, where, text, level }: Finding): string {
  return JSON.stringify([code, where, text, level]);
}

/** Milliseconds: programs write in bursts, and one that writes for long must not put off everything. */
const QUIET = 80;
const LONGEST = 400;

/** Runs an act after changes, one run at a time. It gets the time of the first change. */
function lineOf(act: (since: number) => Promise<void>): { changed(): void; stop(): Promise<void> } {
  let since: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isStopped = false;
  const run = async (): Promise<void> => {
    for (let first = since; first !== undefined; first = since) {
      since = undefined;
      await act(first);
    }
    running = undefined;
  };
  return {
    changed: () => {
      if (isStopped) return;
      const now = Date.now();
      since ??= now;
      clearTimeout(timer);
      timer = setTimeout(
        () => {
          if (since !== undefined) running ??= run(); // a run before may have taken the change along
        },
        Math.min(QUIET, Math.max(0, since + LONGEST - now)),
      );
    },
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      since = undefined;
      await running;
    },
  };
}
