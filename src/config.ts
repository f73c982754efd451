import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FAILSAFE_SCHEMA, load, nullCoreTag } from 'js-yaml';
import { z } from 'zod';
import { nearMatch, Stop } from './errors.ts';

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

export interface ConfigOptions {
  /** The distributions file. */
  readonly config: string;
  readonly dist: string | undefined;
  /** Overrides the file's storage: a path relative to the current folder, or a URL. */
  readonly storage?: string | undefined;
  /** Layer name -> ref, overriding the file's. */
  readonly refs?: Readonly<Record<string, string>> | undefined;
}

/** The distributions file that a project without one gets: the one this program ships, over its sample storage. */
export const shippedConfig = fileURLToPath(new URL('../content/distributions.yml', import.meta.url));

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'is not a name (letters, digits, ".", "_", "-")');
const wholeNumber = z
  .string('is not a whole number')
  .regex(/^\d{1,15}$/, 'is not a whole number')
  .transform(Number);
const layerFields = { ref: z.string().min(1).optional(), packages: z.string().min(1).optional() };
const writtenLayer = z.strictObject(layerFields).nullable();
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
 * Throws a `Stop` that lists everything wrong with a file, or names the distributions there are.
 */
export async function readConfig(options: ConfigOptions): Promise<Distribution> {
  const file = resolve(options.config);
  const folder = dirname(file);
  const written = check(writtenConfig, await readYamlFile(file), file);
  const [dist, distribution] = choose(written, options.dist, file);
  const tables = {
    categories: await readTable(folder, 'categories.yml', writtenCategories),
    ingestionMethods: await readTable(folder, 'ingestion-methods.yml', writtenMethods),
  };
  const storage = options.storage ?? written.storage;
  return {
    name: dist,
    registry: distribution.registry ?? written.registry,
    storage: isUrl(storage) ? storage : resolve(options.storage === undefined ? folder : '.', storage),
    layers: resolveLayers(written, distribution, { file, dist, refs: options.refs ?? {} }),
    cache: { index: 10, search: 600, categories: 600, files: 600, ...distribution.cache } as CacheTimes,
    collisions: distribution.collisions ?? 'report',
    signatures: distribution.signatures ?? 'optional',
    precompute: { answers: 4000, bytes: 256 * 2 ** 20, ...distribution.precompute } as PrecomputeLimits,
    tables,
    staticFolders: [...new Set([resolve(dirname(shippedConfig), 'static'), resolve(folder, 'static')])],
  };
}

/** Whether a storage is fetched by git from elsewhere: `scheme://…` or `user@host:path`. */
export function isUrl(storage: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(storage) || /^[^/@\s]+@[^/:\s]+:/.test(storage);
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
