import { resolve } from 'node:path';
import type { Progress } from '../../report.ts';
import { openingProgress } from '../opening-progress.ts';
import { sameContent } from '../../catalog/merge.ts';
import { Stop } from '../../errors.ts';
import { nearMatch } from '../../near-match.ts';
import type { Finding } from '../../errors.ts';
import { parseQuery } from '../../core/query.ts';
import type { Query } from '../../core/query.ts';
import { parseQueryString } from '../../core/query-string.ts';
import { asByteString } from '../../tree/byte-string.ts';
import { commandLine, givenWords } from '../../command-line.ts';
import { revisionsOf } from '../../inspect/near-versions.ts';
import { readSite } from '../../inspect/site.ts';
import type { Site } from '../../inspect/site.ts';
import { withoutCredentials } from '../../storage/git/command.ts';
import { shownText, toByteString } from '../../tree/text.ts';
import { shownStorage, withCatalog } from '../../inspect/open-catalog.ts';
import type { OpenCatalog, StorageOptions } from '../../inspect/open-catalog.ts';
import { explainQuery } from '../../inspect/explain.ts';
import { explainFates } from '../../inspect/fates.ts';
import type { ExplainedFate } from '../../inspect/fates.ts';
import type { Verdict } from '../../inspect/explain.ts';
import { columnsOf, readEntries } from '../../workflow/read-entries.ts';

export interface ExplainOptions extends StorageOptions {
  /** The package. Without one, the query's; without that, every package. */
  readonly name?: string | undefined;
  /** With `name`: a version of it, or the beginning of one. */
  readonly version?: string | undefined;
  readonly dist?: string | undefined;
  /** The folder of a built site, in place of a storage. */
  readonly dir?: string | undefined;
  /** A request as a client sends it: `/search?…`, `/categories?…`, or a whole URL of one. */
  readonly url?: string | undefined;
  /** Parameters of the query by name, after those of the URL. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

export interface ExplainReport {
  /** A distribution, or the folder of a site. */
  readonly distribution: string;
  /** Undefined for a site. */
  readonly storage: string | undefined;
  /** Warnings about the storage and its layers. */
  readonly findings: readonly Finding[];
  /** The request, as a client would send it. */
  readonly request: string;
  /** The version that was asked about, as it was given. */
  readonly version: string | undefined;
  readonly packages: readonly ExplainedPackage[];
}

export interface ExplainedPackage {
  readonly name: string;
  /** The versions that the client gets. */
  readonly found: readonly string[];
  /** Newest first. If a version was asked about: those that begin with it, or, if there are none, the nearest ones. */
  readonly revisions: readonly ExplainedRevision[];
  /** Whether the package has no such version: then `revisions` holds the nearest ones. */
  readonly isNearest: boolean;
}

export interface ExplainedRevision {
  readonly version: string;
  /** Undefined for a site, which doesn't tell. */
  readonly layer: string | undefined;
  readonly shadows: readonly { readonly layer: string; readonly sameContent: boolean }[];
  readonly found: boolean;
  /** The one rule that decides: a rule of the registry, `unfit`, or `left-out` where the distribution is a subset without it. */
  readonly rule: Verdict['rule'] | 'unfit' | 'left-out';
  readonly text: string;
  /** Of a distribution that is a part of another one: whether and why it keeps this revision. */
  readonly subset: ExplainedFate | undefined;
}

/** Tells for every revision of a package, or of all packages, why a query finds it or doesn't. */
export async function explain(options: ExplainOptions, progress: Progress): Promise<ExplainReport> {
  const { request, query } = readRequest(options);
  const { version } = options;
  const name = options.name ?? (query.package === '' ? undefined : shownText(query.package));
  const asked = { query, name, version, cache: options.cache };
  if (options.dir !== undefined) {
    const distribution = resolve(options.dir);
    const packages = explainSite(await readSite(distribution), asked);
    return { distribution, storage: undefined, findings: [], request, version, packages };
  }
  const explained = withCatalog(options, openingProgress(progress), async (open) => {
    const { findings } = open;
    const storage = shownStorage(open.distribution);
    const packages = await explainPackages(open, { ...asked, given: wordsToFind(options) });
    return { distribution: open.distribution.name, storage, findings, request, version, packages };
  });
  return await explained.finally(progress.end);
}

interface Asked {
  readonly query: Query;
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly cache: string;
}

function explainSite({ folder, columns, revisions }: Site, { query, name, version }: Asked): ExplainedPackage[] {
  refuseUnknown(revisions, name, { title: folder, list: ['list', '--dir', folder] });
  const facts = revisions.map((revision) => revision.facts);
  const verdicts = explainQuery(columns, facts, query).map(({ name: bytes, ...verdict }) => {
    return {
      name: shownText(asByteString(bytes)),
      revision: { ...verdict, layer: undefined, shadows: [], subset: undefined },
    };
  });
  return grouped(name === undefined ? verdicts : verdicts.filter((one) => one.name === name), version);
}

