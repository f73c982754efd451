/* The licences of what npm installs with the program, from its lock file. */

/** Those that the project takes. They let a program be passed on that uses the package as it is. */
const TAKEN: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'LGPL-3.0+',
  'MIT',
  'PSF-2.0',
]);

interface Dependency {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

/** Name, version and licence of each dependency whose licence the project doesn't take. `lock` is the text of `package-lock.json`. */
export function refusedLicences(lock: string): string[] {
  return dependencies(lock)
    .filter(({ licence }) => !TAKEN.has(licence))
    .map(({ name, version, licence }) => `${name} ${version}: ${licence}`);
}

/** The page of all dependencies, as Markdown. */
export function licencePage(lock: string): string {
  const rows = dependencies(lock).map(
    ({ name, version, licence }) => `| [${name}](https://www.npmjs.com/package/${name}) | ${version} | ${licence} |`,
  );
  return `# Licences

epr-static has the licence [Apache-2.0](../LICENSE). \`npm install epr-static\` also installs these packages, each with its own licence:

| package | version | licence |
| --- | --- | --- |
${rows.join('\n')}

The versions are those of \`package-lock.json\`, with which the tests run; npm may install later ones that fit. The files for hosts
(\`lib/hosts\`) hold code of this project, and for AWS Lambda also of \`aws4fetch\`. Tools for development are not listed, because nothing of
them is passed on.
`;
}

/** In the order of their names. */
function dependencies(lock: string): Dependency[] {
  const { packages } = JSON.parse(lock) as { packages: Readonly<Record<string, LockEntry>> };
  const named = Object.entries(packages).flatMap(([path, { version = '', license = 'unknown', dev = false }]) =>
    path === '' || dev ? [] : [{ name: path.replace(/^.*node_modules\//, ''), version, licence: license }],
  );
  return [...new Map(named.map((one) => [`${one.name} ${one.version}`, one])).entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, one]) => one);
}

interface LockEntry {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
}
