import { posix } from 'node:path';
import type { Json } from '../../tree/json.ts';
import type { Fields } from '../yaml/yaml.ts';
import {
  any,
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
  since: textAlways,
  description: textAlways,
  replaced_by: object({ package: text, policy_template: text, input: text, data_stream: text, variable: text }),
});

/** The path of an image, clean, without a slash at its end. */
function imagePath(base: string, src: Json | undefined): string {
  return posix.join(base, String(src)).replace(/\/$/, '');
}

/** An icon or a screenshot, whose file need not be there. */
const image: Shape = {
  src: textRequired,
  path: made((_, { src }, { base }) => imagePath(base, src)),
  title: text,
  size: text,
  type: text,
};

/** An icon or a screenshot of the package itself, whose file must be there. */
export const packageImage = (kind: 'icon' | 'screenshot'): Shape => ({
  ...image,
  path: made((_, { src }, context) => {
    if (src !== undefined) checkImage(kind, String(src), context); // that it is missing is said of `src`
    return imagePath(context.base, src);
  }),
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

const deploymentModes: Member = object({
  default: object({ enabled: boolAlways }),
  agentless: object({
    enabled: boolAlways,
    is_default: boolGiven,
    release: oneOf(['experimental', 'beta', 'ga'], 'is not a known release'),
  }),
});

/** A policy template as in the index of a package (docs/contract.md section 5). */
export const policyTemplate: Shape = {
  name: textRequired,
  title: textRequired,
  description: textRequired,
  data_streams: texts,
  inputs: list(input),
  multiple: { ...boolGiven, otherwise: true },
  icons: list(image),
  categories: texts,
  screenshots: list(image),
  readme: { ...text, make: (_, { name }, context) => readmeOf(String(name), context) },
  deployment_modes: deploymentModes,
  type: text,
  input: text,
  ingestion_method: {
    ...text,
    make: (object, _, context) =>
      context.isInputPackage ? (ingestionMethod(object['input'], context) ?? '') : undefined,
  },
  template_path: text,
  deprecated,
};

/** A template that only a summary shows (section 4, `basepolicytemplates`). */
export const basePolicyTemplate: Shape = {
  name: textRequired,
  title: textRequired,
  description: textRequired,
  icons: list(image),
  categories: texts,
  deployment_modes: deploymentModes,
  data_streams: texts,
  deprecated,
};

/** The ingestion method of an input type, by the registry's table. */
export function ingestionMethod(inputType: Fields[string] | undefined, context: Context): string | undefined {
  if (typeof inputType !== 'string' || !Object.hasOwn(context.ingestionMethods, inputType)) return undefined;
  return context.ingestionMethods[inputType];
}

/** The path of `docs/<template>.md`, where there is one. */
function readmeOf(template: string, { base, tree, fail }: Context): string | undefined {
  const file = `docs/${template}.md`;
  if (tree.hasFolder(file)) fail('', `${file} is a folder`);
  return tree.hasFile(file) ? `${base}/${file}` : undefined;
}

/**
 * Of a folder package the registry takes the path as it stands, but for one slash before it; of a zip package it cleans it
 * first (section 8).
 */
function checkImage(kind: string, src: string, { tree, fail }: Context): void {
  const path = tree.isZip ? posix.join('/', src).slice(1) || '.' : src.replace(/^\//, '');
  const isClean = path === '.' || path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
  if (posix.normalize(path).startsWith('..')) fail('', `${kind} path leaves the package`);
  else if (!isClean) fail('', `${kind} path ${src} is not clean: write it without . and .. and double slashes`);
  else if (!tree.hasFile(path) && !tree.hasFolder(path)) fail('', `${kind} file ${src} does not exist`);
}
