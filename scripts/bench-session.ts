import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/*
 * What Kibana's Fleet asks in a session, in its proportions: someone opens the page of integrations, looks at some packages,
 * installs two, and Fleet looks for newer versions of what is installed. Half of the Kibanas are of today, which name a range of
 * spec versions; half are of the time of the storage, and get its packages.
 */

interface Question {
  /** How often it is asked in a session. */
  readonly times: number;
  /** The path; `N` and `V` stand for a package's name and its newest version. */
  readonly path: string;
}

const BOUNDS = 'spec.min=2.3&spec.max=3.4';

const QUESTIONS: readonly Question[] = [
  // The page of integrations.
  { times: 2, path: `/search?prerelease=true&kibana.version=8.19.4&${BOUNDS}` },
  { times: 2, path: '/search?prerelease=true&kibana.version=8.5.0' },
  { times: 2, path: `/categories?prerelease=true&include_policy_templates=true&kibana.version=8.19.4&${BOUNDS}` },
  { times: 2, path: '/categories?prerelease=true&include_policy_templates=true&kibana.version=8.5.0' },
  { times: 1, path: `/search?category=security&prerelease=true&kibana.version=8.19.4&${BOUNDS}` },
  { times: 1, path: '/search?category=security&prerelease=true&kibana.version=8.5.0' },
  // Content packages, which Fleet looks for on its own.
  { times: 1, path: `/search?prerelease=true&type=content&kibana.version=8.19.4&${BOUNDS}` },
  // The newest version of each package that is installed.
  { times: 20, path: `/search?package=N&prerelease=true&kibana.version=8.19.4&${BOUNDS}` },
  { times: 20, path: '/search?package=N&prerelease=false&kibana.version=8.5.0' },
  // The page of a package: its manifest, its README and its pictures.
  { times: 12, path: '/package/N/V/' },
  { times: 8, path: '/package/N/V/docs/README.md' },
  { times: 20, path: '/package/N/V/img/PICTURE' },
  // An installation, after two looks at the manifest.
  { times: 4, path: '/package/N/V/' },
  { times: 2, path: '/epr/N/N-V.zip' },
];

/** The headers that Kibana sends. */
export const FLEET_HEADERS = { 'accept-encoding': 'gzip,deflate', 'user-agent': 'Kibana/8.19.4 node-fetch' };

/** The paths of a session over a site, in an order that mixes them, each time the same. */
export function sessionOfFleet(site: string): string[] {
  const packages = readdirSync(join(site, 'package'))
    .toSorted()
    .flatMap((name) => {
      const version =
        readdirSync(join(site, 'package', name))
          .toSorted()
          .at(-1) ?? '';
      const folder = join(site, 'package', name, version);
      const [picture] = filesIn(join(folder, 'img'));
      const hasReadme = filesIn(join(folder, 'docs')).includes('README.md');
      const zip = statSync(join(site, 'epr', name, `${name}-${version}.zip`), { throwIfNoEntry: false });
      return picture !== undefined && hasReadme && zip ? [{ name, version, picture }] : [];
    });
  const all = QUESTIONS.flatMap(({ times, path }) =>
    Array.from({ length: times }, (_, i) => {
      const { name = '', version = '', picture = '' } = packages[(i * STEP) % packages.length] ?? {};
      const values = { N: name, V: version, PICTURE: encodeURIComponent(picture) };
      return path.replaceAll(/\b(?:N|V|PICTURE)\b/g, (word) => values[word as keyof typeof values]);
    }),
  );
  return all.map((_, i) => all[(i * STEP) % all.length] ?? '');
}

/** A step through lists that has no factor in common with their lengths. */
const STEP = 37;

function filesIn(folder: string): string[] {
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? readdirSync(folder).toSorted() : [];
}
