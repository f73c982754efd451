import { writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Stop } from '../../errors.ts';
import { writeAside } from '../../tree/commit/aside.ts';
import { clearLeftovers, temporaryName } from '../../tree/commit/leftovers.ts';
import { withLock } from '../../tree/commit/lock.ts';
import type { Lock } from '../../tree/commit/lock.ts';
import { recoverFolder } from '../../tree/commit/replace.ts';
import { readRelease } from '../../tree/release.ts';
import { wantText } from '../want.ts';
import { openBase } from './base.ts';
import type { Base } from './base.ts';
import { changeFolders, heldAfter, mendTimes, planChange } from './change.ts';
import type { FolderChange } from './change.ts';
import { readHeld } from './held.ts';
import type { Held, HeldFile } from './held.ts';
import { openBundles } from './open-bundles.ts';
import type { OpenBundle } from './open-bundles.ts';
import { inOrder } from './order.ts';
import { extraFiles, reportOf } from './outcome.ts';
import type { Applied, ApplyReport } from './outcome.ts';
import { placeOf, refuseFullDisk, refuseOtherFolder } from './places.ts';
import { openSupply } from './supply.ts';
import type { Supply } from './supply.ts';
import { readTarget } from './target.ts';
import type { Target } from './target.ts';

/*
 * Makes a folder the site that bundles hold: checks first, then writes beside, then switches in one step.
 */

export interface ApplyOptions {
  /** Bundles and parts of bundles, in any order. */
  readonly files: readonly string[];
  /** The folder of the site. Those of hosts lie beside it. */
  readonly to: string;
}

export interface ApplyProgress {
  step(stage: 'check' | 'held' | 'write', done: number, total: number): void;
  note(line: string): void;
}

/**
 * Applies bundles. Nothing changes where a byte of them is wrong, where the disk has too little room, or where contents are missing that a
 * bundle builds on: then `want.json` is written beside the folder. Throws a `Stop` that says which.
 */
export async function apply({ files, to }: ApplyOptions, progress: ApplyProgress): Promise<ApplyReport> {
  const folder = resolve(to);
  const opened = await openBundles(files, (done, total) => progress.step('check', done, total));
  try {
    const bundles = inOrder(opened.bundles);
    const hosts = hostsOf(bundles);
    for (const host of ['', ...hosts]) refuseOtherFolder(placeOf(folder, host), host, files);
    const onWait = (holder: string): void => progress.note(`Waiting for ${holder}, which changes ${folder}.`);
    return await withLock(folder, { onWait }, async (lock) => {
      for (const host of ['', ...hosts]) recoverFolder(placeOf(folder, host));
      return await applyAll({ folder, hosts, bundles, lock, progress });
    });
  } finally {
    opened.close();
  }
}

/** What the folders hold, by host; '' is the site. */
type HeldFolders = ReadonlyMap<string, Held>;

interface Applying {
  readonly folder: string;
  readonly hosts: readonly string[];
  readonly bundles: readonly OpenBundle[];
  readonly lock: Lock;
  readonly progress: ApplyProgress;
}

/** The names of hosts whose folders come with some bundles. */
function hostsOf(bundles: readonly OpenBundle[]): string[] {
  const names = bundles.flatMap(({ recipe }) => recipe.files.map(({ host }) => host));
  return [...new Set(names)].filter((host) => host !== '').sort();
}

async function applyAll(applying: Applying): Promise<ApplyReport> {
  const { folder, hosts, bundles, progress } = applying;
  const names = ['', ...hosts];
  const read = names.map((host) => ({
    folder: placeOf(folder, host),
    isElsewhere: (path: string) => isOfTool(host, path),
  }));
  const all = await readHeld(read, (done, total) => progress.step('held', done, total));
  const held: HeldFolders = new Map(names.map((host, i) => [host, all[i] as Held]));
  const steps: Applied[] = [];
  let ready: Ready | undefined = await lastThatFits(applying, held);
  while (ready) {
    const { after, ...step }: Applied & { readonly after: HeldFolders } = await applyReady(ready, applying);
    steps.push(step);
    const rest: readonly OpenBundle[] = bundles.slice(bundles.indexOf(ready.bundle) + 1);
    ready = rest.length === 0 ? undefined : await lastThatFits({ ...applying, bundles: rest }, after);
  }
  return reportOf(folder, steps);
}

