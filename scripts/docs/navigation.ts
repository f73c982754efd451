/*
 * What the docs site has, and in which order. A page is a Markdown file of the repository, or one that is generated.
 */

export interface Group {
  readonly title: string;
  /** Paths in the repository; those of generated pages are not there. */
  readonly pages: readonly string[];
}

/** The pages that come from the program itself. */
export const COMMANDS = 'docs/commands.md';
export const CONFIGURATION = 'docs/configuration.md';

export const NAVIGATION: readonly Group[] = [
  { title: 'Start', pages: ['README.md', 'docs/tutorial.md'] },
  {
    title: 'How-to guides',
    pages: [
      'docs/workflow.md',
      'docs/air-gap.md',
      'docs/publish.md',
      'docs/hosts.md',
      'docs/deploy.md',
      'docs/monitoring.md',
      'docs/browse.md',
    ],
  },
  {
    title: 'Reference',
    pages: [
      COMMANDS,
      CONFIGURATION,
      'docs/errors.md',
      'docs/json.md',
      'docs/contract.md',
      'docs/store.md',
      'docs/bundle.md',
      'docs/licences.md',
    ],
  },
  {
    title: 'Explanation',
    pages: [
      'ARCHITECTURE.md',
      'docs/decisions/README.md',
      'docs/exactness.md',
      'docs/performance.md',
      'docs/hostile-storages.md',
      'docs/dictionary.md',
    ],
  },
  { title: 'Project', pages: ['CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'test/recorded/README.md'] },
];

/** Pages that only another page links to. */
const WITHIN = /^docs\/decisions\//;

/** Whether the site has a page of this file. */
export function isPage(path: string): boolean {
  return WITHIN.test(path) ? path.endsWith('.md') : NAVIGATION.some(({ pages }) => pages.includes(path));
}

/** Where a page lies in the site: `docs/tutorial.md` is `tutorial.html`, and a folder's `README.md` its `index.html`. */
export function placeOf(path: string): string {
  const below = path.replace(/^docs\//, '').replace(/(^|\/)README\.md$/, '$1index.md');
  return below.toLowerCase().replace(/\.md$/, '.html');
}
