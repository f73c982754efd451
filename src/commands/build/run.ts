import { basename, resolve } from 'node:path';
import { commandLine } from '../../command-line.ts';
import { listDistributions, readConfig } from '../../config.ts';
import type { ConfigFile, ConfigPlace } from '../../config.ts';
import { generator } from '../../generator.ts';
import { Stop } from '../../errors.ts';
import type { Finding } from '../../errors.ts';
import { openLayers } from '../../workflow/open-layers.ts';
import type { MirroredLayers, OpenLayersOptions, Session } from '../../workflow/open-layers.ts';
import type { Progress } from '../../report.ts';
import { historyOf } from '../../inspect/history.ts';
import { withLeanHeap } from '../../lean-heap.ts';
import { isSystemError } from '../../system-errors.ts';
import { lookAtSite, makeSite } from '../../build/make-site.ts';
import type { MadeSite, MakeOptions } from '../../build/site-making.ts';
import type { SiteResult } from '../../build/site.ts';
import { withLock } from '../../tree/commit/lock.ts';
import type { Lock } from '../../tree/commit/lock.ts';
import { shownStorage } from '../../inspect/open-catalog.ts';
import { staleSites } from '../../inspect/stale.ts';
import type { StaleSite } from '../../inspect/stale.ts';
import { hostFolder, hostNames } from '../../hosts/hosts.ts';
import type { HostName } from '../../hosts/hosts.ts';
import { nginxForms } from '../../hosts/nginx/encoded.ts';
import type { Serving } from '../../hosts/target.ts';
import { findBuildConfig } from '../../workflow/find-config.ts';
import { useLock } from '../../workflow/lock-file.ts';
import { openingProgress } from '../opening-progress.ts';
import { makeFit } from './make-fit.ts';
import { layerReport, mergeStorage, subsetReport } from './merged.ts';
import type { LayerReport, Merged, ShadowedReport, SubsetReport } from './merged.ts';
import { refuseBadOutput, refuseOther } from './output.ts';
import { loadTarget } from './target.ts';
import type { LoadedTarget } from './target.ts';

export interface BuildOptions {
  readonly dist?: string | undefined;
  readonly config?: ConfigPlace | undefined;
  readonly storage?: string | undefined;
  readonly out: string;
  readonly refs: Readonly<Record<string, string>>;
  readonly skipUnfit: boolean;
  /** A package that lies in a layer as a folder and as a zip, too, is the folder. */
  readonly allowsTwice?: boolean | undefined;
  /** The host that gets its files beside the site. */
  readonly target?: HostName | undefined;
  /** How nginx is to serve the site. */
  readonly serving?: Serving | undefined;
  readonly offline: boolean;
  /** Fetches again what the cache holds of registries. */
  readonly refresh?: boolean | undefined;
  /** What it shares with other builds of the same run. */
  readonly session?: BuildSession | undefined;
  /** The folder of clones and everything else that can be made again. */
  readonly cache: string;
  /** Uses no earlier results, and keeps none for later builds. */
  readonly noCache?: boolean | undefined;
  /** Reads every byte of the site that was made or kept, and makes it anew where it is damaged. */
  readonly verify?: boolean | undefined;
  /** `lock` writes the commits of all layers to `distributions.lock.json`. `locked` builds exactly those. */
  readonly lock?: boolean | undefined;
  readonly locked?: boolean | undefined;
}

/** What builds of one run share: the distributions file, and what was fetched. */
export interface BuildSession extends Session {
  readonly config: ConfigFile;
}

/** Finds the distributions file for builds that share everything. Throws what `findBuildConfig` throws. */
export async function openSession(options: BuildOptions): Promise<BuildSession> {
  const { config, isFetched } = await findBuildConfig(options);
  return { config, isFetched, mirrored: new Map() };
}

