import { writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { Stop } from '../../errors.ts';
import { writeAside } from '../../tree/commit/aside.ts';
import { atExit } from '../../tree/commit/at-exit.ts';
import { clearLeftovers, hidden, removeNow, removeQuickly, temporaryName } from '../../tree/commit/leftovers.ts';
import { withLock } from '../../tree/commit/lock.ts';
import type { Lock } from '../../tree/commit/lock.ts';
import { recoverFolder } from '../../tree/commit/replace.ts';
import { makeFolder } from '../../tree/make-folder.ts';
import { treeDigest } from '../../tree/manifest-digests.ts';
import { readRelease } from '../../tree/release.ts';
import { wantText } from '../want.ts';
import { openBase } from './base.ts';
import type { Base } from './base.ts';
import { breather } from './breath.ts';
import { changeFolders, mendTimes, planChange, writeChecked } from './change.ts';
import type { FolderChange } from './change.ts';
import { readHeld } from './held.ts';
import type { Held, HeldFile } from './held.ts';
import { openBundles } from './open-bundles.ts';
import type { OpenBundle } from './open-bundles.ts';
import { inOrder } from './order.ts';
import { extraFiles, reportOf } from './outcome.ts';
import type { ApplyReport } from './outcome.ts';
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
  if (to === '')
    throw new Stop('usage', '--to names no folder', 'give the folder of the site: --to /srv/registry/production');
  const folder = resolve(to);
  const opened = await openBundles(files, (done, total) => progress.step('check', done, total));
  try {
    const bundles = inOrder(bundlesAmong(opened.bundles));
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

/** Lists of contents come along where somebody names all files that `bundle` wrote. */
function bundlesAmong(opened: readonly OpenBundle[]): OpenBundle[] {
  const bundles = opened.filter(({ description }) => description.kind === 'bundle');
  if (bundles.length > 0) return bundles;
  const problem = `${opened[0]?.path} lists what a bundle holds, for \`bundle --since\`, and holds nothing of it`;
  throw new Stop('bad-bundle', problem, 'give the bundle that it lay beside');
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
  return await withContents(folder, async (contents) => {
    const used: OpenBundle[] = [];
    for (;;) {
      const rest = bundles.slice(bundles.indexOf(used.at(-1) as OpenBundle) + 1);
      const ready = await lastThatFits({ ...applying, bundles: rest }, { held, made: contents.made });
      used.push(ready.bundle);
      try {
        if (ready.bundle === bundles.at(-1)) return await applyReady(ready, { ...applying, held, used });
        await makeContents(ready, { contents, progress });
      } finally {
        ready.base.close();
      }
    }
  });
}

/** Contents of sites between the one that is there and the one that is to be, in a folder that goes in the end. */
interface Contents {
  readonly folder: string;
  /** The places of the contents. */
  readonly made: (readonly [place: string, content: HeldFile])[];
}

async function withContents<T>(site: string, use: (contents: Contents) => Promise<T>): Promise<T> {
  const name = `${hidden(site)}.contents`;
  clearLeftovers(dirname(site), basename(name));
  const folder = temporaryName(name);
  const leave = atExit(() => removeQuickly(folder));
  try {
    return await use({ folder, made: [] });
  } finally {
    removeNow(folder);
    leave();
  }
}

/** Makes what is new of a site on which the next bundle builds. */
async function makeContents(
  { bundle, base, supply, target }: Ready,
  { contents, progress }: { readonly contents: Contents; readonly progress: ApplyProgress },
): Promise<void> {
  const fresh = new Map<string, { readonly path: string; readonly content: HeldFile }>();
  for (const files of target.folders.values())
    for (const [path, content] of files) if (!base.placeOf(content)) fresh.set(content.digest, { path, content });
  const sizes = [...fresh.values()].map(({ content }) => content.size);
  const total = sum(sizes);
  refuseFullDisk(contents.folder, sizes);
  makeFolder(contents.folder);
  const breathe = breather();
  let written = 0;
  for (const { path, content } of fresh.values()) {
    const place = join(contents.folder, `${content.digest}${extname(path)}`); // the base looks for zips by name
    const onWrite = (bytes: number): void => progress.step('write', (written += bytes), total);
    writeChecked(place, supply.chunks(content, target.packageFiles), { content, from: bundle.path, onWrite });
    contents.made.push([place, content]);
    await breathe();
  }
}

/** The tools of hosts keep what they need in such folders. */
function isOfTool(host: string, path: string): boolean {
  return host !== '' && /^\.[^/]+$/.test(path);
}

/** A bundle for which all is there. */
interface Ready {
  readonly bundle: OpenBundle;
  readonly base: Base;
  readonly supply: Supply;
  readonly target: Target;
}

/** The last bundle for which all is there. Where there is none, `want.json` is written, and a `Stop` thrown. */
async function lastThatFits(
  { folder, bundles }: Applying,
  { held, made }: { readonly held: HeldFolders; readonly made: Contents['made'] },
): Promise<Ready> {
  const base = openBase([...eachHeld(folder, held), ...made]);
  let lacking: readonly string[] = [];
  try {
    for (const bundle of bundles.toReversed()) {
      const supply = openSupply(bundle, base);
      const target = readTarget(bundle, supply);
      lacking = target.kind === 'lacking' ? target.digests : lackingFor(target, supply);
      if (target.kind === 'target' && lacking.length === 0) return { bundle, base, supply, target };
    }
    throw await wanting(folder, { bundles, lacking, held });
  } catch (error) {
    base.close();
    throw error;
  }
}

function* eachHeld(folder: string, held: HeldFolders): Generator<readonly [place: string, content: HeldFile]> {
  for (const [host, { files }] of held)
    for (const [path, content] of files) yield [join(placeOf(folder, host), path), content];
}

function lackingFor({ folders, packageFiles }: Target, supply: Supply): string[] {
  const contents = new Map<string, HeldFile>();
  for (const files of folders.values()) for (const content of files.values()) contents.set(content.digest, content);
  const lacking = new Set<string>();
  for (const content of contents.values())
    for (const digest of supply.lacks(content, packageFiles)) lacking.add(digest);
  return [...lacking];
}

/** Writes `want.json`, and gives the `Stop` that says so. */
async function wanting(
  folder: string,
  { bundles, lacking, held }: { bundles: readonly OpenBundle[]; lacking: readonly string[]; held: HeldFolders },
): Promise<Stop> {
  const [first, last] = [bundles[0] as OpenBundle, bundles.at(-1) as OpenBundle];
  const { distribution } = last.description;
  const path = join(dirname(folder), WANT);
  const release = await readRelease(folder);
  const text = wantText({
    distribution,
    manifest: release ? treeDigest(release) : null,
    digests: [...eachHeld(folder, held)].map(([, { digest }]) => digest),
  });
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
  { bundle, base, supply, target }: Ready,
  {
    folder,
    lock,
    progress,
    held,
    used,
  }: Applying & { readonly held: HeldFolders; readonly used: readonly OpenBundle[] },
): Promise<ApplyReport> {
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
  const total = sum(sizes);
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
  return reportOf(folder, { used, target, changes, written, extra });
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

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
