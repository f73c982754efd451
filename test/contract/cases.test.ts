import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
