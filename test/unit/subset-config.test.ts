import { join, resolve } from 'node:path';
import { truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Stop } from '../../src/errors.ts';
import { readConfig, readStorageConfig } from '../support/config.ts';
import { temporaryFolder } from '../support/folder.ts';

const head = `
registry: 1.40.1
storage: storage
layers: { production: {}, staging: {} }
distributions:
  production: { layers: [production], registry: 1.39.0, cache: { index: 1, search: 2 } }
`;

function configFile(lines: string, beside: Readonly<Record<string, string>> = {}): string {
  return join(temporaryFolder({ 'distributions.yml': `${head}  ${lines}\n`, ...beside }), 'distributions.yml');
}

async function stopOf(config: string, dist = 'field') {
  const error = await readConfig({ config, dist }).catch((caught: unknown) => caught);
  if (!(error instanceof Stop)) throw new Error('nothing stopped it', { cause: error });
  return { code: error.code, message: error.message.replaceAll(resolve(config, '..'), ''), hint: error.hint };
}

const subset = (rest: string) => `field: { from: production, for: [{ kibana: 8.19.4 }], ${rest} }`;

describe('a distribution with from', () => {
  test('has the layers and settings of that one, and every default', async () => {
    const found = await readConfig({ config: configFile(subset('cache: { index: 3 }')), dist: 'field' });
    expect(found).toMatchObject({ name: 'field', registry: '1.39.0', cache: { index: 3, search: 2, files: 600 } });
    expect(found.layers.map(({ name }) => name)).toEqual(['production']);
    const client = { kibana: '8.19.4', prerelease: true, spec: undefined, capabilities: undefined };
    const rest = { previous: 0, installed: undefined, requires: false };
    expect(found.subsets).toEqual([{ name: 'field', from: 'production', clients: [client], ...rest }]);
  });

  test.each([
    ['', '', true],
    ['pages: false', '', false],
    ['pages: false', 'pages: true', true],
    ['', 'pages: false', false],
  ])('of one with { %s }, itself with { %s }, has pages: %s', async (whole, part, pages) => {
    const lines = `whole: { layers: [production], ${whole} }\n  ${subset(part).replace('production', 'whole')}`;
    expect((await readConfig({ config: configFile(lines), dist: 'field' })).pages).toBe(pages);
  });

  test.each(['2.3-3.6', '2.3 - 3.6'])('takes the spec range %s, and all that a line can say', async (range) => {
    const line = `{ kibana: 9.2.1-SNAPSHOT, prerelease: false, spec: ${range}, capabilities: [security, apm] }`;
    const config = configFile(`field: { from: production, for: [${line}], keep: { previous: 2, requires: true } }`);
    expect((await readConfig({ config, dist: 'field' })).subsets).toMatchObject([
      {
        clients: [
          {
            kibana: '9.2.1-SNAPSHOT',
            prerelease: false,
            spec: { min: '2.3', max: '3.6' },
            capabilities: ['security', 'apm'],
          },
        ],
        previous: 2,
        requires: true,
      },
    ]);
  });

  test('may be from one that has a from: the innermost comes first', async () => {
    const config = configFile(`${subset('')}\n  less: { from: field, for: [{ kibana: 9.0.0 }], registry: 2.0.0 }`);
    const found = await readConfig({ config, dist: 'less' });
    expect(found.subsets.map(({ name, from }) => `${name} from ${from}`)).toEqual([
      'field from production',
      'less from field',
    ]);
    expect(found.registry).toBe('2.0.0');
    const { distributions } = await readStorageConfig({ config });
    expect(distributions).toEqual({ production: ['production'], field: ['production'], less: ['production'] });
  });

  test.each([
    ['field: { from: production }', 'distributions.field.for: is missing'],
    ['field: { from: production, for: [] }', 'distributions.field.for: '],
    ['field: { for: [{ kibana: 8.19.4 }] }', 'distributions.field: names neither "layers" nor "from"'],
    ['field: { layers: [staging], for: [{ kibana: 8.19.4 }] }', 'distributions.field.for: needs "from"'],
    ['field: { layers: [staging], keep: {} }', 'distributions.field.keep: needs "from"'],
    [subset('layers: [staging]'), 'distributions.field.layers: doesn\'t go with "from"'],
    [subset('collisions: refuse'), 'distributions.field.collisions: doesn\'t go with "from"'],
    [subset('signatures: required'), 'distributions.field.signatures: doesn\'t go with "from"'],
    [subset('keep: { previus: 1 }'), 'distributions.field.keep.previus: unknown key (did you mean "previous"?)'],
    [subset('keep: { previous: one }'), 'distributions.field.keep.previous: is "one"; it must be a whole number'],
    [subset('keep: { requires: yes }'), 'distributions.field.keep.requires: is "yes"; it must be true or false'],
    ['field: { from: production, for: [{}] }', 'for.0.kibana: is missing; it must be a version of Kibana'],
    [
      'field: { from: production, for: [{ kibana: 8.19 }] }',
      'for.0.kibana: is "8.19"; it must be a version of Kibana such as 8.19.4',
    ],
    [
      'field: { from: production, for: [{ kibana: v8.19.4 }] }',
      'for.0.kibana: is "v8.19.4"; it must be a version of Kibana',
    ],
    ['field: { from: production, for: [{ kibna: 8.19.4 }] }', 'for.0.kibna: unknown key (did you mean "kibana"?)'],
    [
      'field: { from: production, for: [{ kibana: 9.0.0, spec: 3 }] }',
      'for.0.spec: is "3"; it must be a range of spec versions',
    ],
    [
      'field: { from: production, for: [{ kibana: 9.0.0, spec: 3.6-2.3 }] }',
      'for.0.spec: is "3.6-2.3"; it must have its lower bound first',
    ],
    ['field: { from: production, for: [{ kibana: 9.0.0, capabilities: [] }] }', 'for.0.capabilities: is empty'],
    [
      'field: { from: production, for: [{ kibana: 9.0.0, capabilities: ["a,b"] }] }',
      'for.0.capabilities.0: is "a,b"; it must be a capability',
    ],
  ])('says what is wrong, with its place: %s', async (lines, text) => {
    const { code, message } = await stopOf(configFile(lines));
    expect({ code, message }).toMatchObject({ code: 'bad-config', message: expect.stringContaining(text) });
  });

  test('names the nearest distribution where there is none', async () => {
    expect(await stopOf(configFile('field: { from: produktion, for: [{ kibana: 8.19.4 }] }'))).toEqual({
      code: 'unknown-distribution',
      message: '/distributions.yml: distributions.field.from names "produktion", which is not under distributions',
      hint: 'the distributions are: production (did you mean "production"?)',
    });
    expect((await stopOf(configFile('field: { from: constructor, for: [{ kibana: 8.19.4 }] }'))).code).toBe(
      'unknown-distribution',
    );
  });

  test.each([
    ['field: { from: field, for: [{ kibana: 8.19.4 }] }', 'distributions.field.from: "field" is made from itself'],
    [
      'field: { from: b, for: [{ kibana: 8.19.4 }] }\n  b: { from: c, for: [{ kibana: 8.19.4 }] }\n  c: { from: b, for: [{ kibana: 8.19.4 }] }',
      'distributions.c.from: "b" is made from itself (b from c from b)',
    ],
  ])('is never made from itself', async (lines, text) => {
    const config = configFile(lines);
    expect(await stopOf(config)).toMatchObject({ code: 'bad-config', message: expect.stringContaining(text) });
    await expect(readStorageConfig({ config })).rejects.toThrow(text);
  });
});

