import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isUrl } from '../../src/config.ts';
import { shippedConfig } from '../../src/default-config.ts';
import type { ConfigOptions } from '../../src/config.ts';
import { Stop } from '../../src/errors.ts';
import { DEFAULT_LIMITS } from '../../src/limits.ts';
import { readConfig, readStorageConfig } from '../support/config.ts';
import { temporaryFolder } from '../support/folder.ts';

const simplest = `
registry: 1.40.1
storage: storage
layers: { production: {}, staging: {} }
distributions:
  staging: { layers: [production, staging] }
`;

function configFile(text = simplest, beside: Readonly<Record<string, string>> = {}): string {
  return join(temporaryFolder({ 'distributions.yml': text, ...beside }), 'distributions.yml');
}

type Settings = Omit<ConfigOptions, 'config'>;

async function read(text: string, options: Partial<Settings> = {}) {
  return await readConfig({ config: configFile(text), dist: 'staging', ...options });
}

/** What stops the reading, with the folder's name taken out. */
async function stopOf(text: string, options: Partial<Settings> & { beside?: Record<string, string> } = {}) {
  const { beside, ...rest } = options;
  const config = configFile(text, beside);
  const error = await readConfig({ config, dist: 'staging', ...rest }).catch((caught: unknown) => caught);
  if (!(error instanceof Stop)) throw new Error('nothing stopped it', { cause: error });
  return { code: error.code, message: error.message.replaceAll(resolve(config, '..'), ''), hint: error.hint };
}

const withDistribution = (lines: string) =>
  simplest.replace('{ layers: [production, staging] }', `{ layers: [production], ${lines} }`);

