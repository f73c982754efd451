import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FAILSAFE_SCHEMA, load, nullCoreTag } from 'js-yaml';
import { z } from 'zod';
import { nearMatch, Stop } from './errors.ts';
import { parseStrictVersion } from './core/version.ts';

/** What the program relies on, of a distribution. Every default is in; no stage reads one elsewhere. */
export interface Distribution {
  readonly name: string;
  /** The version that `GET /` reports. */
  readonly registry: string;
  /** A path (absolute) or a git URL. */
  readonly storage: string;
  /** In rank order: of a revision in two layers the first layer's counts. */
  readonly layers: readonly LayerSpec[];
  readonly cache: CacheTimes;
  readonly collisions: 'report' | 'refuse';
  readonly signatures: 'optional' | 'required';
  readonly precompute: PrecomputeLimits;
  readonly tables: Tables;
  /** The folders of what is copied into the site as it is; of a name in two of them the last one's counts. */
  readonly staticFolders: readonly string[];
}

export interface LayerSpec {
  readonly name: string;
  /** A branch, tag or commit of a git storage. */
  readonly ref: string;
  /** The sub-folder that holds `<name>/<version>/`; `.` for the layer's own folder. */
  readonly packages: string;
}

/** `Cache-Control: max-age` by kind of answer, in seconds. */
export interface CacheTimes {
  readonly index: number;
  readonly search: number;
  readonly categories: number;
  readonly files: number;
}

/** The most that precomputed answers may take: how many different ones, and how many bytes together. */
export interface PrecomputeLimits {
  readonly answers: number;
  readonly bytes: number;
}

/** The registry's own tables, which change with its version. */
export interface Tables {
  readonly categories: readonly Category[];
  /** Input type -> ingestion method. */
  readonly ingestionMethods: Readonly<Record<string, string>>;
}

export interface Category {
  readonly id: string;
  readonly title: string;
  readonly parent?: string | undefined;
}

/** A layer with the rules of changing it. */
export interface LayerPolicy extends LayerSpec {
  /** Whether a revision that is there may get other content: never, with a warning, or freely. */
  readonly overwrite: 'never' | 'warn' | 'allow';
  /** Whether a revision may go that no higher layer holds: never, for a reason that is given, or freely. */
  readonly remove: 'never' | 'exception' | 'allow';
}

/** A storage as those see it who change it: all layers there are, each with its rules. */
export interface StorageConfig {
  /** The file this is from. */
  readonly file: string;
  /** A path (absolute) or a git URL. */
  readonly storage: string;
  /** As the file lists them. */
  readonly layers: readonly LayerPolicy[];
  /** Name -> its layers, in rank order. */
  readonly distributions: Readonly<Record<string, readonly string[]>>;
  readonly tables: Tables;
}

export interface ConfigOptions {
  /** The distributions file. */
  readonly config: string;
  readonly dist: string | undefined;
  /** Overrides the file's storage: a path relative to the current folder, or a URL. */
  readonly storage?: string | undefined;
  /** Layer name -> ref, overriding the file's. */
  readonly refs?: Readonly<Record<string, string>> | undefined;
  /** Whether a storage is git and has a tag, that of a stack's release: such a tag is a distribution without being listed. */
  readonly hasTag?: ((storage: string, tag: string) => Promise<boolean>) | undefined;
}

/** The distributions file that a project without one gets: the one this program ships, over its sample storage. */
export const shippedConfig = fileURLToPath(new URL('../content/distributions.yml', import.meta.url));

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'is not a name (letters, digits, ".", "_", "-")');
const wholeNumber = z
  .string('is not a whole number')
  .regex(/^\d{1,15}$/, 'is not a whole number')
  .transform(Number);
const layerFields = { ref: z.string().min(1).optional(), packages: z.string().min(1).optional() };
const policyFields = {
  overwrite: z.enum(['never', 'warn', 'allow']).optional(),
  remove: z.enum(['never', 'exception', 'allow']).optional(),
};
const writtenLayer = z.strictObject({ ...layerFields, ...policyFields }).nullable();
const ownLayer = z.strictObject({ name, ...layerFields });
const writtenDistribution = z.strictObject({
  layers: z.array(z.union([name, ownLayer])).min(1),
  registry: z.string().optional(),
  cache: z
    .strictObject({ index: wholeNumber, search: wholeNumber, categories: wholeNumber, files: wholeNumber })
    .partial()
    .optional(),
  collisions: z.enum(['report', 'refuse']).optional(),
  signatures: z.enum(['optional', 'required']).optional(),
  precompute: z.strictObject({ answers: wholeNumber, bytes: wholeNumber }).partial().optional(),
});
const writtenConfig = z.strictObject({
  registry: z.string(),
  storage: z.string().min(1),
  layers: z.record(name, writtenLayer),
  distributions: z.record(name, writtenDistribution),
});
const writtenCategories = z
  .array(z.strictObject({ id: z.string().min(1), title: z.string(), parent: z.string().optional() }))
  .superRefine((categories, { addIssue }) => {
    const ids = categories.map(({ id }) => id);
    for (const [i, { parent }] of categories.entries())
      if (parent !== undefined && !ids.includes(parent))
        addIssue({
          code: 'custom',
          path: [i, 'parent'],
          message: `there is no category "${parent}"${nearMatch(parent, ids)}`,
        });
  });
