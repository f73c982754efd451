import type { Limits } from '../limits.ts';
import { readFields } from './fields.ts';
import { jsonError } from './json-text.ts';
import type { FieldsFile } from './fields.ts';
import { Lack } from '../storage/lack.ts';
import { memoized } from '../storage/memoized.ts';
import type { Storage } from '../storage/storage.ts';
import { REQUIRED_FIELDS } from './rules.ts';
import { zipEnd } from '../tree/zip-directory.ts';
import { MOST_BYTES, signatureFault } from './signature.ts';
import { parseManifest, parseYaml, YamlError } from './yaml/yaml.ts';

/*
 * Results that depend on the content of one file alone. They are kept by content id, because the versions of a package
 * share most of their files: of the 10,298 manifests of data streams in the real storage, 1,881 differ.
 */

/** Reads a content and judges its bytes, which are gone afterwards. */
export type ContentSource = <T>(id: string, judge: (bytes: Buffer) => T) => Promise<T | Lack>;

/** The contents of a storage. */
export function sourceOf(storage: Pick<Storage, 'read'>): ContentSource {
  return async (id, judge) => {
    const bytes = await storage.read(id);
    return bytes instanceof Lack ? bytes : judge(bytes);
  };
}

/** What a content says as a manifest, not yet read by a shape; or why that is not known. */
export type ManifestContent = { readonly written: ReturnType<typeof parseManifest> } | { readonly error: string };

/** Judges contents by what a package has them for. Nothing is thrown for what is wrong with them. */
export interface ContentReader {
  manifest(id: string): Promise<ManifestContent>;
  fields(id: string): Promise<FieldsFile>;
  /** Why a pipeline does not parse. Undefined if it parses. */
  pipelineError(id: string, format: 'yml' | 'json'): Promise<string | undefined>;
  /** Whether a content is an archive that a zip reader opens. */
  isZip(id: string): Promise<boolean>;
  /** Why a content is no armored detached signature. Undefined if it is one. */
  signatureFault(id: string): Promise<string | undefined>;
}

/** Judges each content of a source once, while its like is asked for. */
export function contentReader(source: ContentSource, limits: Limits): ContentReader {
  const judged = <T>(judge: (bytes: Buffer) => T): ((id: string) => Promise<T | { readonly error: string }>) =>
    memoized(
      async (id) => {
        const verdict = await source(id, judge);
        return verdict instanceof Lack ? { error: verdict.text } : verdict;
      },
      { most: MOST_KEPT },
    );
  const pipelines = {
    yml: judged((bytes) => ({ error: yamlError(bytes, limits) })),
    json: judged((bytes) => ({ error: jsonError(bytes, limits) })),
  };
  return {
    manifest: judged((bytes) => readManifest(bytes, limits)),
    fields: judged((bytes) => readFields(bytes, { wanted: WANTED_FIELDS, limits })),
    pipelineError: async (id, format) => (await pipelines[format](id)).error,
    isZip: async (id) => (await source(id, isZip)) === true,
    signatureFault: async (id) => {
      const bytes = await source(id, (own) => Uint8Array.from(own.subarray(0, MOST_BYTES + 1)));
      return bytes instanceof Lack ? undefined : await signatureFault(bytes);
    },
  };
}

/** Other fields are skipped: nobody asks for them, and there are many. */
const WANTED_FIELDS: ReadonlySet<string> = new Set(Object.keys(REQUIRED_FIELDS));

function readManifest(bytes: Buffer, limits: Limits): ManifestContent {
  try {
    return { written: parseManifest(bytes, limits) };
  } catch (error) {
    if (error instanceof YamlError) return { error: error.message };
    throw error;
  }
}

function yamlError(bytes: Buffer, limits: Limits): string | undefined {
  try {
    parseYaml(bytes, limits);
    return undefined;
  } catch (error) {
    if (error instanceof YamlError) return error.message;
    throw error;
  }
}

/** Whether bytes end with the directory of a zip (APPNOTE.TXT 4.3.12 and 4.3.16). */
function isZip(bytes: Buffer): boolean {
  const end = zipEnd(bytes);
  return end?.entries === 0 || (end && bytes.toString('latin1', end.start, end.start + 4)) === 'PK\x01\x02';
}

/** More than the versions of one package have. Versions of a package are read one after the other. */
const MOST_KEPT = 1000;
