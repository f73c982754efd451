import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { declarationsOf } from '../support/report-types.ts';
import { REPOSITORY, sourceModules } from '../support/source.ts';

/*
 * docs/json.md has the types of all reports, as the source declares them. `npx vitest run test/unit/json-docs.test.ts -u` brings
 * it up to date.
 */

/** The headings, and the types that a program gets there. */
const REPORTS: Readonly<Record<string, readonly (readonly [file: string, name: string])[]>> = {
  Findings: [['errors.ts', 'Finding']],
  build: [['commands/build/run.ts', 'BuildReport']],
  'build --all': [['commands/build/all.ts', 'BuildAllReport']],
  bundle: [['commands/bundle/run.ts', 'BundleReport']],
  apply: [['bundle/apply/outcome.ts', 'ApplyReport']],
  publish: [['commands/publish/run.ts', 'PublishReport']],
  releases: [['commands/releases/run.ts', 'ReleasesReport']],
  rollback: [['commands/rollback/run.ts', 'RollbackReport']],
  purge: [['commands/purge/run.ts', 'PurgeVerbReport']],
  prune: [['commands/prune/run.ts', 'PruneStoreReport']],
  export: [['commands/export/run.ts', 'ExportReport']],
  reader: [['commands/reader/run.ts', 'ReaderReport']],
  'verify --at': [['commands/verify/store.ts', 'StoreReport']],
  'verify --site': [['inspect/live-site.ts', 'LiveSite']],
  'cache prune': [['commands/cache/run.ts', 'PruneReport']],
  init: [['commands/init/run.ts', 'InitReport']],
  add: [['commands/add/run.ts', 'AddReport']],
  check: [['commands/check/run.ts', 'CheckReport']],
  promote: [['commands/promote/run.ts', 'PromoteReport']],
  remove: [['commands/remove/run.ts', 'RemoveReport']],
  tag: [['commands/tag/run.ts', 'TagReport']],
  verify: [['commands/verify/run.ts', 'VerifyReport']],
  list: [['commands/list/run.ts', 'ListReport']],
  diff: [['inspect/diff.ts', 'DiffReport']],
  explain: [['commands/explain/run.ts', 'ExplainReport']],
};

const DOCUMENT = `${REPOSITORY}docs/json.md`;
const modules = sourceModules();

test('docs/json.md has the types of the source', async () => {
  const known = new Set<string>();
  const sections = Object.entries(REPORTS).map(([heading, roots]) => {
    const declared = declarationsOf(
      modules,
      roots.map(([file, name]) => ({ file, name })),
      known,
    );
    return `## ${heading}\n\n\`\`\`ts\n${declared.join('\n\n')}\n\`\`\`\n`;
  });
  const [before = ''] = readFileSync(DOCUMENT, 'utf8').split(/^## /m);
  await expect(before + sections.join('\n')).toMatchFileSnapshot(DOCUMENT);
});

test('every verb that has --json is in docs/json.md', () => {
  const verbs = [...modules.keys()].flatMap((file) => /^commands\/(.*)\/declare\.ts$/.exec(file)?.[1] ?? []);
  const withJson = verbs.filter((verb) => modules.get(`commands/${verb}/declare.ts`)?.text.includes('printJson'));
  const described = new Set(Object.keys(REPORTS).map((heading) => heading.split(' ')[0]));
  expect(withJson.filter((verb) => !described.has(verb))).toEqual([]);
});