const writtenMethods = z.record(z.string(), z.string());

type WrittenConfig = z.infer<typeof writtenConfig>;
type WrittenDistribution = z.infer<typeof writtenDistribution>;

/**
 * Reads the distributions file and the tables beside it (`categories.yml`, `ingestion-methods.yml`).
 * Throws a `Stop` that lists everything wrong with a file, or names the distributions there are. A name that no distribution
 * has is that of a stack's release where the storage has its tag: the one layer is that tag.
 */
export async function readConfig(options: ConfigOptions): Promise<Distribution> {
  const file = resolve(options.config);
  const folder = dirname(file);
  const written = check(writtenConfig, await readYamlFile(file), file);
  const storage = placeOf(options.storage, { written: written.storage, folder });
  const [dist, distribution] = (await stackRelease(written, storage, options)) ?? choose(written, options.dist, file);
  return {
    name: dist,
    registry: distribution.registry ?? written.registry,
    storage,
    layers: resolveLayers(written, distribution, { file, dist, refs: options.refs ?? {} }),
    cache: { index: 10, search: 600, categories: 600, files: 600, ...distribution.cache } as CacheTimes,
    collisions: distribution.collisions ?? 'report',
    signatures: distribution.signatures ?? 'optional',
    precompute: { answers: 4000, bytes: 256 * 2 ** 20, ...distribution.precompute } as PrecomputeLimits,
    tables: await readTables(folder),
    staticFolders: [...new Set([resolve(dirname(shippedConfig), 'static'), resolve(folder, 'static')])],
  };
}

/** Reads the same file for the verbs that change a storage: its layers with their rules. Throws as `readConfig` does. */
export async function readStorageConfig(options: Pick<ConfigOptions, 'config' | 'storage'>): Promise<StorageConfig> {
  const file = resolve(options.config);
  const folder = dirname(file);
  const written = check(writtenConfig, await readYamlFile(file), file);
  const layers = Object.entries(written.layers).map(([layer, given]) => ({
    name: layer,
    ref: given?.ref ?? layer,
    packages: cleanFolder(given?.packages ?? 'packages', file),
    overwrite: given?.overwrite ?? 'allow',
    remove: given?.remove ?? 'allow',
  }));
  const distributions = Object.entries(written.distributions).map(([dist, { layers: entries }]) => {
    return [dist, entries.map((entry) => (typeof entry === 'string' ? entry : entry.name))] as const;
  });
  return {
    file,
    storage: placeOf(options.storage, { written: written.storage, folder }),
    layers,
    distributions: Object.fromEntries(distributions),
    tables: await readTables(folder),
  };
}

/** Whether a storage is fetched by git from elsewhere: `scheme://…` or `user@host:path`. */
export function isUrl(storage: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(storage) || /^[^/@\s]+@[^/:\s]+:/.test(storage);
}

/** A storage of the command line is relative to the current folder, one of the file to the file's. */
function placeOf(given: string | undefined, { written, folder }: { written: string; folder: string }): string {
  const storage = given ?? written;
  return isUrl(storage) ? storage : resolve(given === undefined ? folder : '.', storage);
}

async function stackRelease(
  written: WrittenConfig,
  storage: string,
  { dist = '', hasTag }: ConfigOptions,
): Promise<[string, WrittenDistribution] | undefined> {
  if (Object.hasOwn(written.distributions, dist) || !isReleaseVersion(dist)) return undefined;
  return (await hasTag?.(storage, dist)) ? [dist, { layers: [{ name: dist, ref: dist }] }] : undefined;
}

/** Three numbers, as stack releases and their tags are called: no leading `v`, no pre-release. */
export function isReleaseVersion(text: string): boolean {
  const version = parseStrictVersion(text);
  return version !== undefined && version.pre === '' && version.build === '';
}

function choose(written: WrittenConfig, dist: string | undefined, file: string): [string, WrittenDistribution] {
  const names = Object.keys(written.distributions);
  const found = dist !== undefined && names.includes(dist) ? written.distributions[dist] : undefined;
  if (dist !== undefined && found) return [dist, found];
  const problem = dist === undefined ? 'no distribution was named' : `there is no distribution "${dist}" in ${file}`;
  throw new Stop(
    'unknown-distribution',
    problem,
    `use --dist with one of: ${names.join(', ')}${nearMatch(dist, names)}`,
  );
}

