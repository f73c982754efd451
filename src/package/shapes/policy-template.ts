import { posix } from 'node:path';
import type { Fields } from '../yaml/yaml.ts';
import {
  any,
  bool,
  boolAlways,
  boolGiven,
  list,
  made,
  object,
  oneOf,
  text,
  textAlways,
  textRequired,
  texts,
} from './shape.ts';
import type { Context, Member, Shape } from './shape.ts';

export const release: Member = oneOf(['experimental', 'beta', 'ga'], 'is not experimental, beta or ga');

/** `deprecated`, wherever it stands (docs/contract.md section 4). */
export const deprecated: Member = object({
  since: text,
  description: text,
  replaced_by: object({ package: text, policy_template: text, input: text, data_stream: text, variable: text }),
});

/** An icon or a screenshot. */
export const image = (kind: 'icon' | 'screenshot'): Shape => ({
  src: textAlways,
  path: made((_, { src }, context) => imagePath(kind, String(src), context)),
  title: text,
  size: text,
  type: text,
});

/** A variable of a package, an input or a stream (docs/contract.md section 5). */
export const variable: Shape = {
  name: textAlways,
  type: textAlways,
  title: text,
  description: text,
  multi: boolAlways,
  required: boolAlways,
  show_user: boolAlways,
  default: any,
  deprecated,
};

const input: Shape = {
  type: text,
  package: text,
  vars: list(variable),
  title: text,
  description: text,
  streams: texts,
  template_path: text,
  input_group: text,
  deployment_modes: texts,
  deprecated,
};

/** A policy template as in the index of a package (docs/contract.md section 5). */
export const policyTemplate: Shape = {
  name: { ...textRequired, write: 'always', otherwise: '' },
  title: { ...textRequired, write: 'always', otherwise: '' },
  description: textAlways,
  data_streams: texts,
  inputs: list(input),
  multiple: { ...boolGiven, otherwise: true },
  icons: list(image('icon')),
  categories: texts,
  screenshots: list(image('screenshot')),
  readme: made((_, { name }, { base, paths }) =>
    paths.has(`docs/${String(name)}.md`) ? `${base}/docs/${String(name)}.md` : undefined,
  ),
  deployment_modes: object({
    default: object({ enabled: boolGiven }),
    agentless: object({
      enabled: bool,
      is_default: boolGiven,
      release: oneOf(['experimental', 'beta', 'ga'], 'is not a known release'),
    }),
  }),
  type: text,
  input: text,
  ingestion_method: made((object, _, context) => ingestionMethod(object['input'], context)),
  template_path: text,
  deprecated,
};

/** The ingestion method of an input type, by the registry's table. */
export function ingestionMethod(inputType: Fields[string] | undefined, context: Context): string | undefined {
  if (typeof inputType !== 'string' || !Object.hasOwn(context.ingestionMethods, inputType)) return undefined;
  return context.ingestionMethods[inputType];
}

function imagePath(kind: string, src: string, { base, paths, fail }: Context): string {
  const path = posix.join(base, src);
  if (!path.startsWith(`${base}/`)) fail('', `${kind} path leaves the package`);
  else if (!paths.has(path.slice(base.length + 1))) fail('', `${kind} file ${src} does not exist`);
  return path;
}