async function explainPackages(
  { catalog, storage, distribution, subset }: OpenCatalog,
  { query, name, version, cache, given }: Asked & { readonly given: readonly string[] },
): Promise<ExplainedPackage[]> {
  const dist = distribution.name;
  const all = subset?.whole ?? catalog.revisions;
  refuseUnknown(all, name, { title: dist, list: ['list', '--dist', dist, ...given] });
  const revisions = all.filter((revision) => name === undefined || revision.name === name);
  const read = await readEntries({ ...distribution, storage, cache }, revisions);
  const fit = read.flatMap(({ entry }) => entry ?? []);
  const fates = subset ? explainFates(distribution, subset.selection, fit) : new Map<string, ExplainedFate>();
  const entries = fit.filter(({ revision }) => fates.get(revision.id)?.kept !== false);
  const columns = columnsOf(entries, distribution.tables.categories);
  const facts = entries.map((entry) => entry.facts);
  const verdicts = explainQuery(columns, facts, query);
  const byId = new Map(verdicts.map((verdict) => [`${verdict.name}@${verdict.version}`, verdict]));
  const explained = await Promise.all(
    read.map(async ({ revision, entry, findings, files, zip }): Promise<Explained> => {
      const shadowed = catalog.shadowed.filter(({ winner }) => winner === revision);
      const shadows = await Promise.all(
        shadowed.map(async ({ loser }) => {
          const listed = await storage.listFiles(loser);
          return { layer: loser.layer, sameContent: sameContent(listed, { files, folders: [], zip, findings: [] }) };
        }),
      );
      const fate = fates.get(revision.id);
      const unfit = `a build refuses it: ${findings.map((one) => `${one.where}: ${one.text}`).join('; ')}`;
      const { rule, found, text } =
        byId.get((entry?.revision ?? revision).id) ??
        (fate
          ? { rule: 'left-out' as const, found: false, text: fate.text }
          : { rule: 'unfit' as const, found: false, text: unfit });
      const { name: own, version: ownVersion, layer } = entry?.revision ?? revision;
      return { name: own, revision: { version: ownVersion, layer, shadows, found, rule, text, subset: fate } };
    }),
  );
  return grouped(explained, version);
}

interface Explained {
  readonly name: string;
  readonly revision: ExplainedRevision;
}

/** By package, newest first; with a version, only those that it begins, or else those next to it. */
function grouped(explained: readonly Explained[], version: string | undefined): ExplainedPackage[] {
  return [...new Set(explained.map(({ name }) => name))].map((name) => {
    const own = explained.filter((pair) => pair.name === name).map((pair) => pair.revision);
    const found = own.filter((revision) => revision.found).map((revision) => revision.version);
    const chosen = version === undefined ? { revisions: own, isNearest: false } : revisionsOf(own, version);
    return { name, found, revisions: chosen.revisions.toReversed(), isNearest: chosen.isNearest };
  });
}

/** The options that find the same storage, for a command line to paste. */
function wordsToFind({ config, storage }: ExplainOptions): string[] {
  return givenWords({ config, storage: storage === undefined ? undefined : withoutCredentials(storage) });
}

function refuseUnknown(
  revisions: readonly { readonly name: string }[],
  name: string | undefined,
  { title, list }: { title: string; list: readonly string[] },
): void {
  const names = [...new Set(revisions.map((revision) => revision.name))];
  if (name === undefined || names.includes(name)) return;
  const near = names.length < 20 ? names : names.filter((one) => one.includes(name.slice(0, 3)));
  const hint = `${commandLine(list)} shows what there is${nearMatch(name, near)}`;
  throw new Stop('unknown-package', `${title} has no package "${name}"`, hint);
}

function readRequest({ url, name, parameters }: ExplainOptions): { request: string; query: Query } {
  const given = (url ?? '/search').replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '').replace(/#.*$/, '');
  const mark = given.indexOf('?');
  const path = (mark < 0 ? given : given.slice(0, mark)) || '/search';
  if (path !== '/search' && path !== '/categories')
    throw new Stop('bad-request', `${path} is not a query`, 'queries are /search?… and /categories?…');
  const asked = mark < 0 ? [] : given.slice(mark + 1).split('&');
  const own = url === undefined && name !== undefined ? [['package', name] as const] : [];
  const added = [...own, ...parameters].map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  const raw = [...asked, ...added].filter((pair) => pair !== '').join('&');
  const parsed = parseQuery(path === '/search' ? 'search' : 'categories', parseQueryString(toByteString(raw)));
  if ('query' in parsed) return { request: raw === '' ? path : `${path}?${raw}`, query: parsed.query };
  throw new Stop('bad-request', `the registry answers 400 to ${path}?${raw}: ${shownText(parsed.error)}`);
}
