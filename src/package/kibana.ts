import type { Json, JsonObject } from '../tree/json.ts';
import type { FileTree } from './file-tree.ts';
import { objects } from './rules.ts';
import type { Fault } from './rules.ts';

/*
 * What Kibana refuses when somebody installs a package, though the registry serves it (docs/contract.md section 8, "What Kibana
 * refuses"). Each fault says what to add. They are warnings: another Kibana may take what this one refuses.
 */

/** What is known of a package when its fitness for Kibana is checked. */
export interface KibanaFacts {
  readonly manifest: JsonObject;
  /** `data_stream/<folder>/manifest.yml` -> what it says. */
  readonly dataStreams: ReadonlyMap<string, JsonObject>;
  readonly tree: FileTree;
}

export function kibanaFaults(facts: KibanaFacts): Fault[] {
  return [ownerFaults, dataStreamFaults, streamFaults, variableFaults].flatMap((rule) => Array.from(rule(facts)));
}

function* ownerFaults({ manifest }: KibanaFacts): Iterable<Fault> {
  if (manifest['owner'] === undefined)
    yield refusal('manifest.yml', 'has no owner', 'owner: { github: your-organization/your-team }');
}

/** Kibana takes every name in `data_stream/` for a data stream. */
function* dataStreamFaults({ tree }: KibanaFacts): Iterable<Fault> {
  for (const name of tree.namesIn('data_stream')) {
    const file = `data_stream/${name}`;
    if (tree.hasFile(file)) yield { file, text: 'Kibana refuses a file here; move it out of data_stream/' };
    else if (!tree.hasFile(`${file}/manifest.yml`))
      yield { file, text: 'Kibana refuses a data stream without a manifest.yml; add one, or move the folder' };
  }
}

function* streamFaults({ manifest, dataStreams }: KibanaFacts): Iterable<Fault> {
  for (const [file, dataStream] of dataStreams)
    for (const [i, stream] of objects(dataStream['streams']).entries())
      for (const key of ['title', 'input'])
        if (stream[key] === undefined && !(key === 'input' && stream['package'] !== undefined))
          yield refusal(file, `streams.${i} has no ${key}`, `${key}: …`);
  for (const [i, template] of objects(manifest['policy_templates']).entries())
    for (const [k, input] of objects(template['inputs']).entries())
      if (input['title'] === undefined)
        yield refusal('manifest.yml', `policy_templates.${i}.inputs.${k} has no title`, 'title: …');
}

function* variableFaults({ manifest, dataStreams }: KibanaFacts): Iterable<Fault> {
  yield* incomplete('manifest.yml', 'vars', manifest['vars']);
  for (const [i, template] of objects(manifest['policy_templates']).entries())
    for (const [k, input] of objects(template['inputs']).entries())
      yield* incomplete('manifest.yml', `policy_templates.${i}.inputs.${k}.vars`, input['vars']);
  for (const [file, dataStream] of dataStreams)
    for (const [i, stream] of objects(dataStream['streams']).entries())
      yield* incomplete(file, `streams.${i}.vars`, stream['vars']);
}

function* incomplete(file: string, place: string, variables: Json | undefined): Iterable<Fault> {
  for (const [i, variable] of objects(variables).entries()) {
    if (variable['name'] === '') yield refusal(file, `${place}.${i} has no name`, 'name: …');
    if (variable['type'] === '') yield refusal(file, `${place}.${i} has no type`, 'type: text');
  }
}

function refusal(file: string, text: string, line: string): Fault {
  return { file, text: `${text}, and Kibana refuses to install the package; add "${line}"` };
}

/** Most bytes of a file in a package that Kibana takes: as text, as base64 where it is binary, and of a model. */
const MOST_TEXT = 4 * 2 ** 20;
const MOST_BINARY = 3 * 2 ** 20;
const MOST_MODEL = 50 * 2 ** 20;

/** What Kibana refuses of a file for its size, in bytes, and its media type; undefined for what it takes. */
export function sizeFault(file: string, size: number, type: string): Fault | undefined {
  if (size === 0 && file === 'kibana/tags.yml')
    return { file, text: 'is empty, and Kibana refuses to install the package; remove it, or add a tag' };
  if (size <= MOST_BINARY) return undefined;
  const [most, what] = limitOf(file, type);
  return size <= most ? undefined : { file, text: `is ${size} bytes; Kibana takes ${most} bytes of ${what} at most` };
}

function limitOf(file: string, type: string): [most: number, what: string] {
  if (file.includes('ml_model')) return [MOST_MODEL, 'a model'];
  return /^text\/|json|xml/.test(type) ? [MOST_TEXT, 'text'] : [MOST_BINARY, 'binary content'];
}
