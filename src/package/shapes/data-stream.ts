import { deprecated, ingestionMethod, release, variable } from './policy-template.ts';
import {
  bool,
  boolGiven,
  list,
  made,
  map,
  object,
  objectOrNothing,
  oneOf,
  refused,
  text,
  textGiven,
  textOr,
  textRequired,
  texts,
} from './shape.ts';
import type { Shape } from './shape.ts';
import type { Json, JsonObject } from '../../tree/json.ts';

const stream: Shape = {
  input: text,
  package: text,
  vars: list(variable),
  data_stream: text,
  template_path: textOr('stream.yml.hbs'),
  title: text,
  description: text,
  enabled: { ...boolGiven, otherwise: true },
  ingestion_method: made((object, _, context) => ingestionMethod(object['input'], context)),
};

/**
 * `data_stream/<folder>/manifest.yml` (docs/contract.md section 5), without the values that follow from its place in
 * the package.
 */
export const dataStream: Shape = {
  type: oneOf(['logs', 'metrics', 'synthetics', 'traces'], 'is not logs, metrics, synthetics or traces'),
  dataset: text,
  hidden: bool,
  ilm_policy: text,
  dataset_is_prefix: bool,
  title: textRequired,
  release,
  ingest_pipeline: text,
  streams: list(stream),
  package: textGiven,
  elasticsearch: object({
    index_template: objectOrNothing({ settings: map, mappings: map }),
    ingest_pipeline: objectOrNothing({ name: text }),
    privileges: object({ indices: texts }),
  }),
  agent: object({ privileges: object({ root: bool }) }),
  path: textGiven,
  basepath: refused('is a name that the registry keeps for itself'),
  deprecated,
};

/** The values that a data stream takes from its place. */
export interface DataStreamPlace {
  readonly folder: string;
  readonly packageName: string;
  readonly packageRelease: string;
  /** Whether `elasticsearch/ingest_pipeline/default.yml` or `.json` exists. */
  readonly hasDefaultPipeline: boolean;
}

/**
 * A data stream as the index of a package shows it: the members of its manifest and the values of its place, in the
 * order of docs/contract.md section 5.
 */
export function placeDataStream(read: JsonObject, place: DataStreamPlace): JsonObject {
  const result: Record<string, Json | undefined> = {
    type: read['type'],
    dataset: read['dataset'] ?? `${place.packageName}.${place.folder}`,
    hidden: read['hidden'],
    ilm_policy: read['ilm_policy'],
    dataset_is_prefix: read['dataset_is_prefix'],
    title: read['title'] ?? '',
    release: read['release'] ?? place.packageRelease,
    ingest_pipeline: ingestPipeline(read, place),
    streams: read['streams'],
    package: filled(read['package'] ?? place.packageName),
    elasticsearch: elasticsearch(read['elasticsearch'] as JsonObject | undefined, place),
    agent: read['agent'],
    path: filled(read['path'] ?? place.folder),
    deprecated: read['deprecated'],
  };
  return compact(result);
}

/** A name that is given stays, unless an `elasticsearch` section without a name makes both the default (section 5). */
function ingestPipeline(read: JsonObject, place: DataStreamPlace): Json | undefined {
  const section = read['elasticsearch'] as JsonObject | undefined;
  const isDefaulted = place.hasDefaultPipeline && section !== undefined && pipelineName(section) === undefined;
  return isDefaulted ? 'default' : (read['ingest_pipeline'] ?? (place.hasDefaultPipeline ? 'default' : undefined));
}

function pipelineName(section: JsonObject): Json | undefined {
  return (section['ingest_pipeline'] as JsonObject | undefined)?.['name'];
}

/** `""` stands for no member. */
function filled(text: Json): Json | undefined {
  return text === '' ? undefined : text;
}

function elasticsearch(read: JsonObject | undefined, place: DataStreamPlace): JsonObject | undefined {
  if (!read) return undefined;
  const template = read['index_template'] as JsonObject | undefined;
  return compact({
    'index_template.settings': template?.['settings'],
    'index_template.mappings': template?.['mappings'],
    'ingest_pipeline.name': pipelineName(read) ?? (place.hasDefaultPipeline ? 'default' : undefined),
    privileges: read['privileges'],
  });
}

/** The object without its absent members. */
export function compact(object: Readonly<Record<string, Json | undefined>>): JsonObject {
  const present = Object.entries(object).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return Object.fromEntries(present);
}
