import { sameContent } from '../../catalog/merge.ts';
import { nearMatch, Stop } from '../../errors.ts';
import type { Finding } from '../../errors.ts';
import { withoutCredentials } from '../../storage/git/command.ts';
import { parseQuery } from '../../core/query.ts';
import type { Query } from '../../core/query.ts';
import { parseQueryString } from '../../core/query-string.ts';
import { shownText, toByteString } from '../../tree/text.ts';
import { withCatalog } from '../../inspect/open-catalog.ts';
import type { OpenCatalog, StorageOptions } from '../../inspect/open-catalog.ts';
import { explainQuery } from '../../inspect/explain.ts';
import type { Verdict } from '../../inspect/explain.ts';
import { columnsOf, readEntries } from '../../workflow/read-entries.ts';

export interface ExplainOptions extends StorageOptions {
  /** The package. Without one, the query's; without that, every package. */
  readonly name?: string | undefined;
  readonly dist?: string | undefined;
  /** A request as a client sends it: `/search?…`, `/categories?…`, or a whole URL of one. */
  readonly url?: string | undefined;
  /** Parameters of the query by name, after those of the URL. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

export interface ExplainReport {
  readonly distribution: string;
  readonly storage: string;
  /** Warnings about the storage and its layers. */
  readonly findings: readonly Finding[];
  /** The request, as a client would send it. */
  readonly request: string;
  readonly packages: readonly ExplainedPackage[];
}

export interface ExplainedPackage {
  readonly name: string;
  /** The versions that the client gets. */
  readonly found: readonly string[];
  /** Newest first. */
  readonly revisions: readonly ExplainedRevision[];
}

export interface ExplainedRevision {
  readonly version: string;
  readonly layer: string;
  readonly shadows: readonly { readonly layer: string; readonly sameContent: boolean }[];
  readonly found: boolean;
  /** The one rule that decides: a rule of the registry, or `unfit`. */
  readonly rule: Verdict['rule'] | 'unfit';
  readonly text: string;
}

/** Tells for every revision of a package, or of all packages, why a query finds it or doesn't. */
export async function explain(options: ExplainOptions): Promise<ExplainReport> {
  const { request, query } = readRequest(options);
  return await withCatalog(options, async (open) => {
    const name = options.name ?? (query.package === '' ? undefined : shownText(query.package));
    return {
      distribution: open.distribution.name,
      storage: withoutCredentials(open.distribution.storage),
      findings: open.findings,
      request,
      packages: await explainPackages(open, { query, name, cache: options.cache }),
    };
  });
}

async function explainPackages(
  { catalog, storage, distribution }: OpenCatalog,
  { query, name, cache }: { query: Query; name: string | undefined; cache: string },
): Promise<ExplainedPackage[]> {
  const names = [...new Set(catalog.revisions.map((revision) => revision.name))];
  if (name !== undefined && !names.includes(name)) {
    const near = names.length < 20 ? names : names.filter((one) => one.includes(name.slice(0, 3)));
    const hint = `list --dist ${distribution.name} shows what there is${nearMatch(name, near)}`;
    throw new Stop('unknown-package', `${distribution.name} has no package "${name}"`, hint);
  }
  const revisions = catalog.revisions.filter((revision) => name === undefined || revision.name === name);
  const read = await readEntries({ ...distribution, storage, cache }, revisions);
  const entries = read.flatMap(({ entry }) => entry ?? []);
  const columns = columnsOf(entries, distribution.tables.categories);
  const facts = entries.map((entry) => entry.facts);
  const verdicts = explainQuery(columns, facts, query);
  const byId = new Map(verdicts.map((verdict) => [`${verdict.name}@${verdict.version}`, verdict]));
  const explained = await Promise.all(
    read.map(async ({ revision, findings, files, zip }) => {
      const shadowed = catalog.shadowed.filter(({ winner }) => winner === revision);
      const shadows = await Promise.all(
        shadowed.map(async ({ loser }) => {
          const listed = await storage.listFiles(loser);
          return { layer: loser.layer, sameContent: sameContent(listed, { files, folders: [], zip, findings: [] }) };
        }),
      );
      const verdict = byId.get(revision.id);
      const { rule, found, text } = verdict ?? {
        rule: 'unfit' as const,
        found: false,
        text: `a build refuses it: ${findings.map((one) => `${one.where}: ${one.text}`).join('; ')}`,
      };
      const { name: own, version, layer } = revision;
      return { name: own, revision: { version, layer, shadows, found, rule, text } };
    }),
  );
  return names.flatMap((one) => {
    const own = explained.filter((pair) => pair.name === one).map((pair) => pair.revision);
    if (own.length === 0) return [];
    const found = own.filter((revision) => revision.found).map(({ version }) => version);
    return { name: one, found, revisions: own.toReversed() };
  });
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
