/*
 * What a storage may ask of a build. Storages come from elsewhere, and a few bytes of one can stand for a package that fills the
 * disk. Each limit is checked before what it is about is read.
 */

/** The keys are those of `limits` in `distributions.yml`. */
export interface Limits {
  /** Names of packages in a layer. */
  readonly packages: number;
  /** Revisions in a layer. */
  readonly revisions: number;
  /** Files and folders of a package. */
  readonly entries: number;
  /** Folders in each other, in a package. */
  readonly depth: number;
  /** Bytes of a path in a package. */
  readonly path: number;
  /** Bytes of a file. */
  readonly file: number;
  /** Bytes of all files of a package. */
  readonly package: number;
  /** Files and folders of all packages of a distribution together. */
  readonly siteFiles: number;
  /** Bytes of all files of all packages of a distribution, and of zips. */
  readonly siteBytes: number;
  /** How many times the bytes of a zip its files may have. */
  readonly ratio: number;
  /** Bytes of the list of a registry. */
  readonly list: number;
  /** Bytes of a manifest; and of its texts, each counted as often as aliases repeat it. */
  readonly manifest: number;
  /** Bytes of any other YAML or JSON file that is parsed; and of its texts. */
  readonly parsed: number;
  /** Values in a file that is parsed, each counted as often as aliases repeat it. */
  readonly values: number;
}

const MIB = 2 ** 20;

/** Far above what packages have; README, "Limits", has the figures. */
export const DEFAULT_LIMITS: Limits = {
  packages: 10_000,
  revisions: 50_000,
  entries: 50_000,
  depth: 32,
  path: 1024,
  file: 64 * MIB,
  package: 250 * MIB,
  siteFiles: 5_000_000,
  siteBytes: 128 * 1024 * MIB,
  ratio: 200,
  list: 128 * MIB,
  manifest: MIB,
  parsed: 4 * MIB,
  values: 200_000,
};

const SAYS: Readonly<Record<keyof Limits, (figure: string) => string>> = {
  packages: (n) => `has ${n} packages`,
  revisions: (n) => `has ${n} versions of packages`,
  entries: (n) => `has ${n} files and folders`,
  depth: (n) => `has ${n} folders in each other`,
  path: (n) => `has a path of ${n} bytes`,
  file: (n) => `has ${n} bytes`,
  package: (n) => `has ${n} bytes of files`,
  siteFiles: (n) => `has ${n} files and folders in all of its packages`,
  siteBytes: (n) => `has ${n} bytes in all of its packages`,
  ratio: (n) => `unpacks to ${n} times its bytes`,
  list: (n) => `has ${n} bytes`,
  manifest: (n) => `has ${n} bytes`,
  parsed: (n) => `has ${n} bytes`,
  values: (n) => `has ${n} values`,
};

/** What is above a limit, for a finding: `has 30,000 files and folders; the limit is 20,000 (…)`. Undefined within it. */
export function excess(limits: Limits, key: keyof Limits, found: number): string | undefined {
  return found > limits[key] ? excessText(limits, key, inWords(found)) : undefined;
}

/** The same of a figure in words, such as `more than 20,000`. */
export function excessText(limits: Limits, key: keyof Limits, found = `more than ${inWords(limits[key])}`): string {
  return `${SAYS[key](found)}; the limit is ${inWords(limits[key])} (limits.${key} in distributions.yml)`;
}

function inWords(figure: number): string {
  return Math.ceil(figure).toLocaleString('en-US');
}
