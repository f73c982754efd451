import type { Finding } from '../errors.ts';
import { parseStrictVersion } from '../core/version.ts';
import type { Limits } from '../limits.ts';
import { contentReader } from './contents.ts';
import type { ContentReader, ContentSource } from './contents.ts';
import { fileTree } from './file-tree.ts';
import type { FileTree } from './file-tree.ts';
import { kibanaFaults } from './kibana.ts';
import { nameWarnings } from './names.ts';
import { servedRevision } from './served.ts';
import type { NameWarning } from './names.ts';
import { signatureFinding } from './signature-judge.ts';
import type { KeysOf } from './signature-judge.ts';
import { dataStream, placeDataStream } from './shapes/data-stream.ts';
import type { PackageFile, Revision, RevisionFiles } from '../storage/storage.ts';
import { manifest } from './shapes/manifest.ts';
import { dataStreamFaults, namedPipelines, packageFaults, pipelineFolder } from './rules.ts';
import type { Fault, Field } from './rules.ts';
import { readObject } from './shapes/shape.ts';
import type { Context, Shape } from './shapes/shape.ts';
import type { JsonObject } from '../tree/json.ts';

/** What doesn't keep a package from being served: Kibana refuses it, a name or its signature is odd. */
export interface PackageWarning extends Fault {
  readonly code: 'folder-version' | 'kibana' | 'signature' | NameWarning['code'];
}

/** A revision with what its manifests say, in the registry's terms. */
export interface Package {
  readonly revision: Revision;
  readonly manifest: JsonObject;
  /** The manifest's release, or what the version implies. */
  readonly release: string;
  /** In the order of their manifests among the files. */
  readonly dataStreams: readonly JsonObject[];
  readonly files: readonly PackageFile[];
  /** The empty folders of a folder package. Of a zip, the folders that have an entry. */
  readonly folders: readonly string[];
  /** The content id of the published zip, if the package is one. */
  readonly zip: string | undefined;
  readonly warnings: readonly PackageWarning[];
}

export interface PackageReader {
  /** The package. For an unfit one, only the findings that say why it is unfit. */
  read(revision: Revision, listed: RevisionFiles): Promise<{ package?: Package; findings: readonly Finding[] }>;
}

export interface PackageReaderOptions {
  /** Input type -> ingestion method. */
  readonly ingestionMethods: Readonly<Record<string, string>>;
  readonly signatures: 'optional' | 'required';
  readonly limits: Limits;
  /** The keys that verify signatures later: what is no signature is an error then, too. */
  readonly keysOf?: KeysOf | undefined;
}

/** Reads packages from the contents of a storage. */
export function packageReader(
  source: ContentSource,
  { ingestionMethods, signatures, limits, keysOf }: PackageReaderOptions,
): PackageReader {
  const contents = contentReader(source, limits);
  return {
    read: async (found, listed) => {
      if (listed.files.length === 0 && listed.findings.length > 0) return { findings: listed.findings };
      const id = listed.files.find(({ path }) => path === 'manifest.yml')?.content;
      const parsed = await parseManifest(contents, id);
      const revision = 'error' in parsed ? found : servedRevision(found, parsed.written['version']);
      const reading = startReading(revision, listed, { contents, ingestionMethods });
      const read = readParsed(reading, { file: 'manifest.yml', parsed, shape: manifest });
      const release = releaseOf(read, revision.version);
      if (read) reading.faults.push(...packageFaults({ ...revision, manifest: read, tree: reading.tree }));
      const dataStreams = await readDataStreams(reading, listed.files, release);
      await refuseInnerZips(reading);
      if (signatures === 'required' && revision.signature === undefined)
        reading.faults.push({ file: '', text: 'has no signature, and this distribution requires one' });
      const hasKeys = (keysOf?.(revision) ?? []).length > 0;
      const signature = await readSignature(revision, contents, hasKeys);
      const findings = [...listed.findings, ...reading.faults.map((fault) => toFinding(revision, fault))];
      if (signature !== undefined && (hasKeys || signatures === 'required') && revision.signature !== undefined)
        findings.push(signatureFinding(revision, signature, 'error'));
      if (!read || findings.length > 0) return { findings };
      const { files, folders, zip } = listed;
      const refusals = kibanaFaults({ manifest: read, dataStreams, tree: reading.tree });
      const warnings = [
        ...refusals.map(({ file, text }) => ({ code: 'kibana' as const, file, text })),
        ...nameWarnings(reading.tree, [...reading.ids.keys()]),
        ...folderWarnings(found, revision),
        ...(signature === undefined ? [] : [{ code: 'signature' as const, file: '', text: signature }]),
      ];
      const known = { revision, manifest: read, release, dataStreams: [...dataStreams.values()] };
      return { package: { ...known, files, folders, zip, warnings }, findings };
    },
  };
}

function folderWarnings({ version }: Revision, served: Revision): PackageWarning[] {
  if (version === served.version) return [];
  const text = `has version ${served.version}, which is served, and the folder is called ${version}`;
  return [{ code: 'folder-version', file: 'manifest.yml', text }];
}