const chain = (length: number, last = 'production'): string =>
  Array.from({ length }, (_, i) => {
    const from = i === length - 1 ? last : `s${i + 1}`;
    return `  s${i}: { from: ${from}, for: [{ kibana: 8.19.4 }] }`;
  }).join('\n');
const lines = (count: number): string => Array(count).fill('{ kibana: 8.19.4 }').join();
const readText = async (text: string, dist: string) => await readConfig({ config: configFile(text.trim()), dist });
const two = (count: number): string =>
  `a: { from: b, for: [${lines(count)}] }\n  b: { from: production, for: [{ kibana: 8.19.4 }] }`;

describe('subsets of subsets', () => {
  test('are ten at most, with 500 lines in all', async () => {
    expect((await readText(chain(10), 's0')).subsets).toHaveLength(10);
    await expect(readText(chain(11), 's0')).rejects.toThrow('distributions.s0.from: more than 10 distributions');
    await expect(readText(chain(3000), 's0')).rejects.toThrow('more than 10 distributions are made from each other');
    await expect(readText(chain(3000, 's0'), 's0')).rejects.toThrow(
      'more than 10 distributions are made from each other',
    );
    expect((await readText(two(499), 'a')).subsets).toHaveLength(2);
    await expect(readText(two(500), 'a')).rejects.toThrow('distributions.a.for has 501 lines');
  });
});

