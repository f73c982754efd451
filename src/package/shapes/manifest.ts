import { deprecated, image, policyTemplate, release, variable } from './policy-template.ts';
import { bool, list, object, objectGiven, text, textRequired, texts } from './shape.ts';
import type { Shape } from './shape.ts';

const requirement: Shape = { package: textRequired, version: textRequired };
const named: Shape = { name: textRequired };

/** `manifest.yml`, the source of a package's summary and index (docs/contract.md sections 4 and 5). */
export const manifest: Shape = {
  name: textRequired,
  title: textRequired,
  version: textRequired,
  release,
  source: objectGiven({ license: text }),
  description: textRequired,
  type: { ...text, otherwise: 'integration' },
  icons: list(image('icon')),
  policy_templates_behavior: text,
  conditions: objectGiven({
    kibana: objectGiven({ version: text }),
    elastic: objectGiven({ subscription: text, capabilities: texts }),
    agent: objectGiven({ version: text }),
  }),
  owner: objectGiven({ type: text, github: text }),
  categories: texts,
  discovery: object({ fields: list(named), datasets: list(named) }),
  deprecated,
  requires: object({ input: list(requirement), content: list(requirement) }),
  group: text,
  format_version: textRequired,
  license: text,
  screenshots: list(image('screenshot')),
  policy_templates: list(policyTemplate),
  vars: list(variable),
  elasticsearch: objectGiven({ privileges: objectGiven({ cluster: texts }) }),
  agent: objectGiven({ privileges: objectGiven({ root: bool }) }),
};
