import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import pLimit from 'p-limit';
import { mergeLayers, sameContent } from '../catalog/catalog.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { isUrl, readConfig, shippedConfig } from '../config.ts';
import type { Distribution } from '../config.ts';
import { generator } from '../generator.ts';
import { Stop } from '../errors.ts';
import type { Finding } from '../errors.ts';
import type { Layer, Storage } from '../layers/layers.ts';
import { contentFindings, contentsOf } from '../layers/contents.ts';
import { withoutCredentials } from '../layers/git-command.ts';
import { openStorage } from '../layers/open-storage.ts';
import { packageReader } from '../layers/read-package.ts';
import type { Progress } from '../report.ts';
import { makeEntry } from '../site/entry.ts';
import type { Entry } from '../site/entry.ts';
import { replaceFolder } from '../site/replace-folder.ts';
import { writeSite } from '../site/site.ts';
import type { SiteResult } from '../site/site.ts';

export interface BuildOptions {
  readonly dist?: string | undefined;
  readonly config?: string | undefined;
  readonly storage?: string | undefined;
  readonly out: string;
  readonly refs: Readonly<Record<string, string>>;
  readonly skipUnfit: boolean;
  readonly offline: boolean;
  /** Where clones and other things that can be made again are kept. */
  readonly cache: string;
}

/** What a build did, or what kept it from doing it. */
export interface BuildReport {
  readonly distribution: string;
  readonly storage: string;
  readonly registry: string;
  readonly generator: string;
  readonly layers: readonly LayerReport[];
  /** Of the merged catalog. */
  readonly packages: number;
  readonly revisions: number;
  readonly shadowed: readonly ShadowedReport[];
  /** Ids that --skip-unfit left out. */
  readonly skipped: readonly string[];
  readonly findings: readonly Finding[];
  /** Undefined where findings kept the site from being written. */
  readonly site: (SiteResult & { readonly folder: string }) | undefined;
  /** Milliseconds by stage. */
  readonly times: Readonly<Record<string, number>>;
}

interface LayerReport {
  readonly name: string;
  readonly ref: string;
  readonly commit: string | undefined;
  readonly packages: number;
  readonly revisions: number;
}

interface ShadowedReport {
  readonly id: string;
  readonly layer: string;
  readonly by: string;
  readonly sameContent: boolean;
}

/** Builds one distribution into `<out>/<dist>`. Findings that are errors leave the site that is there as it was. */
export async function build(options: BuildOptions, progress: Progress): Promise<BuildReport> {
  const distribution = await readConfig({
    config: options.config ?? defaultConfig(),
    dist: options.dist,
    storage: options.storage,
    refs: options.refs,
  });
  const folder = resolve(options.out, distribution.name);
  await refuseOtherFolder(folder);
  const clock = stopwatch();
  const open = { isUrl: isUrl(distribution.storage), cache: options.cache, offline: options.offline };
  const storage = await openStorage(distribution.storage, open);
  try {
    const layers = await Promise.all(distribution.layers.map((spec) => storage.readLayer(spec)));
    const catalog = mergeLayers(layers);
    clock.lap('layers');
    const read = await readCatalog(storage, catalog, { distribution, progress });
    clock.lap('manifests');
    const unfit = new Set(read.unfit.keys());
    const findings = [
      ...layers.flatMap((layer) => layer.findings),
      ...[...read.unfit.values()].flat().map((finding) => (options.skipUnfit ? asWarning(finding) : finding)),
      ...read.findings,
    ];
    const isFit = findings.every((finding) => finding.level !== 'error');
    const site = isFit
      ? await replaceFolder(folder, (temporary, work) =>
          writeSite(
            { distribution, layers, entries: read.entries, read: (content) => storage.read(content) },
            { folder: temporary, work, generator, onProgress: progress.step },
          ),
        )
      : undefined;
    clock.lap('site');
    return {
      distribution: distribution.name,
      storage: withoutCredentials(distribution.storage),
      registry: distribution.registry,
      generator,
      layers: layers.map(layerReport),
      packages: new Set(read.entries.map((entry) => entry.revision.name)).size,
      revisions: read.entries.length,
      shadowed: read.shadowed,
      skipped: options.skipUnfit ? [...unfit] : [],
      findings,
      site: site && { ...site, folder },
      times: clock.times,
    };
  } finally {
    progress.end();
    await storage.close();
  }
}