const withInstalled = (text: string) =>
  configFile(subset('keep: { installed: installed.json }'), { 'installed.json': text });

async function read(text: string) {
  return (await readConfig({ config: withInstalled(text), dist: 'field' })).subsets[0]?.installed?.packages;
}

describe('installed', () => {
  const items = [
    {
      name: 'a',
      version: '2.0.0',
      status: 'installed',
      installationInfo: { version: '1.0.0', install_status: 'installed' },
    },
    { name: 'b', version: '2.0.0', status: 'not_installed' },
    { name: 'c', version: '2.0.0', status: 'installed', savedObject: { attributes: { name: 'c', version: '1.1.0' } } },
    { name: 'd', version: '2.0.0', status: 'installed' },
    {
      name: 'e',
      version: '2.0.0',
      status: 'install_failed',
      installationInfo: { version: '1.2.0', previous_version: '1.1.0' },
    },
    { id: 'ui', name: 'f', type: 'ui_link', status: 'not_installed' },
  ];
  const expected = [
    { name: 'a', version: '1.0.0' },
    { name: 'c', version: '1.1.0' },
    { name: 'd', version: '2.0.0' },
    { name: 'e', version: '1.2.0' },
    { name: 'e', version: '1.1.0' },
  ];

  test('is what Kibana answers, in its newer and its older shape: the version that is installed, not the newest', async () => {
    expect(await read(JSON.stringify({ items, searchExcluded: 0 }))).toEqual(expected);
    expect(await read(JSON.stringify({ response: items }))).toEqual(expected);
    expect(await read(JSON.stringify({ items, response: [] }))).toEqual(expected);
  });

  test('may be a plain list, in which each counts once', async () => {
    const one = { name: 'a', version: '1.0.0' };
    expect(await read(JSON.stringify([one, { name: 'b', version: '2.0.0-rc1' }, one]))).toEqual([
      one,
      { name: 'b', version: '2.0.0-rc1' },
    ]);
    expect(await read('[]')).toEqual([]);
  });

  test.each([
    ['', '/installed.json is not JSON: '],
    ['{ "item": [] }', '/installed.json is no list of packages, and has no list "items"'],
    ['{ "items": {} }', '/installed.json is no list of packages'],
    ['null', '/installed.json is no list of packages'],
    ['[1]', '/installed.json: item 1: is 1; it must be a mapping'],
    ['[{ "version": "1.0.0" }]', '/installed.json: item 1, "name": is missing; it must be a text'],
    ['[{ "name": "a" }]', '/installed.json: item 1: a has no version such as 1.2.3'],
    ['[{ "name": "a", "version": "1" }]', '/installed.json: item 1: a has no version such as 1.2.3'],
    [
      '[{ "name": "a", "installationInfo": { "version": 1 } }]',
      '/installed.json: item 1, "installationInfo.version": is 1; it must be a text',
    ],
  ])('that is something else is named: %s', async (text, message) => {
    expect(await stopOf(withInstalled(text))).toMatchObject({
      code: 'bad-installed',
      message: expect.stringContaining(message),
      hint: expect.stringContaining('GET /api/fleet/epm/packages'),
    });
  });

  test('that is not there, is no file, or is too large is named', async () => {
    const config = configFile(subset('keep: { installed: installed.json }'));
    expect((await stopOf(config)).message).toBe('/installed.json is not there');
    const file = join(config, '../installed.json');
    writeFileSync(file, '');
    truncateSync(file, 64 * 2 ** 20 + 1);
    expect((await stopOf(config)).message).toContain('/installed.json has 67108865 bytes');
    const folder = configFile(subset('keep: { installed: . }'));
    expect((await stopOf(folder)).message).toContain(' is not a file');
    const device = configFile(subset('keep: { installed: /dev/null }'));
    expect((await stopOf(device)).message).toBe('/dev/null is not a file');
  });

  test('of a storage that describes itself lies in the storage', async () => {
    const text = `${head}  ${subset('keep: { installed: ../installed.json }')}`;
    const own = { location: '/storage', shown: (name: string) => `${name} of /storage`, read: async () => text };
    await expect(readConfig({ config: own, dist: 'field' })).rejects.toMatchObject({ code: 'bad-config' });
  });
});