function resolveLayers(
  written: WrittenConfig,
  distribution: WrittenDistribution,
  { file, dist, refs }: { file: string; dist: string; refs: Readonly<Record<string, string>> },
): LayerSpec[] {
  const specs = distribution.layers.map((entry) => {
    const given = typeof entry === 'string' ? { name: entry } : entry;
    if (typeof entry === 'string' && !Object.hasOwn(written.layers, entry))
      throw new Stop(
        'unknown-layer',
        `${file}: distributions.${dist}.layers names "${entry}", which is not under layers`,
        `the layers are: ${Object.keys(written.layers).join(', ')}${nearMatch(entry, Object.keys(written.layers))}`,
      );
    const base = typeof entry === 'string' ? written.layers[entry] : undefined;
    const { ref = base?.ref, packages = base?.packages } = given as z.infer<typeof ownLayer>;
    return {
      name: given.name,
      ref: (Object.hasOwn(refs, given.name) ? refs[given.name] : undefined) ?? ref ?? given.name,
      packages: cleanFolder(packages ?? 'packages', file),
    };
  });
  const names = specs.map((spec) => spec.name);
  const twice = names.find((layer, i) => names.indexOf(layer) !== i);
  if (twice) throw new Stop('layer-twice', `${file}: distributions.${dist}.layers names "${twice}" twice`);
  const stray = Object.keys(refs).find((layer) => !names.includes(layer));
  if (stray !== undefined)
    throw new Stop(
      'unknown-layer',
      `--ref ${stray}=…: "${dist}" has no layer "${stray}"`,
      `its layers are: ${names.join(', ')}`,
    );
  return specs;
}

function cleanFolder(packages: string, file: string): string {
  const parts = packages.split('/').filter((part) => part !== '' && part !== '.');
  if (packages.startsWith('/') || parts.includes('..'))
    throw new Stop(
      'bad-config',
      `${file}: packages: "${packages}" leaves the layer`,
      'name a folder inside the layer, or "."',
    );
  return parts.join('/');
}

async function readTables(folder: string): Promise<Tables> {
  return {
    categories: await readTable(folder, 'categories.yml', writtenCategories),
    ingestionMethods: await readTable(folder, 'ingestion-methods.yml', writtenMethods),
  };
}

async function readTable<T>(folder: string, fileName: string, schema: z.ZodType<T>): Promise<T> {
  const own = resolve(folder, fileName);
  const shipped = resolve(dirname(shippedConfig), fileName);
  const bytes = await readYamlFile(own, shipped);
  return check(schema, bytes, own);
}

/** Only texts and null: a branch `8.10` is not the number 8.1. */
const AS_WRITTEN = FAILSAFE_SCHEMA.withTags(nullCoreTag);

async function readYamlFile(file: string, fallback?: string): Promise<unknown> {
  try {
    return load(await readFile(file, 'utf8'), { filename: file, schema: AS_WRITTEN });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && fallback !== undefined && fallback !== file) return await readYamlFile(fallback);
    if (code === undefined) throw new Stop('bad-config', `${file} is not YAML: ${(error as Error).message}`);
    const hint = code === 'ENOENT' ? 'name the distributions file with --config' : undefined;
    throw new Stop('no-config', `${file} can't be read: ${code}`, hint, error);
  }
}

/** Throws a `Stop` that lists every disagreement of `value` with the schema, each with its place. */
function check<T>(schema: z.ZodType<T>, value: unknown, file: string): T {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const lines = result.error.issues.flatMap((issue) => describe(issue, schema));
  throw new Stop('bad-config', `${file}:\n  ${lines.join('\n  ')}`, 'see "Configuration" in the README for all keys');
}

function describe(issue: z.core.$ZodIssue, schema: z.ZodType): string[] {
  const place = issue.path.join('.');
  if (issue.code === 'invalid_union') return describeUnion(issue, schema);
  if (issue.code === 'invalid_key') return [`${place}: ${issue.issues[0]?.message ?? issue.message}`];
  if (issue.code !== 'unrecognized_keys') return [`${place || 'the file'}: ${issue.message}`];
  const known = keysAt(schema, issue.path);
  return issue.keys.map((key) => `${[...issue.path, key].join('.')}: unknown key${nearMatch(key, known)}`);
}

/** A layer of a distribution is a name or an object: the issues are those of the one it was meant to be. */
function describeUnion({ errors, path }: z.core.$ZodIssueInvalidUnion, schema: z.ZodType): string[] {
  const meant = errors.find((issues) => !issues.some(isOtherType));
  if (!meant) return [`${path.join('.')}: is neither a name nor {name, ref, packages}`];
  return meant.flatMap((inner) => describe({ ...inner, path: [...path, ...inner.path] }, schema));
}

function isOtherType({ code, path }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type' && path.length === 0;
}

function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = unwrap(schema);
  for (const step of path) {
    if (at instanceof z.ZodObject) at = at.shape[String(step)];
    else if (at instanceof z.ZodRecord) at = at.valueType;
    else if (at instanceof z.ZodArray) at = at.element;
    at = unwrap(at);
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

/** The schema inside an optional or nullable one; of a union, the object. */
function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return unwrap(schema.unwrap());
  return schema instanceof z.ZodUnion ? schema.options.find((option) => option instanceof z.ZodObject) : schema;
}