interface ReadCatalog {
  readonly entries: readonly Entry[];
  /** Id -> what is wrong with it. */
  readonly unfit: ReadonlyMap<string, readonly Finding[]>;
  readonly shadowed: readonly ShadowedReport[];
  /** Of the catalog as a whole. */
  readonly findings: readonly Finding[];
}

async function readCatalog(
  storage: Storage,
  catalog: Catalog,
  { distribution, progress }: { distribution: Distribution; progress: Progress },
): Promise<ReadCatalog> {
  const { tables, signatures } = distribution;
  const reader = packageReader((content) => storage.read(content), {
    ingestionMethods: tables.ingestionMethods,
    signatures,
  });
  const limit = pLimit(REVISIONS_AT_ONCE);
  const unfit = new Map<string, readonly Finding[]>();
  let done = 0;
  const read = await Promise.all(
    catalog.revisions.map((revision) =>
      limit(async () => {
        const listed = await storage.listFiles(revision);
        const { package: found, findings } = await reader.read(revision, listed);
        progress.step('manifests', ++done, catalog.revisions.length);
        return { revision, listed, findings, entry: found && makeEntry(found, tables.categories) };
      }),
    ),
  );
  const contents = new Set(read.flatMap((one) => contentsOf(one).map(({ content }) => content)));
  const missing = await storage.missing([...contents]);
  for (const { revision, listed, findings, entry } of read) {
    const known = new Set(findings.map(({ where }) => where));
    const own = contentFindings({ revision, listed }, missing).filter(({ where }) => !known.has(where));
    if (!entry || own.length > 0) unfit.set(revision.id, [...findings, ...own]);
  }
  const entries = read.flatMap(({ entry, revision }) => (entry && !unfit.has(revision.id) ? [entry] : []));
  const shadowed = await Promise.all(
    catalog.shadowed.map(async ({ loser, winner }) => ({
      id: loser.id,
      layer: loser.layer,
      by: winner.layer,
      sameContent: sameContent(await storage.listFiles(loser), await storage.listFiles(winner)),
    })),
  );
  const level = distribution.collisions === 'refuse' ? 'error' : 'warning';
  return {
    entries,
    unfit,
    shadowed,
    findings: [...collisions(shadowed, level), ...entries.flatMap(unknownCategories)],
  };
}

/** Enough to keep git answering while others are parsed. */
const REVISIONS_AT_ONCE = 16;

function collisions(shadowed: readonly ShadowedReport[], level: Finding['level']): Finding[] {
  return shadowed
    .filter((one) => !one.sameContent)
    .map(({ id, layer, by }) => ({
      code: 'collision',
      where: id,
      text: `${layer} and ${by} hold different content; ${by} wins`,
      level,
    }));
}

function unknownCategories({ revision, unknownCategories: ids }: Entry): Finding[] {
  const where = `${revision.layer}: ${revision.where}/manifest.yml`;
  return ids.map((id) => ({
    code: 'category',
    where,
    text: `the registry doesn't know the category "${id}"; it is left out`,
    level: 'warning',
  }));
}

/** A wrong `--out` must not cost anybody a folder. Throws a `Stop` where something else than a site is in the place of the site. */
async function refuseOtherFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? [] : ['']));
  if (names.length === 0 || names.includes('_registry')) return;
  throw new Stop('not-a-site', `${folder} is there and holds no site`, 'choose another place with --out, or remove it');
}

function layerReport({ name, ref, commit, revisions }: Layer): LayerReport {
  const packages = new Set(revisions.map((revision) => revision.name)).size;
  return { name, ref, commit, packages, revisions: revisions.length };
}

function asWarning(finding: Finding): Finding {
  return { ...finding, level: 'warning' };
}

/** The project's own distributions file, or, where there is none, the one that this program ships. */
export function defaultConfig(): string {
  const own = resolve('content/distributions.yml');
  return existsSync(own) ? own : shippedConfig;
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
