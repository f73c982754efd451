import { compileConstraint } from './constraint-compile.ts';
import { parseStrictVersion } from '../core/version.ts';
import type { Json, JsonObject } from '../tree/json.ts';

/*
 * The rules that make a package unfit, beyond the shape of its manifests (docs/contract.md section 8). A rule is a pure
 * function of the values that were read. It gives the file to blame, relative to the package, and the reason.
 */

export interface Fault {
  readonly file: string;
  readonly text: string;
}

/** The facts about a package's manifest that its rules need. */
export interface PackageFacts {
  /** These two are the names of the folders that hold the package. */
  readonly name: string;
  readonly version: string;
  readonly manifest: JsonObject;
  readonly paths: ReadonlySet<string>;
}

/** The facts about a data stream that its rules need. */
export interface DataStreamFacts {
  /** `data_stream/<folder>`. */
  readonly folder: string;
  /** With the values that follow from its place in the package. */
  readonly dataStream: JsonObject;
  /** Paths of all files of the package. */
  readonly paths: ReadonlySet<string>;
  /** Paths of the data stream's own files. */
  readonly files: readonly string[];
  /** Every field of its `fields/` folder: its name, and the types that it is given. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

export function packageFaults(facts: PackageFacts): Fault[] {
  return packageRules.flatMap((rule) => Array.from(rule(facts)));
}

export function dataStreamFaults(facts: DataStreamFacts): Fault[] {
  return dataStreamRules.flatMap((rule) => Array.from(rule(facts)));
}

/** The files of the pipeline that a data stream names, if they exist. */
export function namedPipelines({
  folder,
  dataStream,
  paths,
}: Pick<DataStreamFacts, 'folder' | 'dataStream' | 'paths'>): string[] {
  const name = dataStream['ingest_pipeline'] ?? get(dataStream, 'elasticsearch', 'ingest_pipeline.name');
  if (typeof name !== 'string') return [];
  const files = ['yml', 'json'].map((extension) => `${folder}/elasticsearch/ingest_pipeline/${name}.${extension}`);
  return files.filter((file) => paths.has(file));
}

const packageRules: readonly ((facts: PackageFacts) => Iterable<Fault>)[] = [
  function* names({ name, manifest }) {
    const written = manifest['name'];
    if (written === undefined) return;
    if (!/^[a-z0-9_]+$/.test(String(written))) yield fault('name is not [a-z0-9_]+');
    else if (written !== name) yield fault(`name differs from the folder: ${String(written)} in ${name}`);
  },
  function* versions({ name, version, manifest }) {
    const written = manifest['version'];
    if (written === undefined) return;
    if (!parseStrictVersion(String(written))) yield fault('version is not a strict semantic version');
    else if (written !== version) yield fault(`version ${String(written)} differs from the folder ${version}`);
    else if (`${name}-${version}.zip.sig`.length > 200) yield fault('name and version are too long to be file names');
  },
  function* formatVersion({ manifest }) {
    const written = manifest['format_version'];
    if (written !== undefined && !parseStrictVersion(String(written)))
      yield fault('format_version is not a strict semantic version');
  },
  function* constraints({ manifest }) {
    for (const product of ['kibana', 'agent']) {
      const written = get(manifest, 'conditions', product, 'version');
      if (written !== undefined && !compileConstraint(String(written)))
        yield fault(`conditions.${product}.version does not parse as a constraint`);
    }
  },
  function* inputs({ manifest }) {
    for (const [i, template] of objects(manifest['policy_templates']).entries())
      for (const [k, input] of objects(template['inputs']).entries())
        yield* oneOfTwo(input, 'type', {
          file: 'manifest.yml',
          text: 'an input',
          place: `policy_templates.${i}.inputs.${k}`,
        });
  },
  function* readme({ paths }) {
    const file = 'docs/README.md';
    if (paths.has(file)) return;
    const isFolder = [...paths].some((path) => path.startsWith(`${file}/`));
    yield { file, text: isFolder ? 'is a folder' : 'is missing' };
  },
  function* folders({ paths }) {
    for (const file of foldersOf(paths))
      if (file.slice(file.lastIndexOf('/') + 1).includes('-')) yield { file, text: 'a folder name contains -' };
  },
];

const dataStreamRules: readonly ((facts: DataStreamFacts) => Iterable<Fault>)[] = [
  function* required({ folder, dataStream }) {
    const file = `${folder}/manifest.yml`;
    if (dataStream['type'] === undefined) yield { file, text: 'type is missing' };
    if (String(dataStream['dataset']).includes('-')) yield { file, text: 'dataset contains -' };
    for (const [i, stream] of objects(dataStream['streams']).entries())
      yield* oneOfTwo(stream, 'input', { file, text: 'a stream', place: `streams.${i}` });
  },
  function* pipelines(facts) {
    const { folder, dataStream, files } = facts;
    const prefix = `${folder}/elasticsearch/ingest_pipeline/`;
    const file = files.find((path) => path.startsWith(prefix) && /^[^/]*\.(yml|json)$/.test(path.slice(prefix.length)));
    const name = dataStream['ingest_pipeline'];
    const hasNamed = namedPipelines(facts).length > 0;
    if (name !== undefined && !hasNamed)
      yield { file: `${folder}/manifest.yml`, text: 'the named ingest pipeline does not exist' };
    if (name === undefined && !hasNamed && file !== undefined)
      yield { file, text: 'no data stream names this pipeline and there is no default' };
  },
  function* requiredFields({ folder, fields }) {
    for (const [name, type] of Object.entries(REQUIRED_FIELDS)) {
      const types = fields.get(name);
      if (!types) yield { file: `${folder}/fields`, text: `required field ${name} is missing` };
      else if (!types.includes(type)) yield { file: `${folder}/fields`, text: `${name} must be of type ${type}` };
    }
  },
];

/** The fields that every data stream needs, and their types. */
export const REQUIRED_FIELDS = {
  'data_stream.type': 'constant_keyword',
  'data_stream.dataset': 'constant_keyword',
  'data_stream.namespace': 'constant_keyword',
  '@timestamp': 'date',
};

function* oneOfTwo(
  object: JsonObject,
  key: 'type' | 'input',
  { file, text, place }: { file: string; text: string; place: string },
): Iterable<Fault> {
  const isGiven = object[key] !== undefined;
  if (isGiven !== (object['package'] !== undefined)) return;
  const problem = isGiven ? `has both ${key} and package` : `has neither ${key} nor package`;
  yield { file, text: `${text} ${problem} (${place})` };
}

function fault(text: string): Fault {
  return { file: 'manifest.yml', text };
}

/** All folders that hold files, at any depth. */
function foldersOf(paths: Iterable<string>): Set<string> {
  const folders = new Set<string>();
  for (const path of paths)
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) folders.add(path.slice(0, end));
  return folders;
}

/** The value at a path of keys. Undefined if a step is missing. */
export function get(value: Json | undefined, ...keys: readonly string[]): Json | undefined {
  let at = value;
  for (const key of keys) at = (at as JsonObject | undefined)?.[key];
  return at;
}

/** The objects of a list that may be missing. */
export function objects(value: Json | undefined): readonly JsonObject[] {
  return (value ?? []) as readonly JsonObject[];
}