describe('a distribution', () => {
  test('has every default', async () => {
    const config = configFile();
    const { tables, ...distribution } = await readConfig({ config, dist: 'staging' });
    expect(distribution).toEqual({
      name: 'staging',
      registry: '1.40.1',
      storage: resolve(config, '../storage'),
      layers: [
        { kind: 'storage', name: 'production', ref: 'production', packages: 'packages' },
        { kind: 'storage', name: 'staging', ref: 'staging', packages: 'packages' },
      ],
      subsets: [],
      cache: { index: 10, search: 600, categories: 600, files: 600 },
      collisions: 'report',
      signatures: 'optional',
      artifacts: false,
      pages: true,
      precompute: {
        answers: 4000,
        bytes: 268_435_456,
        specs: Array.from({ length: 10 }, (_, minor) => ({ min: '2.3', max: `3.${minor}` })),
      },
      limits: DEFAULT_LIMITS,
      staticFolders: [resolve(shippedConfig, '../static'), resolve(config, '../static')],
    });
    expect(tables.categories).toContainEqual({ id: 'auditd', title: 'AuditD', parent: 'security' });
    expect(tables.ingestionMethods['aws-cloudwatch']).toBe('AWS CloudWatch');
  });

  test('has settings of its own', async () => {
    const settings = [
      'registry: 1.40',
      'cache: { search: 5, files: 0 }',
      'collisions: refuse',
      'signatures: required',
      'precompute: { answers: 0, specs: [2.3-3.6, 3.10-4.0] }',
    ];
    expect(await read(withDistribution(settings.join(', ')))).toMatchObject({
      registry: '1.40',
      cache: { index: 10, search: 5, categories: 600, files: 0 },
      collisions: 'refuse',
      signatures: 'required',
      precompute: {
        answers: 0,
        bytes: 268_435_456,
        specs: [
          { min: '2.3', max: '3.6' },
          { min: '3.10', max: '4.0' },
        ],
      },
    });
  });

  test('takes a layer from the stack tag of a release', async () => {
    const written = simplest.replace('[production, staging]', '[{ name: 7.9.0, ref: 7.9.0, packages: . }, staging]');
    expect((await read(written)).layers).toEqual([
      { kind: 'storage', name: '7.9.0', ref: '7.9.0', packages: '' },
      { kind: 'storage', name: 'staging', ref: 'staging', packages: 'packages' },
    ]);
  });

  test.each(['8', '8.10', '0123', '1e3', '2024-01-01', '12345678901234567890', 'true'])(
    'takes the ref %s as it is written',
    async (ref) => {
      const { layers } = await read(simplest.replace('production: {}', `production: { ref: ${ref} }`));
      expect(layers[0]).toEqual({ kind: 'storage', name: 'production', ref, packages: 'packages' });
    },
  );

  test('may have a name of digits, and layers that are', async () => {
    const written =
      'registry: 1\nstorage: s\nlayers: { 8: , 8.10: { ref: x } }\ndistributions: { 9: { layers: [8, 8.10] } }';
    const { name, registry, layers } = await read(written, { dist: '9' });
    expect({ name, registry }).toEqual({ name: '9', registry: '1' });
    expect(layers.map((layer) => layer.kind === 'storage' && `${layer.name}=${layer.ref}`)).toEqual(['8=8', '8.10=x']);
  });

  test('has the refs and the storage that the command line says', async () => {
    const { layers, storage } = await read(simplest, { refs: { staging: 'v1' }, storage: 'elsewhere' });
    expect(layers.map((layer) => layer.kind === 'storage' && layer.ref)).toEqual(['production', 'v1']);
    expect(storage).toBe(resolve('elsewhere'));
  });

  test.each(['https://example.org/a.git', 'git@example.org:a.git', 'file:///a'])('may be stored at %s', async (url) => {
    expect((await read(simplest.replace('storage: storage', `storage: ${url}`))).storage).toBe(url);
    expect((await read(simplest, { storage: url })).storage).toBe(url);
  });

  test.each(['packages', '/srv/a@b:c', './a@b:c', 'C', '..'])('%s is a path', (path) => {
    expect(isUrl(path)).toBe(false);
  });

  test.each([
    ['.', ''],
    ['./', ''],
    ['a/./b/', 'a/b'],
    ['a..b', 'a..b'],
  ])('packages: %s are in the folder "%s" of the layer', async (written, packages) => {
    const { layers } = await read(simplest.replace('production: {}', `production: { packages: ${written} }`));
    expect(layers[0]).toMatchObject({ packages });
  });

  test.each(['..', 'a/../..', '/a', '../a'])('packages: %s are refused', async (written) => {
    const stop = await stopOf(simplest.replace('production: {}', `production: { packages: ${written} }`));
    expect(stop).toMatchObject({
      code: 'bad-config',
      message: `/distributions.yml: packages: "${written}" leaves the layer`,
    });
  });
});

describe("a stack's release", () => {
  test('that the file does not name is a distribution of one layer, whose tag the storage must have', async () => {
    const { name, layers, collisions, registry, release } = await read(simplest, { dist: '8.7.0' });
    expect({ name, collisions, registry }).toEqual({ name: '8.7.0', collisions: 'report', registry: '1.40.1' });
    expect(layers).toEqual([{ kind: 'storage', name: '8.7.0', ref: '8.7.0', packages: 'packages' }]);
    expect(release).toMatchObject({ listed: ['staging'] });
    const pinned = await read(simplest, { dist: '8.7.0', refs: { '8.7.0': 'main' } });
    expect(pinned.layers[0]).toMatchObject({ ref: 'main' });
  });

  test('that the file names is what the file says', async () => {
    const written = simplest.replace('staging: { layers: [production, staging] }', '8.7.0: { layers: [production] }');
    const { layers, release } = await read(written, { dist: '8.7.0' });
    expect(layers.map(({ name }) => name)).toEqual(['production']);
    expect(release).toBeUndefined();
  });

  test.each(['v8.7.0', '8.7', '8.7.0-rc1', '8.7.0+1', '08.7.0', ''])('is not "%s"', async (dist) => {
    const stop = await stopOf(simplest, { dist });
    expect(stop).toMatchObject({ code: 'unknown-distribution', hint: expect.stringContaining('staging') as unknown });
  });
});

