import type { Package } from '../package/read.ts';
import { compact } from '../package/shapes/data-stream.ts';
import { get, objects, texts } from '../package/rules.ts';
import type { Json, JsonObject } from '../tree/json.ts';
import { braces, members } from '../tree/json.ts';

/*
 * Renders the summary of a package, in the form that answers of `/search` need, and the package index (docs/contract.md
 * sections 4 and 5). `deprecated` is the one member that depends on other revisions, so both texts have a gap in its
 * place.
 */

/** The members before and after `deprecated`, rendered. */
export interface Gapped {
  readonly before: string;
  readonly after: string;
}

/** A package as its answers show it. `deprecated` is filled in when the value for the name is known. */
export interface Rendered {
  readonly index: Gapped;
  readonly summary: Gapped;
  /**
   * The summaries for categories that only policy templates match, by category. They have just the templates that list
   * exactly this category.
   */
  readonly variants: ReadonlyMap<string, Gapped>;
}

/**
 * `categories` are those of the package that the registry knows. `variants` are the categories that need a different
 * summary.
 */
export function renderPackage(pkg: Package, categories: readonly string[], variants: readonly string[]): Rendered {
  const templates = objects(pkg.manifest['basepolicytemplates']).concat(objects(pkg.manifest['policy_templates']));
  const summaryWith = (shown: readonly JsonObject[]): Gapped => ({
    before: members(summaryHead(pkg, categories, shown), ROW_MEMBER),
    after: members(tail(pkg), ROW_MEMBER),
  });
  return {
    index: {
      before: members(sharedHead(pkg, categories), INDEX_MEMBER),
      after: members({ ...tail(pkg), ...indexTail(pkg) }, INDEX_MEMBER),
    },
    summary: summaryWith(templates),
    variants: new Map(
      variants.map((category) => [
        category,
        summaryWith(templates.filter((template) => texts(get(template, 'categories')).includes(category))),
      ]),
    ),
  };
}

/** A row: the summary as it stands in an answer of `/search`, without the separator after it. */
export function renderRow(summary: Gapped, deprecated: Json | undefined): string {
  return ROW + braces([summary.before, renderDeprecated(deprecated, ROW_MEMBER), summary.after], ROW);
}

/** The whole answer of `/package/<name>/<version>/`. */
export function renderIndex(index: Gapped, deprecated: Json | undefined): string {
  return `${braces([index.before, renderDeprecated(deprecated, INDEX_MEMBER), index.after], '')}\n`;
}

const ROW = '  ';
const ROW_MEMBER = '    ';
const INDEX_MEMBER = '  ';

function renderDeprecated(deprecated: Json | undefined, indent: string): string {
  return deprecated === undefined ? '' : members({ deprecated }, indent);
}

function head({ manifest, revision, release }: Package): Record<string, Json | undefined> {
  const { name, version } = revision;
  return {
    name,
    title: manifest['title'],
    version,
    release,
    source: manifest['source'],
    description: manifest['description'],
    type: manifest['type'],
    download: `/epr/${name}/${name}-${version}.zip`,
    path: `/package/${name}/${version}`,
    icons: manifest['icons'],
    policy_templates_behavior: manifest['policy_templates_behavior'],
  };
}

function belowTemplates(
  { manifest, revision }: Package,
  categories: readonly string[],
): Record<string, Json | undefined> {
  const signature = `/epr/${revision.name}/${revision.name}-${revision.version}.zip.sig`;
  return {
    conditions: manifest['conditions'],
    owner: manifest['owner'],
    categories: filled(categories),
    signature_path: revision.signature === undefined ? undefined : signature,
    discovery: manifest['discovery'],
  };
}

function sharedHead(pkg: Package, categories: readonly string[]): JsonObject {
  return compact({ ...head(pkg), ...belowTemplates(pkg, categories) });
}

function summaryHead(pkg: Package, categories: readonly string[], templates: readonly JsonObject[]): JsonObject {
  return compact({
    ...head(pkg),
    policy_templates: filled(templates.map((template) => pick(template, TEMPLATE_KEYS))),
    ...belowTemplates(pkg, categories),
    data_streams: filled(pkg.dataStreams.map((dataStream) => pick(dataStream, DATA_STREAM_KEYS))),
  });
}

/** What a summary has of each policy template. */
export const TEMPLATE_KEYS = [
  'name',
  'title',
  'description',
  'icons',
  'categories',
  'deployment_modes',
  'data_streams',
  'deprecated',
];
/** What a summary has of each data stream. */
export const DATA_STREAM_KEYS = ['type', 'dataset', 'title', 'deprecated'];

function tail({ manifest }: Package): JsonObject {
  return compact({ requires: manifest['requires'], group: manifest['group'] });
}

function indexTail(pkg: Package): JsonObject {
  const { manifest, revision, dataStreams } = pkg;
  const base = `/package/${revision.name}/${revision.version}`;
  return compact({
    format_version: manifest['format_version'],
    readme: `${base}/docs/README.md`,
    license: manifest['license'] ?? (get(manifest, 'conditions', 'elastic', 'subscription') || 'basic'),
    screenshots: manifest['screenshots'],
    assets: assetsOf(pkg).map((path) => `${base}/${path}`),
    policy_templates: manifest['policy_templates'],
    data_streams: filled(dataStreams),
    vars: manifest['vars'],
    elasticsearch: manifest['elasticsearch'],
    agent: manifest['agent'],
  });
}

/**
 * All files at depth one, then two, and so on, each level in the order of the listing; of a zip up to the first depth at which
 * it has no entry (section 5).
 */
function assetsOf({ files, folders, zip }: Package): string[] {
  const levels: string[][] = [];
  const levelOf = (path: string): string[] => (levels[path.split('/').length - 1] ??= []);
  for (const path of folders) levelOf(path);
  for (const { path } of files) if (!path.includes('.DS_Store')) levelOf(path).push(path);
  const gap = zip === undefined ? -1 : Array.from(levels).indexOf(undefined as never);
  return levels.slice(0, gap < 0 ? levels.length : gap).flat();
}

function filled<T extends Json>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}

/** Some members of an object. */
export function pick(object: JsonObject, keys: readonly string[]): JsonObject {
  return compact(Object.fromEntries(keys.map((key) => [key, object[key]])));
}