/** What is wrong with the file beside a revision, or with its absence where there are keys. */
async function readSignature(
  { signature }: Revision,
  contents: ContentReader,
  hasKeys: boolean,
): Promise<string | undefined> {
  if (signature !== undefined) return await contents.signatureFault(signature);
  return hasKeys ? 'is missing, and the layer has keys: sign the zip with one of them' : undefined;
}

/** One revision, while it is read. */
interface Reading {
  readonly revision: Revision;
  /** Path -> content id. */
  readonly ids: ReadonlyMap<string, string>;
  readonly tree: FileTree;
  readonly contents: ContentReader;
  readonly context: Omit<Context, 'fail' | 'isInputPackage'>;
  readonly faults: Fault[];
}

function startReading(
  revision: Revision,
  listed: RevisionFiles,
  { contents, ingestionMethods }: { contents: ContentReader } & Pick<PackageReaderOptions, 'ingestionMethods'>,
): Reading {
  const ids = new Map(listed.files.map(({ path, content }) => [path, content]));
  const tree = fileTree(listed);
  const base = `/package/${revision.name}/${revision.version}`;
  return { revision, ids, tree, contents, context: { base, tree, ingestionMethods }, faults: [] };
}

async function readManifest(reading: Reading, file: string, shape: Shape): Promise<JsonObject | undefined> {
  return readParsed(reading, { file, parsed: await parseManifest(reading.contents, reading.ids.get(file)), shape });
}

type ParsedManifest = Awaited<ReturnType<ContentReader['manifest']>>;

async function parseManifest(contents: ContentReader, id: string | undefined): Promise<ParsedManifest> {
  return id === undefined ? { error: 'is missing' } : await contents.manifest(id);
}

function readParsed(
  reading: Reading,
  { file, parsed, shape }: { readonly file: string; readonly parsed: ParsedManifest; readonly shape: Shape },
): JsonObject | undefined {
  const fail: Context['fail'] = (place, text) => reading.faults.push({ file, text: `${place} ${text}`.trimStart() });
  if (!('error' in parsed)) {
    const isInputPackage = parsed.written['type'] === 'input';
    return readObject(parsed.written, '', { ...reading.context, isInputPackage, fail }, shape);
  }
  fail('', parsed.error);
  return undefined;
}

/**
 * The data streams by their manifests' paths, in the order of the listing, as a zip's entries may have any (section 5). A folder
 * without a manifest is no data stream.
 */
async function readDataStreams(
  reading: Reading,
  files: readonly PackageFile[],
  release: string,
): Promise<Map<string, JsonObject>> {
  const manifests = files.flatMap(({ path }) => (DATA_STREAM_MANIFEST.test(path) ? path : []));
  const read = await Promise.all(manifests.map((path) => readDataStream(reading, path, release)));
  return new Map(manifests.flatMap((path, i) => (read[i] === undefined ? [] : [[path, read[i]]])));
}

const DATA_STREAM_MANIFEST = /^data_stream\/[^/]+\/manifest\.yml$/;

async function readDataStream(
  reading: Reading,
  manifestPath: string,
  packageRelease: string,
): Promise<JsonObject | undefined> {
  const { tree, faults, contents, ids } = reading;
  const read = await readManifest(reading, manifestPath, dataStream);
  if (!read) return undefined;
  const folder = manifestPath.slice(0, manifestPath.lastIndexOf('/'));
  const pipelines = tree.namesIn(pipelineFolder(folder));
  const place = {
    folder: folder.slice(folder.indexOf('/') + 1),
    packageName: reading.revision.name,
    packageRelease,
    hasDefaultPipeline: pipelines.includes('default.yml') || pipelines.includes('default.json'),
  };
  const facts = { folder, dataStream: placeDataStream(read, place), tree };
  for (const file of namedPipelines(facts)) {
    const id = ids.get(file);
    const format = file.endsWith('.json') ? 'json' : 'yml';
    const text = id === undefined ? 'is a folder' : await contents.pipelineError(id, format);
    if (text !== undefined) faults.push({ file, text });
  }
  faults.push(...dataStreamFaults({ ...facts, fields: await readAllFields(reading, `${folder}/fields`) }));
  return facts.dataStream;
}

/** Every direct entry of a `fields/` folder counts, whatever its name (docs/contract.md section 8). */
async function readAllFields({ ids, contents, faults, tree }: Reading, folder: string): Promise<Field[]> {
  const fields: Field[] = [];
  for (const name of tree.namesIn(folder)) {
    const file = `${folder}/${name}`;
    const id = ids.get(file);
    const found = id === undefined ? { error: 'is a folder, not a list of fields' } : await contents.fields(id);
    if ('error' in found) faults.push({ file, text: found.error });
    else for (const { name: field, type } of found.fields) fields.push({ file, name: field, type });
  }
  return fields;
}

/** In a folder package, the registry takes a zip for one more package, at a place where none belongs (section 8). */
async function refuseInnerZips({ ids, contents, faults, tree }: Reading): Promise<void> {
  if (tree.isZip) return;
  for (const [file, id] of ids)
    if (file.endsWith('.zip') && (await contents.isZip(id)))
      faults.push({ file, text: 'is a zip inside a package, which the registry takes for a package of its own' });
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
