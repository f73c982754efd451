import { createHash } from 'node:crypto';
import { cacheFolder } from '../../cache-folders.ts';
import type { Distribution } from '../../config.ts';
import type { Finding } from '../../errors.ts';
import { generator } from '../../generator.ts';
import type { PackageFile, Revision, Storage } from '../../storage/storage.ts';
import { sourceOf } from '../../package/contents.ts';
import type { ContentSource } from '../../package/contents.ts';
import type { KeysOf } from '../../package/signature-judge.ts';
import { packageReader } from '../../package/read.ts';
import { servedAs } from '../../package/served.ts';
import { makeEntry } from '../entry.ts';
import type { Entry } from '../entry.ts';
import { keptFiles } from './checked-files.ts';

/** A revision that was read: its entry, or, if it is unfit, only the findings that say why. */
export interface ReadEntry {
  readonly revision: Revision;
  readonly entry: Entry | undefined;
  readonly findings: readonly Finding[];
  readonly files: readonly PackageFile[];
  readonly zip: string | undefined;
}

export interface EntryReader {
  read(revision: Revision): Promise<ReadEntry>;
  /** The entry that an earlier build kept. */
  find(revision: Revision): Entry | undefined;
}

/**
 * Reads revisions of a storage into entries, through `contents`. It keeps entries below `cache`, under a key made of everything that
 * they depend on.
 */
export function entryReader(
  storage: Storage,
  {
    tables,
    signatures,
    keysOf,
  }: Pick<Distribution, 'tables' | 'signatures'> & { readonly keysOf?: KeysOf | undefined },
  cache: string | undefined,
  contents: ContentSource = sourceOf(storage),
): EntryReader {
  const { ingestionMethods, categories } = tables;
  const packages = packageReader(contents, { ingestionMethods, signatures, limits: storage.limits, keysOf });
  const kept = cache === undefined ? undefined : keptFiles<KeptEntry>(cacheFolder(cache, 'entries'));
  const { siteFiles: _, siteBytes: __, ...limits } = storage.limits; // those of all revisions say nothing of one
  const common = JSON.stringify([FORMAT, generator, tables, signatures, limits]);
  const keyFor = (revision: Revision): string | undefined => {
    const hasKeys = (keysOf?.(revision) ?? []).length > 0;
    return kept && keyOf(common, revision, hasKeys);
  };
  const find = (revision: Revision): Entry | undefined => {
    const key = keyFor(revision);
    const found = key === undefined ? undefined : kept?.get(key);
    return found && revive(revision, found);
  };
  return {
    find,
    read: async (revision) => {
      const known = find(revision);
      if (known) return { revision, entry: known, findings: [], files: known.files, zip: known.zip };
      const key = keyFor(revision);
      const listed = await storage.listFiles(revision);
      const { package: found, findings } = await packages.read(revision, listed);
      const entry = found && makeEntry(found, categories);
      if (entry && key !== undefined) kept?.set(key, toKept(entry));
      return { revision, entry, findings, files: listed.files, zip: listed.zip };
    },
  };
}

/** Increase it when the form of kept entries changes, or what is read into them. */
const FORMAT = 9;

/** An entry without the facts of its layer, in a form for JSON. */
type KeptEntry = Omit<Entry, 'revision' | 'files' | 'rendered'> & {
  /** Under which it is served. */
  readonly version: string;
  readonly files: readonly (readonly [path: string, content: string])[];
  readonly rendered: Omit<Entry['rendered'], 'variants'> & {
    readonly variants: readonly (readonly [string, Entry['rendered']['index']])[];
  };
};

function keyOf(common: string, { name, version, source, signature, zipped }: Revision, hasKeys: boolean): string {
  const own = [name, version, source, signature ?? '', zipped, hasKeys];
  return createHash('sha256').update(common).update(JSON.stringify(own)).digest('hex').slice(0, 40);
}

function toKept({ revision, files, folders, rendered, zip, facts, deprecated, warnings }: Entry): KeptEntry {
  return {
    version: revision.version,
    folders,
    zip,
    facts,
    deprecated,
    warnings,
    files: files.map(({ path, content }) => [path, content]),
    rendered: { ...rendered, variants: [...rendered.variants] },
  };
}

function revive(revision: Revision, { version, files, rendered, ...rest }: KeptEntry): Entry {
  return {
    ...rest,
    revision: servedAs(revision, version),
    files: files.map(([path, content]) => ({ path, content })),
    rendered: { ...rendered, variants: new Map(rendered.variants) },
  };
}
