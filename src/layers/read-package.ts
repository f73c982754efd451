import type { Finding } from '../errors.ts';
import { parseStrictVersion } from '../version.ts';
import { dataStream, placeDataStream } from './data-stream.ts';
import { readFields } from './fields.ts';
import type { FieldsFile } from './fields.ts';
import type { PackageFile, Revision, RevisionFiles } from './layers.ts';
import { manifest } from './manifest.ts';
import { dataStreamFaults, namedPipelines, packageFaults } from './rules.ts';
import type { Fault } from './rules.ts';
import { readObject } from './shape.ts';
import type { Context, JsonObject } from './shape.ts';
import { parseManifest, parseYaml, YamlError } from './yaml.ts';

/** A revision with what its manifests say, in the registry's terms. */
export interface Package {
  readonly revision: Revision;
  readonly manifest: JsonObject;
  /** The manifest's release, or what the version implies. */
  readonly release: string;
  /** In walk order of their folders. */
  readonly dataStreams: readonly JsonObject[];
  readonly files: readonly PackageFile[];
  /** The content id of the zip as published, where there is one. */
  readonly zip: string | undefined;
}

export interface PackageReader {
  /** The package, or, where it is unfit, only the findings that say why. */
  read(revision: Revision, listed: RevisionFiles): Promise<{ package?: Package; findings: readonly Finding[] }>;
}

/**
 * Reads packages from the contents of a storage. What depends on one file alone (its fields, whether a pipeline parses) is
 * kept by content id, since versions of a package share most of their files.
 */
export function packageReader(
  content: (id: string) => Promise<Buffer | undefined>,
  {
    ingestionMethods,
    signatures,
  }: { ingestionMethods: Readonly<Record<string, string>>; signatures: 'optional' | 'required' },
): PackageReader {
  const fieldsOf = memoized(async (id): Promise<FieldsFile> => {
    const bytes = await content(id);
    return bytes ? readFields(bytes) : { error: LACKING };
  });
  const pipelineError = memoized(async (key): Promise<string | undefined> => {
    const [id = '', extension = ''] = key.split('.');
    const bytes = await content(id);
    return bytes ? parseError(bytes, extension) : LACKING;
  });
  return {
    read: async (revision, listed) => {
      const faults: Fault[] = [];
      const ids = new Map(listed.files.map(({ path, content: id }) => [path, id]));
      const paths: ReadonlySet<string> = new Set(ids.keys());
      const base = `/package/${revision.name}/${revision.version}`;
      const readManifest = async (file: string, shape: typeof manifest): Promise<JsonObject | undefined> => {
        const id = ids.get(file);
        const bytes = id === undefined ? undefined : await content(id);
        if (!bytes) {
          faults.push({ file, text: id === undefined ? 'is missing' : LACKING });
          return undefined;
        }
        const fail: Context['fail'] = (place, text) => faults.push({ file, text: `${place} ${text}`.trimStart() });
        try {
          return readObject(parseManifest(bytes), '', { base, paths, ingestionMethods, fail }, shape);
        } catch (error) {
          if (!(error instanceof YamlError)) throw error;
          fail('', error.message);
          return undefined;
        }
      };
      const read = await readManifest('manifest.yml', manifest);
      const release = releaseOf(read ?? {}, revision.version);
      if (read) faults.push(...packageFaults({ ...revision, manifest: read, paths }));
      const dataStreams = await Promise.all(
        dataStreamFolders(listed.files).map(async (folder) => {
          const prefix = `data_stream/${folder}`;
          const own = await readManifest(`${prefix}/manifest.yml`, dataStream);
          if (!own) return undefined;
          const pipelines = `${prefix}/elasticsearch/ingest_pipeline/default`;
          const hasDefaultPipeline = paths.has(`${pipelines}.yml`) || paths.has(`${pipelines}.json`);
          const placed = placeDataStream(own, {
            folder,
            packageName: revision.name,
            packageRelease: release,
            hasDefaultPipeline,
          });
          const facts = { folder: prefix, dataStream: placed, paths };
          for (const file of namedPipelines(facts)) {
            const text = await pipelineError(`${ids.get(file) ?? ''}.${file.slice(file.lastIndexOf('.') + 1)}`);
            if (text !== undefined) faults.push({ file, text });
          }
          const fields = new Map<string, string[]>();
          for (const [file, id] of ids) {
            if (!file.startsWith(`${prefix}/fields/`) || !file.endsWith('.yml')) continue;
            const found = await fieldsOf(id);
            if ('error' in found) faults.push({ file, text: found.error });
            else for (const [name, type] of found.fields) fields.set(name, [...(fields.get(name) ?? []), type]);
          }
          faults.push(...dataStreamFaults({ ...facts, fields }));
          return placed;
        }),
      );
      if (signatures === 'required' && revision.signature === undefined)
        faults.push({ file: '', text: 'has no signature, and this distribution requires one' });
      const findings = [...listed.findings, ...faults.map(({ file, text }) => toFinding(revision, file, text))];
      if (!read || findings.length > 0) return { findings };
      const result = { revision, manifest: read, release, files: listed.files, zip: listed.zip };
      return { package: { ...result, dataStreams: dataStreams.filter((one) => one !== undefined) }, findings };
    },
  };
}

const LACKING = 'the storage lacks the content of this file';

function toFinding(revision: Revision, file: string, text: string): Finding {
  const where = file === '' ? revision.where : `${revision.where}/${file}`;
  return { code: 'unfit', where: `${revision.layer}: ${where}`, text, level: 'error' };
}

/** `release` is the manifest's, else beta for a pre-release or a version below 1.0.0, else ga (section 4). */
function releaseOf(read: JsonObject, text: string): string {
  const version = parseStrictVersion(text);
  const implied = version && (version.pre !== '' || version.major === '0') ? 'beta' : 'ga';
  return String(read['release'] ?? implied);
}

function dataStreamFolders(files: readonly PackageFile[]): string[] {
  const folders = files.flatMap(({ path }) => /^data_stream\/([^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(folders)];
}

function parseError(bytes: Uint8Array, extension: string): string | undefined {
  try {
    if (extension === 'json') JSON.parse(Buffer.from(bytes).toString('utf8'));
    else parseYaml(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return `not JSON: ${error.message}`;
    if (error instanceof YamlError) return error.message;
    throw error;
  }
}

function memoized<T>(make: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    const found = known.get(key) ?? make(key);
    known.set(key, found);
    return found;
  };
}