describe('the rules of the layers', () => {
  test('are open where nothing is written', async () => {
    const config = configFile(simplest.replace('staging: {}', 'staging: { ref: next, packages: . }'));
    const { layers, distributions, storage, file } = await readStorageConfig({ config });
    expect({ storage, file }).toEqual({ storage: resolve(config, '../storage'), file: config });
    expect(distributions).toEqual({ staging: ['production', 'staging'] });
    const open = { overwrite: 'allow', remove: 'allow', signatures: 'optional' };
    expect(layers).toEqual([
      { kind: 'storage', name: 'production', ref: 'production', packages: 'packages', ...open },
      { kind: 'storage', name: 'staging', ref: 'next', packages: '', ...open },
    ]);
  });

  test('are, in the shipped file, stricter the higher the layer', async () => {
    const { layers } = await readStorageConfig({ config: shippedConfig });
    expect(layers.map(({ name, overwrite, remove }) => `${name}: ${overwrite}, ${remove}`)).toEqual([
      'production: never, never',
      'staging: warn, exception',
      'snapshot: allow, allow',
    ]);
  });

  test.each([
    ['overwrite: sometimes', 'layers.staging.overwrite: is "sometimes"; it must be never, warn or allow'],
    ['remove: warn', 'layers.staging.remove: is "warn"; it must be never, exception or allow'],
    ['overwrit: never', 'layers.staging.overwrit: unknown key (did you mean "overwrite"?)'],
  ])('are checked: %s', async (line, text) => {
    expect((await stopOf(simplest.replace('staging: {}', `staging: { ${line} }`))).message).toContain(text);
  });
});

describe('limits', () => {
  const written = `${simplest}\nlimits: { manifest: 2000000, values: 7 }`;

  const readOwn = async (name: string) => (name === 'distributions.yml' ? written : undefined);

  test('are those of the file, and the default ones', async () => {
    const limits = { ...DEFAULT_LIMITS, manifest: 2_000_000, values: 7 };
    expect((await read(written)).limits).toEqual(limits);
    expect((await readStorageConfig({ config: configFile(written) })).limits).toEqual(limits);
  });

  test('of a storage that describes itself are lower than usual, never higher', async () => {
    const own = { location: '/storage', shown: String, read: readOwn };
    const { limits } = await readConfig({ config: own, dist: 'staging' });
    expect(limits).toEqual({ ...DEFAULT_LIMITS, values: 7 });
  });

  test.each([
    ['manifest: 0', 'limits.manifest: is "0"; it must be a whole number above 0'],
    ['manifest: 1 MB', 'limits.manifest: is "1 MB"; it must be a whole number'],
    ['entries: 65536', 'limits.entries: is "65536"; it must be at most 65,535'],
    ['manifests: 1', 'limits.manifests: unknown key (did you mean "manifest"?)'],
  ])('are checked: %s', async (line, text) => {
    expect((await stopOf(`${simplest}\nlimits: { ${line} }`)).message).toContain(text);
  });
});

const registry = (lines: string): string =>
  `registry: 1\nlayers: { elastic: { ${lines} } }\ndistributions: { staging: { layers: [elastic] } }`;

