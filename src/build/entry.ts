import type { Category } from '../config.ts';
import type { Finding } from '../errors.ts';
import type { PackageFile, Revision } from '../storage/storage.ts';
import type { Package, PackageWarning } from '../package/read.ts';
import { get, objects } from '../package/rules.ts';
import type { Json } from '../tree/json.ts';
import { comparePaths } from '../paths.ts';
import { parseStrictVersion } from '../core/version.ts';
import type { QueryFacts } from './index-files.ts';
import { renderPackage } from './render.ts';
import type { Rendered } from './render.ts';

/** What stays of a package after it was read: everything that a site needs of it, and no more. */
export interface Entry {
  readonly revision: Revision;
  readonly files: readonly PackageFile[];
  /** Empty folders, which have entries in the zip. */
  readonly folders: readonly string[];
  /** The content id of the published zip, if the package is one. */
  readonly zip: string | undefined;
  readonly facts: QueryFacts;
  readonly rendered: Rendered;
  /** The value in its own manifest. Answers show the value of the newest version of the name that has one. */
  readonly deprecated: Json | undefined;
  /** Problems that don't keep the package from being served. */
  readonly warnings: readonly EntryWarning[];
}

export interface EntryWarning {
  readonly code: 'category' | PackageWarning['code'];
  /** Inside the package; the signature lies beside it, and has none. */
  readonly file: string;
  readonly text: string;
}

/** The warnings of an entry, as findings. */
export function warningsOf({ revision, warnings }: Pick<Entry, 'revision' | 'warnings'>): Finding[] {
  return warnings.map(({ code, file, text }) => ({
    code,
    where: `${revision.layer}: ${revision.where}${code === 'signature' ? '.sig' : `/${file}`}`,
    text,
    level: 'warning',
  }));
}

export function makeEntry(pkg: Package, table: readonly Category[]): Entry {
  const written = (pkg.manifest['categories'] ?? []) as readonly string[];
  const known = new Set(table.map(({ id }) => id));
  const categories = written.filter((id) => known.has(id));
  const facts = queryFacts(pkg, categories);
  return {
    revision: pkg.revision,
    files: [...pkg.files].sort((a, b) => comparePaths(a.path, b.path)),
    folders: pkg.zip === undefined ? pkg.folders : [],
    zip: pkg.zip,
    facts,
    rendered: renderPackage(pkg, categories, templateOnlyCategories(facts, table)),
    deprecated: pkg.manifest['deprecated'],
    warnings: [...written.filter((id) => !known.has(id)).map(unknownCategory), ...pkg.warnings],
  };
}

function unknownCategory(id: string): EntryWarning {
  const text = `the registry doesn't know the category "${id}"; it is left out`;
  return { code: 'category', file: 'manifest.yml', text };
}

/** The `deprecated` in force for a package: that of its newest version that has one (docs/contract.md section 4). */
export function deprecationOf(entries: readonly Pick<Entry, 'deprecated'>[]): Json | undefined {
  return entries.findLast(({ deprecated }) => deprecated !== undefined)?.deprecated;
}

/** By name, the `deprecated` that all revisions of the name show. */
export type Deprecations = ReadonlyMap<string, Json>;

/** What queries ask of a package. `categories` are those that the registry knows. */
export function queryFacts(
  { manifest, release }: Pick<Package, 'manifest' | 'release'>,
  categories: readonly string[],
): QueryFacts {
  const texts = (...keys: string[]): string[] => (get(manifest, ...keys) ?? []) as string[];
  const names = (key: string): string[] => objects(get(manifest, 'discovery', key)).map(({ name }) => String(name));
  const condition = (product: string): string | undefined => {
    const value = get(manifest, 'conditions', product, 'version');
    return value === undefined ? undefined : String(value);
  };
  const format = parseStrictVersion(String(manifest['format_version']));
  const [kibana, agent] = [condition('kibana'), condition('agent')];
  const capabilities = texts('conditions', 'elastic', 'capabilities');
  const [fields, datasets] = [names('fields'), names('datasets')];
  const templates = objects(manifest['policy_templates']).map((template) => (template['categories'] ?? []) as string[]);
  return {
    type: String(manifest['type']),
    spec: `${format?.major ?? ''}.${format?.minor ?? ''}.0`,
    ...(kibana !== undefined && { kibana }),
    ...(agent !== undefined && { agent }),
    ...(release === 'experimental' && { experimental: 1 }),
    ...(capabilities.length > 0 && { capabilities }),
    ...(fields.length > 0 && { fields }),
    ...(datasets.length > 0 && { datasets }),
    ...(categories.length > 0 && { categories }),
    ...(templates.length > 0 && { templates }),
  };
}

/** Categories, each with its parent. */
export type CategoryTree = readonly Pick<Category, 'id' | 'parent'>[];

/** The categories, parents included, under which a package is found only because of its policy templates. */
export function templateOnlyCategories(
  { categories = [], templates = [] }: Pick<QueryFacts, 'categories' | 'templates'>,
  table: CategoryTree,
): string[] {
  const parents = new Map(table.map(({ id, parent }) => [id, parent]));
  const withParents = (ids: readonly string[]): string[] => ids.flatMap((id) => [id, parents.get(id) ?? id]);
  const own = new Set(withParents(categories));
  return [...new Set(withParents(templates.flat()))].filter((id) => !own.has(id));
}