/** The tools of hosts keep what they need in such folders. */
function isOfTool(host: string, path: string): boolean {
  return host !== '' && /^\.[^/]+$/.test(path);
}

/** A bundle for which all is there. */
interface Ready {
  readonly bundle: OpenBundle;
  readonly held: HeldFolders;
  readonly base: Base;
  readonly supply: Supply;
  readonly target: Target;
}

/** The last bundle for which all is there. Where there is none, `want.json` is written, and a `Stop` thrown. */
async function lastThatFits({ folder, bundles }: Applying, held: HeldFolders): Promise<Ready> {
  const base = openBase(eachHeld(folder, held));
  let lacking: readonly string[] = [];
  try {
    for (const bundle of bundles.toReversed()) {
      const supply = openSupply(bundle, base);
      const target = readTarget(bundle, supply);
      lacking = target.kind === 'lacking' ? target.digests : lackingFor(target, supply);
      if (target.kind === 'target' && lacking.length === 0) return { bundle, held, base, supply, target };
    }
  } catch (error) {
    base.close();
    throw error;
  }
  base.close();
  throw await wanting(folder, { bundles, lacking, base });
}

function* eachHeld(folder: string, held: HeldFolders): Generator<readonly [place: string, content: HeldFile]> {
  for (const [host, { files }] of held)
    for (const [path, content] of files) yield [join(placeOf(folder, host), path), content];
}

function lackingFor({ folders, packageFiles }: Target, supply: Supply): string[] {
  const contents = new Map(
    [...folders.values()].flatMap((files) => [...files.values()].map((one) => [one.digest, one])),
  );
  return [...new Set([...contents.values()].flatMap((content) => supply.lacks(content, packageFiles)))];
}

/** Writes `want.json`, and gives the `Stop` that says so. */
async function wanting(
  folder: string,
  { bundles, lacking, base }: { bundles: readonly OpenBundle[]; lacking: readonly string[]; base: Base },
): Promise<Stop> {
  const [first, last] = [bundles[0] as OpenBundle, bundles.at(-1) as OpenBundle];
  const { distribution } = last.description;
  const path = join(dirname(folder), WANT);
  const manifest = (await readRelease(folder))?.manifest ?? null;
  const text = wantText({ distribution, manifest, digests: base.digests() });
  clearLeftovers(dirname(path), WANT);
  writeAside({ path, temporary: temporaryName(path) }, (temporary) => {
    writeFileSync(temporary, text);
    return true;
  });
  const problem = `${folder} lacks contents on which ${first.path} builds: ${lacking.length}, such as ${lacking[0]}`;
  const command = `epr-static bundle --dist ${distribution} --since ${WANT}`;
  return new Stop(
    'lacks-contents',
    problem,
    `nothing was changed; carry ${path} to where you build, and run: ${command}`,
  );
}

const WANT = 'want.json';

async function applyReady(
  ready: Ready,
  { folder, lock, progress }: Applying,
): Promise<Applied & { readonly after: HeldFolders }> {
  const { bundle, held, base, supply, target } = ready;
  try {
    const names = [...target.folders.keys()].toSorted((a, b) => Number(a === '') - Number(b === '')); // the site comes last
    const changes = names.map((host) =>
      planChange({
        folder: placeOf(folder, host),
        host,
        target: target.folders.get(host) ?? new Map(),
        held: held.get(host) ?? { files: new Map(), strays: [] },
      }),
    );
    const sizes = newSizes(changes, base);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    refuseFullDisk(folder, sizes);
    const extra = await extraFiles(folder, changes);
    let written = 0;
    await changeFolders(changes, {
      lock,
      from: bundle.path,
      placeOf: (content) => base.placeOf(content),
      chunks: (content) => supply.chunks(content, target.packageFiles),
      onWrite: (bytes) => progress.step('write', (written += bytes), total),
    });
    for (const change of changes) mendTimes(change);
    const after = new Map([...held, ...changes.map((change) => [change.host, heldAfter(change)] as const)]);
    return { bundle, target, after, changes, written, extra };
  } finally {
    base.close();
  }
}

/** The sizes of the contents that have to be written. */
function newSizes(changes: readonly FolderChange[], base: Base): number[] {
  const sizes = new Map<string, number>();
  for (const { added, target } of changes)
    for (const path of added) {
      const content = target.get(path) as HeldFile;
      if (base.placeOf(content) === undefined) sizes.set(content.digest, content.size);
    }
  return [...sizes.values()];
}