describe('a layer that is a registry', () => {
  const url = 'registry: https://user:secret@example.org/epr/';

  test('has every default, and needs no storage', async () => {
    expect(await read(registry(url))).toMatchObject({
      storage: undefined,
      layers: [
        {
          kind: 'registry',
          name: 'elastic',
          registry: 'https://user:secret@example.org/epr',
          take: undefined,
          gone: 'keep',
          signatures: 'optional',
          keys: undefined,
        },
      ],
    });
  });

  test.each(['https:/user:secret@example.org', 'https:user:secret@example.org', 'https:\\\\user:secret@example.org\\'])(
    'shows no credentials, however its URL is written: %s',
    async (odd) => {
      const { layers } = await read(registry(`registry: '${odd}'`));
      expect(layers[0]).toMatchObject({ registry: 'https://user:secret@example.org' });
    },
  );

  test('takes what its lines say', async () => {
    const lines =
      '{ kibana: 8.10, prerelease: true, spec: 2.3 - 3.6, capabilities: [security, apm] }, { package: nginx, versions: ">=1.20.0", all: false }';
    const { layers } = await read(registry(`${url}, take: [${lines}], gone: drop, signatures: required`));
    expect(layers[0]).toMatchObject({
      take: [
        { kibana: '8.10', prerelease: true, spec: { min: '2.3', max: '3.6' }, capabilities: ['security', 'apm'] },
        { package: 'nginx', versions: '>=1.20.0', all: false },
      ],
      gone: 'drop',
      signatures: 'required',
    });
  });

  test('may lie among those of a storage, which nobody changes by it', async () => {
    const text = simplest.replace('production: {}', `production: { ${url} }`);
    expect((await read(text)).layers.map(({ kind }) => kind)).toEqual(['registry', 'storage']);
    const config = await readStorageConfig({ config: configFile(text) });
    expect(config.layers.map(({ name }) => name)).toEqual(['staging']);
    expect(config.registries.map(({ name }) => name)).toEqual(['production']);
    expect(config.distributions).toEqual({ staging: ['production', 'staging'] });
  });

  test.each([
    [
      'registry: example.org',
      'registry: is "example.org"; it must be the URL of a registry, such as https://packages.example.org',
    ],
    ['registry: "ftp://example.org"', 'registry: is "ftp://example.org"; it must be the URL of a registry'],
    ['registry: "https://example.org/?a"', 'registry: must be the URL of a registry'],
    ['registry: "ftp://user:secret@example.org"', 'registry: must be the URL of a registry'],
    [`${url}, ref: main`, 'ref: is for layers of a storage, and this one is a registry'],
    [`${url}, overwrite: never`, 'overwrite: is for layers of a storage'],
    [`${url}, gone: away`, 'gone: is "away"; it must be keep, drop or refuse'],
    [`${url}, takes: []`, 'takes: unknown key (did you mean "take"?)'],
    [`${url}, take: []`, 'take: is empty: leave it out to take everything'],
    [`${url}, take: [{ kibna: 8.1.0 }]`, 'take.0.kibna: unknown key (did you mean "kibana"?)'],
    [`${url}, take: [{}, { kibana: latest }]`, 'take.1.kibana: is "latest"; it must be a version such as 8.19.4'],
    [`${url}, take: [{ prerelease: yes }]`, 'take.0.prerelease: is "yes"; it must be true or false'],
    [`${url}, take: [{ spec: 3.6 }]`, 'take.0.spec: is "3.6"; it must be a range of spec versions such as 2.3-3.6'],
    [`${url}, take: [{ capabilities: [] }]`, 'take.0.capabilities: is empty: leave it out'],
    [`${url}, take: [{ versions: 1.x }]`, 'take.0.versions: needs `package`'],
    [
      `${url}, take: [{ package: a, versions: newest }]`,
      'take.0.versions: is "newest"; it must be a range of versions',
    ],
    ['take: [{}]', 'take: is for registries, and this layer names none'],
  ])('is checked: %s', async (lines, text) => {
    const { code, message } = await stopOf(registry(lines));
    expect(code).toBe('bad-config');
    expect(message).toContain(`\n  layers.elastic.${text}`);
    expect(message).not.toContain('secret');
  });

  test.each(['elastic: {}', 'elastic: { ref: a }'])('a layer that is none needs a storage: %s', async (layer) => {
    const text = `registry: 1\nlayers: { ${layer} }\ndistributions: { staging: { layers: [elastic] } }`;
    const message = '/distributions.yml:\n  storage: is missing: the layer "elastic" lies in a storage';
    expect((await stopOf(text)).message).toBe(message);
    expect((await stopOf(registry(url).replace('[elastic]', '[{ name: own }]'))).message).toContain('layer "own" lies');
  });

  test('has no refs', async () => {
    expect(await stopOf(registry(url), { refs: { elastic: 'v1' } })).toMatchObject({
      code: 'registry-layer',
      message: '--ref elastic=…: the layer elastic is a registry, which has no refs',
    });
  });

  test("is nothing that a storage's own file may name", async () => {
    const text = simplest.replace('production: {}', `production: { ${url} }`);
    const own = { location: '/storage', shown: String, read: async () => text };
    await expect(readConfig({ config: own, dist: 'staging' })).rejects.toMatchObject({
      code: 'bad-config',
      message: "distributions.yml:\n  layers.production.registry: a storage's own file can't name registries",
    });
  });
});

