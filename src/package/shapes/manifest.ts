import { basePolicyTemplate, deprecated, packageImage, policyTemplate, release, variable } from './policy-template.ts';
import {
  bool,
  emptyList,
  list,
  object,
  objectFilled,
  refused,
  text,
  textAlways,
  textRequired,
  texts,
} from './shape.ts';
import type { Shape } from './shape.ts';

const requirement: Shape = { package: textRequired, version: textRequired };
const named: Shape = { name: textRequired };

/**
 * Keys that the registry reads into internal fields of the same name (docs/contract.md section 4). It shows only
 * `basepolicytemplates`; the others must have the type of the field.
 */
const internal: Shape = {
  basepath: refused('is a name that the registry keeps for itself'),
  download: text,
  path: text,
  readme: text,
  signature_path: text,
  assets: texts,
  data_streams: emptyList('is a name that the registry keeps for itself'),
  basepolicytemplates: list(basePolicyTemplate),
};

/** `manifest.yml`, the source of a package's summary and index (docs/contract.md sections 4 and 5). */
export const manifest: Shape = {
  name: textRequired,
  title: textRequired,
  version: textRequired,
  release,
  source: object({ license: text }),
  description: textRequired,
  type: {
    ...text,
    make: ({ type }) => (type === undefined || type === null || type === '' ? 'integration' : undefined),
  },
  icons: list(packageImage('icon')),
  policy_templates_behavior: text,
  conditions: object({
    kibana: object({ version: textAlways }),
    elastic: object({ subscription: textAlways, capabilities: texts }),
    agent: object({ version: textAlways }),
  }),
  owner: object({ type: text, github: text }),
  categories: texts,
  discovery: objectFilled({ fields: list(named), datasets: list(named) }),
  deprecated,
  requires: object({ input: list(requirement), content: list(requirement) }),
  group: text,
  format_version: textRequired,
  license: text,
  screenshots: list(packageImage('screenshot')),
  policy_templates: list(policyTemplate),
  vars: list(variable),
  elasticsearch: object({ privileges: object({ cluster: texts }) }),
  agent: object({ privileges: object({ root: bool }) }),
  ...internal,
};
