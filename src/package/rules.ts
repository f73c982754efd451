import { compileConstraint } from './constraint-compile.ts';
import { parseStrictVersion } from '../core/version.ts';
import { enumerated } from '../near-match.ts';
import type { Json, JsonObject } from '../tree/json.ts';
import type { FileTree } from './file-tree.ts';

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
  readonly tree: FileTree;
}

/** The facts about a data stream that its rules need. */
export interface DataStreamFacts {
  /** `data_stream/<folder>`. */
  readonly folder: string;
  /** With the values that follow from its place in the package. */
  readonly dataStream: JsonObject;
  readonly tree: FileTree;
  /** The fields of its `fields/` folder, in the order of its files. */
  readonly fields: readonly Field[];
}

/** A field of a `fields/` folder: its full name and its type, `''` where it has none; no name where it lacks one. */
export interface Field {
  readonly file: string;
  readonly name: string | undefined;
  readonly type: string;
}

export function packageFaults(facts: PackageFacts): Fault[] {
  return packageRules.flatMap((rule) => Array.from(rule(facts)));
}

export function dataStreamFaults(facts: DataStreamFacts): Fault[] {
  return dataStreamRules.flatMap((rule) => Array.from(rule(facts)));
}

/** The folder of a data stream's pipelines. */
export function pipelineFolder(folder: string): string {
  return `${folder}/elasticsearch/ingest_pipeline`;
}

/** The places of the pipeline that a data stream names, of which one or both are there, as files or as folders. */
export function namedPipelines({ folder, dataStream, tree }: Omit<DataStreamFacts, 'fields'>): string[] {
  const name = dataStream['ingest_pipeline'];
  if (name === undefined) return [];
  const places = ['yml', 'json'].map((extension) => `${pipelineFolder(folder)}/${String(name)}.${extension}`);
  return places.filter((place) => tree.hasFile(place) || tree.hasFolder(place));
}

const packageRules: readonly ((facts: PackageFacts) => Iterable<Fault>)[] = [
  function* names({ name, manifest }) {
    const written = manifest['name'];
    if (written === undefined) return;
    if (!/^[a-z0-9_]+$/.test(String(written)))
      yield fault('name is not [a-z0-9_]+: it may have small letters, digits and _');
    else if (written !== name) yield fault(`name differs from the folder: ${String(written)} in ${name}`);
  },
  function* versions({ name, version, manifest }) {
    const written = manifest['version'];
    if (written === undefined) return;
    if (!parseStrictVersion(String(written))) yield fault('version is not a strict semantic version such as 1.2.3');
    else if (written !== version) yield fault(`version ${String(written)} differs from the folder ${version}`);
    else if (`${name}-${version}.zip.sig`.length > 200) yield fault('name and version are too long to be file names');
  },
  function* formatVersion({ manifest }) {
    const written = manifest['format_version'];
    if (written !== undefined && !parseStrictVersion(String(written)))
      yield fault('format_version is not a strict semantic version such as 3.0.0');
  },
  function* constraints({ manifest }) {
    for (const product of ['kibana', 'agent']) {
      const written = get(manifest, 'conditions', product, 'version');
      if (written === '') yield fault(`conditions.${product} has no version`);
      else if (written !== undefined && !compileConstraint(String(written)))
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
  function* readme({ tree }) {
    const file = 'docs/README.md';
    if (!tree.hasFile(file)) yield { file, text: tree.hasFolder(file) ? 'is a folder' : 'is missing' };
  },
  function* folders({ tree }) {
    for (const file of tree.folders()) {
      const name = file.slice(file.lastIndexOf('/') + 1);
      if (name.includes('-') && !file.includes('.DS_Store')) yield { file, text: 'a folder name contains -' };
    }
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
    const { folder, dataStream, tree } = facts;
    const places = pipelineFolder(folder);
    if (dataStream['ingest_pipeline'] === undefined) {
      const [unnamed] = tree.namesIn(places);
      if (unnamed !== undefined)
        yield {
          file: `${places}/${unnamed}`,
          text: 'no data stream names this pipeline and there is no default: name it in ingest_pipeline, or call it default.yml or default.json',
        };
    } else if (namedPipelines(facts).length === 0)
      yield {
        file: `${folder}/manifest.yml`,
        text: `the named ingest pipeline does not exist: ${enumerated([String(dataStream['ingest_pipeline'])])}`,
      };
  },
  function* requiredFields({ folder, fields }) {
    for (const [name, type] of Object.entries(REQUIRED_FIELDS)) {
      const found = fields.find((field) => field.name === undefined || field.name === name);
      if (!found) yield { file: `${folder}/fields`, text: `required field ${name} is missing` };
      else if (found.name === undefined) yield { file: found.file, text: 'a field has no name' };
      else if (found.type !== type) {
        const where = found.file.slice(found.file.lastIndexOf('/') + 1);
        yield { file: `${folder}/fields`, text: `${name} must be of type ${type} (in ${where})` };
      }
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

/** The value at a path of keys. Undefined if a step is missing. */
export function get(value: Json | undefined, ...keys: readonly string[]): Json | undefined {
  let at = value;
  for (const key of keys) at = (at as JsonObject | undefined)?.[key];
  return at;
}

/** The texts of a list that may be missing. */
export function texts(value: Json | undefined): readonly string[] {
  return (value ?? []) as readonly string[];
}

/** The objects of a list that may be missing. */
export function objects(value: Json | undefined): readonly JsonObject[] {
  return (value ?? []) as readonly JsonObject[];
}