describe('an unknown key is named with its near match', () => {
  test.each([
    ['registri: 1', 'registri: unknown key (did you mean "registry"?)'],
    ['zzzzzzzz: 1', 'zzzzzzzz: unknown key (known: registry, storage, limits, layers, distributions)'],
  ])('at the top: %s', async (line, text) => {
    expect((await stopOf(`${simplest}\n${line}`)).message).toBe(`/distributions.yml:\n  ${text}`);
  });

  test('of a layer', async () => {
    const { message } = await stopOf(simplest.replace('production: {}', 'production: { reff: a }'));
    expect(message).toBe('/distributions.yml:\n  layers.production.reff: unknown key (did you mean "ref"?)');
  });

  test.each([
    ['signature: required', 'signature: unknown key (did you mean "signatures"?)'],
    ['cache: { serach: 1 }', 'cache.serach: unknown key (did you mean "search"?)'],
    ['precompute: { byte: 1 }', 'precompute.byte: unknown key (did you mean "bytes"?)'],
  ])('of a distribution: %s', async (line, text) => {
    const { message } = await stopOf(withDistribution(line));
    expect(message).toBe(`/distributions.yml:\n  distributions.staging.${text}`);
  });

  test("of a distribution's own layer", async () => {
    const { message } = await stopOf(simplest.replace('[production, staging]', '[staging, { name: a, package: b }]'));
    const place = 'distributions.staging.layers.1';
    expect(message).toBe(`/distributions.yml:\n  ${place}.package: unknown key (did you mean "packages"?)`);
  });

  test('of a category', async () => {
    const beside = { 'categories.yml': '- { id: a, title: A }\n- { id: b, title: B, parnt: a }' };
    const { message } = await stopOf(simplest, { beside });
    expect(message).toBe('/categories.yml:\n  1.parnt: unknown key (did you mean "parent"?)');
  });
});