/** What a build did, or the findings that prevented it. */
export interface BuildReport {
  readonly distribution: string;
  /** Undefined if every layer is a registry. */
  readonly storage: string | undefined;
  readonly registry: string;
  readonly generator: string;
  readonly layers: readonly LayerReport[];
  /** What the distribution is a part of; undefined for one that has all of its layers. */
  readonly subset: SubsetReport | undefined;
  /** Those of the site. */
  readonly packages: number;
  readonly revisions: number;
  readonly shadowed: readonly ShadowedReport[];
  /** Ids that --skip-unfit left out. */
  readonly skipped: readonly string[];
  readonly findings: readonly Finding[];
  /** Undefined if findings prevented the site. */
  readonly site: (SiteResult & Pick<MadeSite, 'how' | 'changes'> & { readonly folder: string }) | undefined;
  /** The sites of other distributions beside this one that were built from earlier commits of its layers. */
  readonly stale: readonly StaleSite[];
  /** Milliseconds by stage. */
  readonly times: Readonly<Record<string, number>>;
  /** The next commands, to paste. */
  readonly next: readonly string[];
}

/**
 * Builds one distribution into `<out>/<dist>`, after waiting until no other process builds there. If a finding is an
 * error, the present site stays as it is.
 */
export async function build(options: BuildOptions, progress: Progress): Promise<BuildReport> {
  if (options.serving && options.target !== 'nginx')
    throw new Stop('no-target', '--prefix, --port and --root say how nginx serves a site', 'add --target nginx');
  const { dist, storage: location, refs } = options;
  const session = options.session ?? (await openSession(options));
  const { config } = session;
  const asked = await readConfig({ config, dist, storage: location, refs });
  const pins = await useLock({ ...options, config: config.place }, asked);
  const folder = resolve(options.out, pins.distribution.name);
  const host = options.target && hostFolder(folder, options.target);
  refuseBadOutput({ folder, host, storage: pins.distribution.storage, cache: options.cache });
  const onWait = (holder: string): void => progress.note(`Waiting for another build of ${folder} to end: ${holder}`);
  try {
    const report = await withLock(folder, { onWait }, async (lock) => {
      await refuseOther(folder);
      const place = { pins, folder, siteLock: lock };
      return await withLeanHeap(() => buildSite({ ...options, session }, place, progress));
    });
    const others = listDistributions(config).filter((name) => name !== report.distribution);
    return { ...report, stale: report.site ? await staleSites(resolve(options.out), others, report.layers) : [] };
  } catch (error) {
    if (isSystemError(error)) error.path ??= `${folder}, or the cache in ${resolve(options.cache)}`;
    throw error;
  }
}

interface Place {
  /** What `distributions.lock.json` says. */
  readonly pins: Awaited<ReturnType<typeof useLock>>;
  readonly folder: string;
  readonly siteLock: Lock;
}

/** The layers are read while the lock is held, so that of two builds the later one has the newer commits. */
async function buildSite(options: BuildOptions, place: Place, progress: Progress): Promise<Omit<BuildReport, 'stale'>> {
  const { pins, folder, siteLock } = place;
  const { distribution } = pins;
  const site = { folder, name: distribution.name, distribution, lock: siteLock, serving: options.serving };
  const target = options.target && (await loadTarget(options.target, site));
  const clock = stopwatch();
  const known = await lookAtSite({ folder, cache: resolve(options.cache), noCache: options.noCache ?? false });
  const { storage, mirrored } = await openLayers(distribution, openingOptions(options, pins.held, progress));
  const merge = async (unfit: ReadonlySet<string>): Promise<Merged> => {
    const cache = options.noCache ? undefined : resolve(options.cache);
    const { onRead } = openingProgress(progress);
    const { skipUnfit, allowsTwice = false } = options;
    const merged = await mergeStorage(storage, pins, { skipUnfit, allowsTwice, mirrored, unfit, cache, onRead });
    clock.lap('layers');
    return merged;
  };
  const makeOnce = async (isAnew: boolean): Promise<MadeWithHost> => {
    const making = (one: Merged): MakeOptions => makeOptions(options, one, { place, progress, target, isAnew });
    const { merged, made } = await makeFit(merge, async (one) => {
      const past = distribution.pages ? await historyOf({ storage, distribution, ...one }) : undefined;
      const findings = [...one.findings, ...(past?.findings ?? [])];
      return await makeSite({ distribution, storage, ...one, findings, history: past?.history }, making(one), known);
    });
    clock.lap('site');
    if (made.site) await pins.keep(merged.layers, mirrored);
    const written = made.site && (await target?.write(made.since, isAnew));
    if (target) clock.lap('target');
    return { merged, made, next: made.site ? (written ?? [commandLine(['serve', '--dir', folder])]) : [] };
  };
  try {
    const once = await makeOnce(false);
    const damages = options.verify && once.made.site ? await damagesOf(folder, options.target, progress) : undefined;
    if (damages) clock.lap('verify');
    const { merged, made, next } = damages?.isRepaired ? await makeOnce(true) : once;
    const report = reportOf(place, { ...merged, mirrored }, made);
    const findings = [...merged.passing, ...(damages?.findings ?? []), ...report.findings];
    return { ...report, findings, times: clock.times, next };
  } finally {
    progress.end();
    await storage.close();
  }
}

