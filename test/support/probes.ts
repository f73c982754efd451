import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { BuildReport } from '../../src/commands/build/run.ts';
import type { RecordedRow } from './compare.ts';
import { buildSite, recordedSets, sharedPath } from './contract.ts';

/*
 * Packages that are odd in one way each, the sites that are built of them, and what a real registry answered over them.
 */

const probes = sharedPath('probes', 'the comparison over the probes') ?? '';
const recorded = sharedPath('recorded', 'the comparison over the probes') ?? '';

/** Whether there is nothing to compare with, as in a user's clone. */
export const areProbesMissing = probes === '' || recorded === '';

interface Verdict {
  readonly what: string;
  /** Whether the registry serves it. */
  readonly loads: boolean;
}

/** Place below the probes -> what the registry made of it. */
const verdicts: readonly (readonly [place: string, Verdict])[] = areProbesMissing
  ? []
  : Object.entries(JSON.parse(readFileSync(join(probes, 'probes.json'), 'utf8')) as Record<string, Verdict>);

export interface ProbeSite {
  readonly folder: string;
  readonly report: BuildReport;
  remove(): void;
}

export interface ProbeSet {
  readonly name: string;
  build(): Promise<ProbeSite>;
  /** The recorded requests to which the site has to give the registry's answers. */
  rows(): readonly RecordedRow[];
}

/** The registry takes 10,000 collections in each other, which nobody writes; to read them takes a stack of its own. */
const TOO_DEEP = ['p0268', 'p0269'];

export const folderProbes: ProbeSet = {
  name: 'folder packages',
  build: () =>
    siteOf((layer) => {
      copyTo(layer, placesOf('folders'));
      writeFileSync(join(layer, 'p0312/1.0.0/docs/a\nb.md'), 'x');
      for (const name of TOO_DEEP) {
        const file = join(layer, name, '1.0.0/manifest.yml');
        writeFileSync(file, readFileSync(file, 'utf8').replace(/\[+1?\]+/, '[]'));
      }
    }),
  rows: () =>
    recordedRows('probes').filter(
      ({ t }) => !TOO_DEEP.some((one) => t.includes(`${one}/1.0.0/manifest.yml`) || t.includes(`${one}-`)),
    ),
};

/** The manifests that are nested too deep, which the site of `folderProbes` holds without the nested collections. */
export function tooDeepManifests(): Buffer[] {
  return TOO_DEEP.map((name) => readFileSync(join(probes, 'folders', name, '1.0.0/manifest.yml')));
}

export const orderProbes: ProbeSet = {
  name: 'zip packages with their entries in many orders',
  build: () => siteOf((layer) => cpSync(join(probes, 'orders'), layer, { recursive: true })),
  rows: () => recordedRows('probe-orders'),
};

/** Zips that a registry serves and a build refuses, since Kibana can't install them or nobody could tell what is in them. */
export const REFUSED_ON_PURPOSE: Readonly<Record<string, string>> = {
  q011: 'its top folder is not {name}-{version}',
  q012: 'its top folder is not {name}-{version}',
  q013: 'its top folder is of another version',
  q015: 'it has an entry "./"',
  q021: 'it has a second top folder',
  q022: 'it has a second top folder',
  q023: 'it has a second top folder',
  q024: 'it has an entry outside of the top folder',
  q025: 'it has a folder __MACOSX',
  q026: 'it has an entry outside of the top folder',
  q027: 'it has an entry twice',
  q028: 'it has an entry twice',
  q031: 'it has a name that is both a file and a folder',
  q032: 'bytes lie before its first entry',
  q033: 'bytes lie behind its end',
  q034: 'its entries are symbolic links',
  q037: 'its file name is not that of its package',
  q038: 'its file name is of another version',
  q039: 'it lies in a sub-folder',
  q045: 'it has an entry with .. in its path',
};

export const zipProbes: ProbeSet = {
  name: 'zip packages',
  build: () => siteOf((layer) => copyTo(layer, placesOf('zips'))),
  rows: () => recordedRows('probe-zips').filter((row) => !isSearchOfAll(row) && !isRefusedOnPurpose(nameIn(row.t))),
};

export function isRefusedOnPurpose(name: string): boolean {
  return name in REFUSED_ON_PURPOSE;
}

/** The verdicts over one kind of packages. */
export function verdictsOf(kind: 'folders' | 'zips'): (readonly [place: string, Verdict])[] {
  return verdicts.filter(([place]) => place.startsWith(`${kind}/`));
}

function placesOf(kind: 'folders' | 'zips'): string[] {
  return verdictsOf(kind).map(([place]) => join(probes, place));
}

function copyTo(layer: string, places: readonly string[]): void {
  for (const place of places) cpSync(place, join(layer, basename(place)), { recursive: true });
}

function recordedRows(set: string): RecordedRow[] {
  return [...recordedSets(join(recorded, set)).values()].flat();
}

/** Builds a site of a storage with one layer, which `fill` fills. */
async function siteOf(fill: (layer: string) => void): Promise<ProbeSite> {
  const storage = mkdtempSync(join(tmpdir(), 'epr-static-probes-'));
  fill(join(storage, 'layer'));
  const site = await buildSite(storage, { name: 'probes', layers: ['layer'], packages: '.' }, { skipUnfit: true });
  const remove = (): void => {
    site.remove();
    rmSync(storage, { recursive: true, force: true });
  };
  return { folder: site.folder, report: site.report, remove };
}

function nameIn(target: string): string {
  return /\b(q\d{3})\b/.exec(target)?.[1] ?? '';
}

/** Of these only the digest was recorded, over all packages. */
function isSearchOfAll({ t, s }: RecordedRow): boolean {
  return /^\/(search|categories)\b/.test(t) && s === 200 && nameIn(t) === '';
}