describe('what is wrong is said with its place', () => {
  test('all of it at once, each kind of fault in plain words', async () => {
    const text = `
storage: ""
limits: []
layers: { a/b: {}, c: text, d: { keys: key.asc }, e: { registry: "", take: [{ category: , all: maybe }] } }
distributions:
  x: { layers: [], registry: , cache: soon, artifacts: { }, pages: 1 }
  y: { layers: c, keep: [], precompute: { answers: many } }
`;
    const { code, message } = await stopOf(text);
    expect(code).toBe('bad-config');
    expect(message.split('\n  ')).toEqual([
      '/distributions.yml:',
      'registry: is missing; it must be the version that the registry reports, such as 1.40.1',
      'storage: is empty; it must be a text',
      'limits: is an empty list; it must be a mapping (key: value)',
      'layers: the key "a/b" must be a name (letters, digits, ".", "_", "-")',
      'layers.c: is "text"; it must be a mapping (key: value)',
      'layers.d.keys: is "key.asc"; it must be a list',
      'layers.e.registry: is empty; it must be the URL of a registry, such as https://packages.example.org',
      'layers.e.take.0.category: is empty; it must be a text',
      'layers.e.take.0.all: is "maybe"; it must be true or false',
      'distributions.x.layers: is an empty list; it must have at least one entry',
      'distributions.x.registry: is empty; it must be a text',
      'distributions.x.pages: is "1"; it must be true or false',
      'distributions.x.cache: is "soon"; it must be a mapping (key: value)',
      'distributions.x.artifacts: is a mapping; it must be true or false',
      'distributions.y.layers: is "c"; it must be a list',
      'distributions.y.keep: is an empty list; it must be a mapping (key: value)',
      'distributions.y.precompute.answers: is "many"; it must be a whole number',
    ]);
  });

  test.each([
    ['collisions: refused', 'collisions'],
    ['signatures: yes', 'signatures'],
    ['cache: { index: -1 }', 'cache.index: is "-1"; it must be a whole number'],
    ['cache: { index: 1.5 }', 'cache.index: is "1.5"; it must be a whole number'],
    ['precompute: { answers: { } }', 'precompute.answers: is a mapping; it must be a whole number'],
    [
      'precompute: { specs: [2.3] }',
      'precompute.specs.0: is "2.3"; it must be a range of spec versions such as 2.3-3.6',
    ],
  ])('%s', async (line, place) => {
    expect((await stopOf(withDistribution(line))).message).toContain(`\n  distributions.staging.${place}`);
  });

  test.each([
    ['[production, ../staging]', 'distributions.staging.layers.1: is "../staging"; it must be a name'],
    [
      '[production, [staging]]',
      'distributions.staging.layers.1: is a list; it must be a name or {name, ref, packages}',
    ],
    ['[{ ref: a }]', 'distributions.staging.layers.0.name: is missing; it must be a text'],
    ['[{ name: /a }]', 'distributions.staging.layers.0.name: is "/a"; it must be a name'],
  ])('layers: %s', async (layers, text) => {
    expect((await stopOf(simplest.replace('[production, staging]', layers))).message).toContain(`\n  ${text}`);
  });

  test('a name that is none', async () => {
    const { message } = await stopOf(simplest.replace('  staging: {', '  ../a: {'));
    expect(message).toContain('\n  distributions: the key "../a" must be a name');
  });

  test('a layer that is not under layers', async () => {
    expect(await stopOf(simplest.replace('[production,', '[prodution,'))).toEqual({
      code: 'unknown-layer',
      message: '/distributions.yml: distributions.staging.layers names "prodution", which is not under layers',
      hint: 'the layers are: production, staging (did you mean "production"?)',
    });
    expect((await stopOf(simplest.replace('[production,', '[constructor,'))).code).toBe('unknown-layer');
  });

  test('a layer twice', async () => {
    const stop = await stopOf(simplest.replace('[production,', '[staging,'));
    expect(stop).toMatchObject({ code: 'layer-twice', message: expect.stringContaining('"staging" twice') });
  });

  test('a ref for a layer that the distribution has not', async () => {
    expect(await stopOf(simplest, { refs: { snapshot: 'v1' } })).toEqual({
      code: 'unknown-layer',
      message: '--ref snapshot=…: "staging" has no layer "snapshot"',
      hint: 'its layers are: production, staging',
    });
  });

  test.each([
    [undefined, 'no distribution was named', 'use --dist with one of: staging'],
    ['stagin', 'there is no distribution "stagin" in /distributions.yml', 'did you mean "staging"?'],
    ['constructor', 'there is no distribution "constructor" in /distributions.yml', 'use --dist with one of: staging'],
  ])('the distribution %s', async (dist, message, hint) => {
    const stop = await stopOf(simplest, { dist });
    expect(stop).toMatchObject({ code: 'unknown-distribution', message, hint: expect.stringContaining(hint) });
  });

  test.each(['a: [b\nc: d', 'a: 1\na: 2', '', '# nothing'])('%j is no YAML of settings', async (text) => {
    const stop = await stopOf(text);
    expect(stop.code).toBe('bad-config');
    expect(stop.message).toMatch(/^\/distributions\.yml is not YAML: /);
  });

  test.each(['just a text', '- a', '8'])('%j is no object', async (text) => {
    expect((await stopOf(text)).message).toMatch(/^\/distributions\.yml:\n {2}the file: is .*; it must be a mapping/);
  });

  test('a file that is not there', async () => {
    const config = join(temporaryFolder(), 'none.yml');
    const stop = readConfig({ config, dist: 'staging' });
    await expect(stop).rejects.toMatchObject({ code: 'no-config', message: `${config} is not there` });
    await expect(stop).rejects.toMatchObject({ hint: 'name the distributions file with --config' });
  });
});

