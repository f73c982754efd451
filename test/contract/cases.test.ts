import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Columns } from '../../src/core/columns.ts';
import { bytesOf, chosenVersions } from '../../src/pages/browser/choose.ts';
import { COLUMNS } from '../../src/pages/shell.ts';
import { pagePath } from '../../src/tree/layout.ts';
import { askAll, askUnrecorded, buildSite, recordedSets, UNRECORDED } from '../support/contract.ts';
import { coreInMemory, fetchOverFolder, fetchOverStore, serve, serveOverStore } from '../support/implementations.ts';
import type { RecordedRow } from '../support/compare.ts';
import type { Running } from '../support/implementations.ts';

const here = (path: string): string => new URL(`../${path}`, import.meta.url).pathname;
const sets = recordedSets(here('recorded/cases'));
const site = await buildSite(here('cases'), { name: 'cases', layers: ['zips', 'first', 'second'], packages: '.' });
afterAll(() => site.remove());

test('the cases are 97 revisions, one of them shadowed by different content', () => {
  expect(site.report.revisions).toBe(97);
  expect(site.report.shadowed).toEqual([{ id: 'acme_web@2.0.0', layer: 'second', by: 'first', sameContent: false }]);
  expect([...sets.values()].flat()).toHaveLength(6884);
});

describe.each([coreInMemory, serve, serveOverStore])(
  '$name answers like the registry over the cases',
  (implementation) => {
    let running: Running;
    beforeAll(async () => {
      running = await implementation.start(site.folder);
    });
    afterAll(() => running.stop());

    test.each([...sets])('%s', async (_, rows) => {
      expect(await askAll(running, rows)).toEqual([]);
    });

    test('requests that no recording holds', async () => {
      expect(await askUnrecorded(running, UNRECORDED)).toEqual([]);
    });
  },
);

describe.each([fetchOverFolder, fetchOverStore])('$name answers like the registry over the cases', (implementation) => {
  let running: Running;
  beforeAll(async () => {
    running = await implementation.start(site.folder);
  });
  afterAll(() => running.stop());

  test.each([...sets])('%s', async (_, rows) => {
    expect(await askAll(running, rows.filter(isUrl))).toEqual([]);
  });

  test('requests that no recording holds', async () => {
    expect(await askUnrecorded(running, UNRECORDED)).toEqual([]);
  });
});

/** Whether a URL can hold a target: it has no empty host, and resolves dots and backslashes itself. */
function isUrl({ t }: RecordedRow): boolean {
  return new URL(`http://localhost${t}`).href === `http://localhost${t}`;
}

describe('the filter of the list of packages', () => {
  const MINORS = [
    ...Array.from({ length: 8 }, (_, i) => `7.${10 + i}`),
    ...Array.from({ length: 20 }, (_, i) => `8.${i}`),
    '9.0',
    '9.1',
    '9.2',
    '9.3',
    '9.4',
    '9.9',
  ];
  const VERSIONS = MINORS.flatMap((minor) => {
    return ['.0-SNAPSHOT', '.0-rc1', '.0', '.1', '.3', '.99'].map((patch) => minor + patch);
  });
  test.each([false, true])(
    'shows what /search finds, for 204 versions of Kibana; no pre-releases: %s',
    async (isStable) => {
      const running = await coreInMemory.start(site.folder);
      const columns = JSON.parse(readFileSync(join(site.folder, pagePath(COLUMNS)), 'utf8')) as Columns;
      const all = new Map<string, number>();
      for (const kibana of VERSIONS)
        for (const category of ['', 'security']) {
          const query = `kibana.version=${kibana}&prerelease=${String(!isStable)}&category=${category}`;
          const { body } = await running.ask('GET', `/search?${query}`, {});
          const found = JSON.parse(body.toString()) as { name: string; version: string }[];
          const chosen = chosenVersions(columns, {
            kibana: bytesOf(kibana),
            category: bytesOf(category),
            type: bytesOf(''),
            isStable,
          });
          expect(Object.fromEntries(chosen ?? [])).toEqual(
            Object.fromEntries(found.map((one) => [one.name, one.version])),
          );
          all.set(JSON.stringify(found), found.length);
        }
      expect(all.size).toBeGreaterThan(5);
    },
  );

  test('knows what is no version', () => {
    const columns = JSON.parse(readFileSync(join(site.folder, pagePath(COLUMNS)), 'utf8')) as Columns;
    const nothing = bytesOf('');
    expect(
      chosenVersions(columns, { kibana: bytesOf('8.x'), category: nothing, type: nothing, isStable: true }),
    ).toBeUndefined();
  });
});
