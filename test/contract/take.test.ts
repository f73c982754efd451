import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TakeLine } from '../../src/config.ts';
import { shippedConfig } from '../../src/default-config.ts';
import { DEFAULT_LIMITS } from '../../src/limits.ts';
import type { Asked, Read } from '../../src/mirror/exchange.ts';
import { fetchLists } from '../../src/mirror/lists.ts';
import type { Listed } from '../../src/mirror/mirroring.ts';
import { openRecords } from '../../src/mirror/records.ts';
import type { Records } from '../../src/mirror/records.ts';
import { specRange, takeRule } from '../../src/mirror/take.ts';
import { readConfig } from '../support/config.ts';
import { temporaryFolder } from '../support/folder.ts';
import { buildSite } from '../support/contract.ts';
import { coreInMemory } from '../support/implementations.ts';
import type { Running } from '../support/implementations.ts';

/* What a line of `take` takes of a registry is what that registry finds, whose site has everything that a manifest can hold. */

const here = (path: string): string => new URL(`../${path}`, import.meta.url).pathname;
const site = await buildSite(here('cases'), { name: 'cases', layers: ['zips', 'first', 'second'], packages: '.' });
const { tables } = await readConfig({ config: shippedConfig, dist: 'production' });
let running: Running;
beforeAll(async () => {
  running = await coreInMemory.start(site.folder);
});
afterAll(async () => {
  await running.stop();
  site.remove();
});

async function ask(path: string): Promise<Buffer> {
  const { status, body } = await running.ask('GET', `/${path}`, {});
  if (status !== 200) throw new Error(`${path}: ${status} ${body.toString('latin1')}`);
  return body;
}

/** The lists as a build asks for them. */
async function listsFor(line: TakeLine, records: Records): Promise<readonly Listed[]> {
  const ranges = [specRange(line)].filter((range) => range !== '');
  const client = {
    get: async <T>({ path }: Asked, read: Read<T>) => await read(Readable.from([await ask(path)])),
    traffic: { requests: 0, bytes: 0 },
    close: async () => undefined,
  };
  return (await fetchLists(client, { records, limits: DEFAULT_LIMITS, ranges })).listed;
}

const NAMES = [
  'acme_web',
  'acme_caps_sec',
  'acme_only_prerelease',
  'acme_release',
  'acme_spec_34',
  'acme_composed',
  'none',
];
const CATEGORIES = tables.categories.map(({ id }) => id);
const line: fc.Arbitrary<TakeLine> = fc
  .tuple(
    fc.record({
      kibana: fc.constantFrom('6.8.0', '7.17.0', '8.0.0', '8.4.0-SNAPSHOT', '8.11', '9.1.0'),
      prerelease: fc.boolean(),
      experimental: fc.boolean(),
      all: fc.boolean(),
      capabilities: fc.subarray(['security', 'observability', 'apm', 'uptime'], { minLength: 1 }),
      spec: fc.constantFrom({ min: '2.3', max: '3.0' }, { min: '1.0', max: '2.99' }, { min: '3.4', max: '3.4' }),
      category: fc.constantFrom('security', 'web', 'custom', 'cloud', 'observability', ...CATEGORIES),
      type: fc.constantFrom('integration', 'input', 'content', 'solution'),
      package: fc.constantFrom(...NAMES),
    }),
    fc.subarray(
      ['kibana', 'prerelease', 'experimental', 'all', 'capabilities', 'spec', 'category', 'type', 'package'],
      { maxLength: 4 },
    ),
  )
  .map(([all, keys]) => Object.fromEntries(Object.entries(all).filter(([key]) => keys.includes(key))));

function requestOf({ kibana, capabilities, spec, ...rest }: TakeLine): string {
  const parameters = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
  if (kibana !== undefined) parameters.push(`kibana.version=${kibana}`);
  if (capabilities) parameters.push(`capabilities=${capabilities.join(',')}`);
  if (spec) parameters.push(`spec.min=${spec.min}`, `spec.max=${spec.max}`);
  return `search?${parameters.join('&')}`;
}

test('a line takes what /search with these parameters finds', async () => {
  const records = openRecords(temporaryFolder());
  let hits = 0;
  await fc.assert(
    fc.asyncProperty(line, async (one) => {
      const found = JSON.parse((await ask(requestOf(one))).toString('utf8')) as { name: string; version: string }[];
      const rule = await takeRule([one], tables.categories);
      const taken = rule(await listsFor(one, records)).revisions.map(({ id }) => id);
      hits += taken.length;
      expect(taken.toSorted()).toEqual(found.map(({ name, version }) => `${name}@${version}`).toSorted());
    }),
    { numRuns: 400 },
  );
  expect(hits).toBeGreaterThan(1000);
});