describe('the tables', () => {
  test('may be the own ones', async () => {
    const categories = '- { id: a, title: 8.10 }\n- { id: b, title: B, parent: a }';
    const config = configFile(simplest, { 'categories.yml': categories, 'ingestion-methods.yml': 'httpjson: API' });
    expect((await readConfig({ config, dist: 'staging' })).tables).toEqual({
      categories: [
        { id: 'a', title: '8.10' },
        { id: 'b', title: 'B', parent: 'a' },
      ],
      ingestionMethods: { httpjson: 'API' },
    });
  });

  test('need the parents that they name', async () => {
    const beside = { 'categories.yml': '- { id: security, title: S }\n- { id: b, title: B, parent: securty }' };
    expect(await stopOf(simplest, { beside })).toMatchObject({
      code: 'bad-config',
      message: '/categories.yml:\n  line 2: there is no category "securty" (did you mean "security"?)',
    });
  });

  test('may add categories to those that come with the program', async () => {
    const categories = `add:
  - { id: acme, title: Acme }
  - { id: acme_cloud, title: Acme cloud, parent: acme }
  - { id: acme_audit, title: Acme audit, parent: security }
`;
    const shipped = (await readConfig({ config: configFile(simplest), dist: 'staging' })).tables.categories;
    const config = configFile(simplest, { 'categories.yml': categories });
    expect((await readConfig({ config, dist: 'staging' })).tables.categories).toEqual([
      ...shipped,
      { id: 'acme', title: 'Acme' },
      { id: 'acme_cloud', title: 'Acme cloud', parent: 'acme' },
      { id: 'acme_audit', title: 'Acme audit', parent: 'security' },
    ]);
  });

  test('name each line with a category that is there already, or a parent that is not', async () => {
    const categories = `# Ours.
add:
  - id: security
    title: Security
  - { id: acme, title: Acme, parent: acme }
  - { id: acme, title: Acme, parent: auditd }
  - id: other
    title: Other
    parent: securty
`;
    expect((await stopOf(simplest, { beside: { 'categories.yml': categories } })).message.split('\n')).toEqual([
      '/categories.yml:',
      '  line 3: the category "security" is already in the table that comes with the program',
      expect.stringMatching(/^ {2}line 5: there is no category "acme"/),
      '  line 6: the category "acme" is already in this file',
      '  line 6: "auditd" is a sub-category itself, of "security"',
      '  line 9: there is no category "securty" (did you mean "security"?)',
    ]);
    const twice = '- { id: a, title: A }\n- { id: a, title: B }';
    expect(await stopOf(simplest, { beside: { 'categories.yml': twice } })).toMatchObject({
      message: '/categories.yml:\n  line 2: the category "a" is already in this file',
    });
    expect(await stopOf(simplest, { beside: { 'categories.yml': 'ad: []' } })).toMatchObject({
      message: '/categories.yml:\n  add: is missing; it must be a list\n  ad: unknown key (did you mean "add"?)',
    });
  });

  test('that are broken say so', async () => {
    const beside = { 'ingestion-methods.yml': 'a: [' };
    expect((await stopOf(simplest, { beside })).message).toMatch(/^\/ingestion-methods\.yml is not YAML: /);
  });
});

test('the shipped config holds the three distributions', async () => {
  for (const dist of ['production', 'staging', 'snapshot'])
    expect((await readConfig({ config: shippedConfig, dist })).name).toBe(dist);
});

describe('a file that means harm is told in few words', () => {
  test.each([
    ['a long line', `${simplest}a: ${'['.repeat(300_000)}`],
    ['a long key', `${simplest}${'k'.repeat(300_000)}: 1`],
    ['many unknown keys', `${simplest}${Array.from({ length: 5000 }, (_, i) => `key${i}: 1`).join('\n')}`],
  ])('%s', async (_, text) => {
    expect((await stopOf(text)).message.length).toBeLessThan(20_000);
  });

  test('many wrong categories', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `- { id: c${i}, title: c, parent: c${Math.max(0, i - 1)} }`);
    const { message } = await stopOf(simplest, { beside: { 'categories.yml': `add:\n${lines.join('\n')}` } });
    expect(message.split('\n').length).toBeLessThan(30);
  });
});
