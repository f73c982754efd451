import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseManifest } from '../../src/package/yaml/yaml.ts';
import type { RecordedRow } from '../support/compare.ts';
import { askAll, buildSite, recordedSets, sharedPath } from '../support/contract.ts';
import { coreInMemory } from '../support/implementations.ts';
import type { Running } from '../support/implementations.ts';

/*
 * Packages that are odd in one way each: which of them a real registry served, and what it answered over them.
 */

const probes = sharedPath('probes', 'the comparison over the probes') ?? '';
const recorded = sharedPath('recorded', 'the comparison over the probes') ?? '';
const isMissing = probes === '' || recorded === '';

interface Verdict {
  readonly what: string;
  readonly loads: boolean;
}

const verdicts = isMissing
  ? []
  : Object.entries(JSON.parse(readFileSync(join(probes, 'probes.json'), 'utf8')) as Record<string, Verdict>);

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A storage with one layer, `layer`, that holds copies of files and folders. */
function layerOf(places: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'epr-static-'));
  folders.push(folder);
  for (const place of places) cpSync(place, join(folder, 'layer', basename(place)), { recursive: true });
  return folder;
}

/** The registry takes 10,000 collections in each other, which nobody writes; to read them takes a stack of its own. */
const TOO_DEEP = ['p0268', 'p0269'];

type Site = Awaited<ReturnType<typeof buildSite>>;

async function siteOf(storage: string): Promise<Site> {
  const site = await buildSite(storage, { name: 'probes', layers: ['layer'], packages: '.' }, { skipUnfit: true });
  folders.push(join(site.folder, '../..'));
  return site;
}

describe.skipIf(isMissing)('folder packages', () => {
  const ofFolders = verdicts.filter(([place]) => place.startsWith('folders/'));
  const deep: string[] = [];
  let site: Site;
  let running: Running;
  beforeAll(async () => {
    const storage = layerOf(ofFolders.map(([place]) => join(probes, place)));
    writeFileSync(join(storage, 'layer/p0312/1.0.0/docs/a\nb.md'), 'x');
    for (const name of TOO_DEEP) {
      const file = join(storage, 'layer', name, '1.0.0/manifest.yml');
      deep.push(readFileSync(file, 'utf8'));
      writeFileSync(file, readFileSync(file, 'utf8').replace(/\[+1?\]+/, '[]'));
    }
    site = await siteOf(storage);
    running = await coreInMemory.start(site.folder);
  });

  test('are fit where the registry serves them', () => {
    const refused = ofFolders.filter(([, { loads }]) => !loads).map(([place]) => idOf(place));
    expect([...site.report.skipped].sort()).toEqual(refused.sort());
  });

  test('are answered as the registry answers', async () => {
    for (const [name, rows] of recordedSets(join(recorded, 'probes'))) {
      const asked = rows.filter(
        ({ t }) => !TOO_DEEP.some((one) => t.includes(`${one}/1.0.0/manifest.yml`) || t.includes(`${one}-`)),
      );
      expect([name, await askAll(running, asked)]).toEqual([name, []]);
    }
  });

  test('are refused on purpose where collections are nested deeper than a thousand', () => {
    expect(deep).toHaveLength(TOO_DEEP.length);
    for (const text of deep) expect(() => parseManifest(Buffer.from(text))).toThrow('maxDepth (1000)');
  });

  test('may hold a file with a line break in its name, which no path finds', async () => {
    const index = await running.ask('GET', '/package/p0312/1.0.0/', {});
    expect(index.body.toString()).toContain(String.raw`"/package/p0312/1.0.0/docs/a\nb.md"`);
    const file = await running.ask('GET', '/package/p0312/1.0.0/docs/a%0Ab.md', {});
    expect([file.status, file.body.toString()]).toEqual([404, '404 page not found\n']);
  });
});

describe.skipIf(isMissing)('zip packages with their entries in many orders', () => {
  test('are answered as the registry answers', async () => {
    const storage = mkdtempSync(join(tmpdir(), 'epr-static-'));
    folders.push(storage);
    if (!isMissing) cpSync(join(probes, 'orders'), join(storage, 'layer'), { recursive: true });
    const site = await siteOf(storage);
    expect(site.report.findings.filter(({ level }) => level === 'error')).toEqual([]);
    const running = await coreInMemory.start(site.folder);
    for (const [name, rows] of recordedSets(join(recorded, 'probe-orders')))
      expect([name, await askAll(running, rows)]).toEqual([name, []]);
  });
});

/** Zips that a registry serves and a build refuses, since Kibana can't install them or nobody could tell what is in them. */
const REFUSED_ON_PURPOSE: Readonly<Record<string, string>> = {
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

describe.skipIf(isMissing)('zip packages', () => {
  const ofZips = verdicts.filter(([place]) => place.startsWith('zips/'));
  let site: Site;
  let running: Running;
  beforeAll(async () => {
    site = await siteOf(layerOf(ofZips.map(([place]) => join(probes, place))));
    running = await coreInMemory.start(site.folder);
  });

  test('are fit where the registry serves them, but for those that are refused on purpose', async () => {
    const served = await running.ask('GET', '/search?all=true&prerelease=true', {});
    const names = (JSON.parse(served.body.toString()) as { name: string }[]).map(({ name }) => name);
    const loaded = ofZips.filter(([, { loads }]) => loads).map(([place]) => basename(place).slice(0, 4));
    const expected = loaded.map((name) => (name === 'sub' ? 'q039' : name)).filter((name) => !isRefused(name));
    expect(names).toEqual(expected.sort());
  });

  test('have a finding each where they are refused', () => {
    const places = site.report.findings.map(({ where }) => where).join('\n');
    for (const name of Object.keys(REFUSED_ON_PURPOSE)) expect(places, name).toContain(name);
  });

  test('are answered as the registry answers', async () => {
    for (const [name, rows] of recordedSets(join(recorded, 'probe-zips'))) {
      const asked = rows.filter((row) => !isSearchOfAll(row) && !isRefused(nameIn(row.t)));
      expect([name, await askAll(running, asked)]).toEqual([name, []]);
    }
  });
});

function idOf(place: string): string {
  return `${basename(place)}@1.0.0`;
}

function isRefused(name: string): boolean {
  return name in REFUSED_ON_PURPOSE;
}

function nameIn(target: string): string {
  return /\b(q\d{3})\b/.exec(target)?.[1] ?? '';
}

/** Of these only the digest was recorded, over all packages. */
function isSearchOfAll({ t, s }: RecordedRow): boolean {
  return /^\/(search|categories)\b/.test(t) && s === 200 && nameIn(t) === '';
}
