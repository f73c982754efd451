import type { Finding } from '../errors.ts';
import { parseStrictVersion } from '../core/version.ts';
import { contentReader } from './contents.ts';
import type { ContentReader, ContentSource } from './contents.ts';
import { dataStream, placeDataStream } from './shapes/data-stream.ts';
import type { PackageFile, Revision, RevisionFiles } from '../storage/storage.ts';
import { manifest } from './shapes/manifest.ts';
import { dataStreamFaults, namedPipelines, packageFaults } from './rules.ts';
import type { Fault } from './rules.ts';
import { readObject } from './shapes/shape.ts';
import type { Context, Shape } from './shapes/shape.ts';
import type { JsonObject } from '../tree/json.ts';

/** A revision with what its manifests say, in the registry's terms. */
export interface Package {
  readonly revision: Revision;
  readonly manifest: JsonObject;
  /** The manifest's release, or what the version implies. */
  readonly release: string;
  /** In walk order of their folders. */
  readonly dataStreams: readonly JsonObject[];
  readonly files: readonly PackageFile[];
  /** The content id of the published zip, if the package is one. */
  readonly zip: string | undefined;
}

export interface PackageReader {
  /** The package. For an unfit one, only the findings that say why it is unfit. */
  read(revision: Revision, listed: RevisionFiles): Promise<{ package?: Package; findings: readonly Finding[] }>;
}

export interface PackageReaderOptions {
  /** Input type -> ingestion method. */
  readonly ingestionMethods: Readonly<Record<string, string>>;
  readonly signatures: 'optional' | 'required';
}

/** Reads packages from the contents of a storage. */
export function packageReader(
  source: ContentSource,
  { ingestionMethods, signatures }: PackageReaderOptions,
): PackageReader {
  const contents = contentReader(source);
  return {
    read: async (revision, listed) => {
      const reading = startReading(revision, listed, { contents, ingestionMethods });
      const read = await readManifest(reading, 'manifest.yml', manifest);
      const release = releaseOf(read, revision.version);
      if (read) reading.faults.push(...packageFaults({ ...revision, manifest: read, paths: reading.paths }));
      const folders = filesByDataStream(listed.files);
      const dataStreams = await Promise.all(
        [...folders].map(([folder, files]) => readDataStream(reading, { folder, files, release })),
      );
      if (signatures === 'required' && revision.signature === undefined)
        reading.faults.push({ file: '', text: 'has no signature, and this distribution requires one' });
      const findings = [...listed.findings, ...reading.faults.map((fault) => toFinding(revision, fault))];
      if (!read || findings.length > 0) return { findings };
      const placed = dataStreams.filter((dataStream) => dataStream !== undefined);
      const result = { revision, manifest: read, release, dataStreams: placed, files: listed.files, zip: listed.zip };
      return { package: result, findings };
    },
  };
}

/** One revision, while it is read. */
interface Reading {
  readonly revision: Revision;
  /** Path -> content id. */
  readonly ids: ReadonlyMap<string, string>;
  readonly paths: ReadonlySet<string>;
  readonly contents: ContentReader;
  readonly context: Omit<Context, 'fail'>;
  readonly faults: Fault[];
}

function startReading(
  revision: Revision,
  listed: RevisionFiles,
  { contents, ingestionMethods }: { contents: ContentReader } & Pick<PackageReaderOptions, 'ingestionMethods'>,
): Reading {
  const ids = new Map(listed.files.map(({ path, content }) => [path, content]));
  const paths = new Set(ids.keys());
  const base = `/package/${revision.name}/${revision.version}`;
  return { revision, ids, paths, contents, context: { base, paths, ingestionMethods }, faults: [] };
}

async function readManifest(reading: Reading, file: string, shape: Shape): Promise<JsonObject | undefined> {
  const fail: Context['fail'] = (place, text) => reading.faults.push({ file, text: `${place} ${text}`.trimStart() });
  const id = reading.ids.get(file);
  const parsed = id === undefined ? { error: 'is missing' } : await reading.contents.manifest(id);
  if (!('error' in parsed)) return readObject(parsed.written, '', { ...reading.context, fail }, shape);
  fail('', parsed.error);
  return undefined;
}

/** A folder of `data_stream/`, with all its files. */
interface DataStreamFolder {
  readonly folder: string;
  readonly files: readonly PackageFile[];
  /** The package's. */
  readonly release: string;
}

async function readDataStream(
  reading: Reading,
  { folder: name, files, release }: DataStreamFolder,
): Promise<JsonObject | undefined> {
  const { paths, faults, contents, ids } = reading;
  const folder = `data_stream/${name}`;
  const read = await readManifest(reading, `${folder}/manifest.yml`, dataStream);
  if (!read) return undefined;
  const pipeline = `${folder}/elasticsearch/ingest_pipeline/default`;
  const hasDefaultPipeline = paths.has(`${pipeline}.yml`) || paths.has(`${pipeline}.json`);
  const place = { folder: name, packageName: reading.revision.name, packageRelease: release, hasDefaultPipeline };
  const facts = { folder, dataStream: placeDataStream(read, place), paths, files: files.map(({ path }) => path) };
  for (const file of namedPipelines(facts)) {
    const text = await contents.pipelineError(ids.get(file) ?? '', file.endsWith('.json') ? 'json' : 'yml');
    if (text !== undefined) faults.push({ file, text });
  }
  const fieldsFiles = files.filter(({ path }) => path.startsWith(`${folder}/fields/`) && path.endsWith('.yml'));
  faults.push(...dataStreamFaults({ ...facts, fields: await readAllFields(reading, fieldsFiles) }));
  return facts.dataStream;
}

async function readAllFields(
  { contents, faults }: Reading,
  files: readonly PackageFile[],
): Promise<Map<string, string[]>> {
  const fields = new Map<string, string[]>();
  for (const { path, content } of files) {
    const found = await contents.fields(content);
    if ('error' in found) faults.push({ file: path, text: found.error });
    else for (const [name, type] of found.fields) fields.set(name, [...(fields.get(name) ?? []), type]);
  }
  return fields;
}

function toFinding({ layer, where }: Revision, { file, text }: Fault): Finding {
  return { code: 'unfit', where: `${layer}: ${where}${file === '' ? '' : `/${file}`}`, text, level: 'error' };
}

/**
 * The manifest's `release`. Without one, `beta` for a pre-release or a version below 1.0.0, and `ga` for any other
 * (docs/contract.md section 4).
 */
function releaseOf(read: JsonObject | undefined, text: string): string {
  const version = parseStrictVersion(text);
  const implied = version && (version.pre !== '' || version.major === '0') ? 'beta' : 'ga';
  return String(read?.['release'] ?? implied);
}

/** Folder -> its files, both in walk order. */
function filesByDataStream(files: readonly PackageFile[]): Map<string, PackageFile[]> {
  const folders = new Map<string, PackageFile[]>();
  for (const file of files) {
    if (!file.path.startsWith(DATA_STREAMS)) continue;
    const end = file.path.indexOf('/', DATA_STREAMS.length);
    if (end < 0) continue;
    const folder = file.path.slice(DATA_STREAMS.length, end);
    const known = folders.get(folder);
    if (known) known.push(file);
    else folders.set(folder, [file]);
  }
  return folders;
}

const DATA_STREAMS = 'data_stream/';
