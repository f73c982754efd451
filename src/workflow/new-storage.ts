import { readFile } from 'node:fs/promises';
import { shippedSchema } from '../default-config.ts';

/* The first files of a new storage. */

const distributions = `# yaml-language-server: $schema=distributions.schema.json
#
# What is built of this storage, and the rules of changing it.
#
# Packages lie on branches, the layers: packages/<name>/<version>/ on the branch production, staging or snapshot. A new package
# version starts in snapshot and is promoted upwards. A distribution stacks layers: of a version that is in two of them, the
# first layer's counts.

registry: 1.40.1 # the registry version that GET / reports

# The repository that holds the layers: here the one that this file is in. A git URL or a bundle can be built too.
storage: ..

# A layer is a branch of that name. Its rules:
#   overwrite: may a published version get other content?            never | warn | allow
#   remove: may a version go that no higher layer holds?             never | exception (with a reason) | allow
layers:
  production: { overwrite: never, remove: never } # only new versions
  staging: { overwrite: warn, remove: exception }
  snapshot: { overwrite: allow, remove: allow }

distributions:
  production: { layers: [production] }
  staging: { layers: [production, staging] }
  snapshot: { layers: [production, staging, snapshot] }
  # your-own:
  #   layers: [production, staging]
  #   signatures: required    # optional | required
  #   pages: false            # no pages for people at /_browse/
  #   collisions: refuse      # different content under one version in two layers: report | refuse
  #   cache: { index: 10, search: 600, categories: 600, files: 600 }   # max-age of answers, in seconds
`;

const readme = `# A package storage

The branches \`production\`, \`staging\` and \`snapshot\` hold packages for Kibana's Fleet; \`content/distributions.yml\`
says which registries are built of them.

    epr-static add build/acme-1.0.0.zip --layer snapshot --apply
    epr-static build --dist snapshot
    epr-static serve --dist snapshot
    epr-static promote acme 1.0.0 --from snapshot --to staging
`;

/** The texts of the branch that is checked out, by path. */
export async function newStorageFiles(): Promise<Readonly<Record<string, string>>> {
  return {
    '.gitignore': '/.cache/\n/dist/\n',
    'README.md': readme,
    'content/distributions.schema.json': await readFile(shippedSchema, 'utf8'),
    'content/distributions.yml': distributions,
  };
}

/** A file in the packages folder of every layer: git keeps no empty folders. */
export const PACKAGES_README = `# Packages

Each is a folder \`<name>/<version>/\`, or a zip \`<name>-<version>.zip\`. They come by \`epr-static add\` and go up by
\`epr-static promote\`.
`;