function makeOptions(
  { cache, noCache = false, skipUnfit }: BuildOptions,
  { counted }: Merged,
  {
    place: { folder, siteLock },
    progress,
    target,
    isAnew,
  }: {
    readonly place: Place;
    readonly progress: Progress;
    readonly target: LoadedTarget | undefined;
    readonly isAnew: boolean;
  },
): MakeOptions {
  return {
    folder,
    lock: siteLock,
    cache: resolve(cache),
    noCache,
    isAnew,
    skipUnfit,
    accepts: skipUnfit && counted.size > 0 ? (unfit) => !unfit.some((id) => counted.has(id)) : undefined,
    onProgress: progress.step,
    forms: { isWanted: target?.hasForms ?? false, plan: nginxForms('all') },
    refusals: async (tree) => (await target?.refusals(tree)) ?? [],
  };
}

function openingOptions(
  { cache, offline, session, refresh, noCache = false }: BuildOptions,
  locked: OpenLayersOptions['locked'],
  progress: Progress,
): OpenLayersOptions {
  return {
    cache,
    offline,
    session,
    refresh,
    locked,
    readsAnew: noCache,
    ...openingProgress(progress),
  };
}

function reportOf(
  { pins: { distribution }, folder }: Place,
  { layers, shadowed, whole, mirrored }: Merged & { readonly mirrored: MirroredLayers },
  { packages, revisions, skipped, findings, site, how, changes }: MadeSite,
): Omit<BuildReport, 'times' | 'next' | 'stale'> {
  return {
    distribution: distribution.name,
    storage: shownStorage(distribution),
    registry: distribution.registry,
    generator,
    layers: layers.map((layer) => layerReport(layer, mirrored)),
    subset: subsetReport(distribution, whole),
    packages,
    revisions,
    shadowed,
    skipped,
    findings,
    site: site && { ...site, folder, how, changes },
  };
}

interface MadeWithHost {
  readonly merged: Merged;
  readonly made: MadeSite;
  /** The next commands of the host, to paste. */
  readonly next: readonly string[];
}

/** What is damaged in a site, and whether to make it anew: the folders of other hosts than the build's stay as they are. */
async function damagesOf(
  folder: string,
  target: HostName | undefined,
  progress: Progress,
): Promise<{ readonly findings: Finding[]; readonly isRepaired: boolean }> {
  const { verifySite } = await import('../../inspect/verify/verify.ts');
  const { findings } = await verifySite(folder, (done, total) => progress.step('verify', done, total));
  const others = new Set(hostNames.filter((name) => name !== target).map((name) => basename(hostFolder(folder, name))));
  const isOfOthers = ({ where }: Finding): boolean => others.has(where.split('/', 1)[0] as string);
  const told = findings.map((finding): Finding => {
    const what = isOfOthers(finding) ? 'build for that host again' : 'made anew';
    return { ...finding, text: `${finding.text}; ${what}`, level: 'warning' };
  });
  return { findings: told, isRepaired: !findings.every(isOfOthers) };
}

function stopwatch(): { times: Record<string, number>; lap(name: string): void } {
  const times: Record<string, number> = {};
  let last = performance.now();
  return {
    times,
    lap: (name) => {
      times[name] = Math.round(performance.now() - last);
      last = performance.now();
    },
  };
}
