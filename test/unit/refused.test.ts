import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/errors.ts';
import { DEFAULT_LIMITS } from '../../src/limits.ts';
import { openDirectoryStorage } from '../../src/storage/directory.ts';
import { sourceOf } from '../../src/package/contents.ts';
import { packageReader } from '../../src/package/read.ts';
import { temporaryFolder } from '../support/folder.ts';
import { dataStreamFiles, packageFiles } from '../support/packages.ts';
import type { PackageParts } from '../support/packages.ts';

const place = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const refused = JSON.parse(readFileSync(place('refused/refused.json'), 'utf8')) as Record<
  string,
  { readonly file: string; readonly why: string }
>;

/** What is found in each package of the layers: id -> findings; and what is wrong with the layers themselves. */
async function readStorage(
  folder: string,
  layers: readonly string[],
  signatures: 'optional' | 'required' = 'optional',
): Promise<{ packages: Map<string, readonly Finding[]>; layers: readonly Finding[] }> {
  const storage = openDirectoryStorage(folder, { cache: undefined, limits: DEFAULT_LIMITS });
  try {
    const reader = packageReader(sourceOf(storage), { ingestionMethods: {}, signatures, limits: DEFAULT_LIMITS });
    const packages = new Map<string, readonly Finding[]>();
    const findings: Finding[] = [];
    for (const name of layers) {
      const layer = await storage.readLayer({ name, ref: name, packages: '' });
      findings.push(...layer.findings);
      for (const revision of layer.revisions) {
        const read = await reader.read(revision, await storage.listFiles(revision));
        if (Boolean(read.package) === read.findings.length > 0) throw new Error(`${revision.id} is neither or both`);
        packages.set(`${name}: ${revision.id}`, read.findings);
      }
    }
    return { packages, layers: findings };
  } finally {
    await storage.close();
  }
}

describe('refused for the file and reason', () => {
  test.each(Object.entries(refused))('%s', async (name, { file, why }) => {
    const { packages, layers } = await readStorage(place('refused'), [name]);
    expect(layers).toEqual([]);
    expect(packages.size).toBe(1);
    const findings = [...packages.values()].flat();
    const reason = why.replace(/ \(.*\)$/, '');
    const found = findings.find(({ where, text }) => where.endsWith(`/${file}`) && text.includes(reason));
    expect(found, `${file}: ${why}, not ${JSON.stringify(findings)}`).toMatchObject({ code: 'unfit', level: 'error' });
    expect(found?.where).toMatch(new RegExp(`^${name}: acme_bad/[^/]+/`));
  });
});

test('every package of the recorded cases is accepted', async () => {
  const { packages, layers } = await readStorage(place('cases'), ['zips', 'first', 'second']);
  expect(layers).toEqual([]);
  expect(packages.size).toBe(RECORDED_CASES);
  expect([...packages].filter(([, findings]) => findings.length > 0)).toEqual([]);
}, 60_000);

/** The 97 versions that the recorded registry served, and those that another layer shadowed. */
const RECORDED_CASES = 98;

async function findingsOf(parts: PackageParts, signatures: 'optional' | 'required' = 'optional'): Promise<string[]> {
  const files = Object.entries(packageFiles('acme', '1.0.0', parts)).map(([path, text]) => [join('layer', path), text]);
  const { packages } = await readStorage(temporaryFolder(Object.fromEntries(files)), ['layer'], signatures);
  return [...packages.values()].flat().map(({ where, text }) => `${where.replace('layer: acme/1.0.0', '')}: ${text}`);
}

describe('the simplest package', () => {
  test('is accepted', async () => {
    expect(await findingsOf({})).toEqual([]);
    expect(await findingsOf({ files: dataStreamFiles('log') })).toEqual([]);
  });

  test('needs a manifest', async () => {
    expect(await findingsOf({ without: ['manifest.yml'] })).toEqual(['/manifest.yml: is missing']);
  });

  test('needs a signature where the distribution says so', async () => {
    const text = 'has no signature, and this distribution requires one';
    expect(await findingsOf({}, 'required')).toEqual([`: ${text}`]);
  });

  test('must have no folder with - in its name, not even an empty one', async () => {
    const folder = temporaryFolder(
      Object.fromEntries(
        Object.entries(packageFiles('acme', '1.0.0')).map(([path, text]) => [join('layer', path), text]),
      ),
    );
    mkdirSync(join(folder, 'layer/acme/1.0.0/docs/a-b'));
    const { packages } = await readStorage(folder, ['layer']);
    expect([...packages.values()].flat()).toMatchObject([{ text: 'a folder name contains -' }]);
  });

  test('must not hold a zip that can be read, at any place', async () => {
    const zip = readFileSync(place('cases/zips/acme_zip-1.0.0.zip'));
    const text = 'is a zip inside a package, which the registry takes for a package of its own';
    expect(await findingsOf({ files: { 'docs/a.zip': zip } })).toEqual([`/docs/a.zip: ${text}`]);
    expect(await findingsOf({ files: { 'docs/a.zip': zip.subarray(0, -30), 'docs/b.ZIP': zip } })).toEqual([]);
  });

  test('that names no file for an icon gets one finding for it', async () => {
    expect(await findingsOf({ manifest: 'icons: [{ title: A }]' })).toEqual(['/manifest.yml: icons.0.src is missing']);
  });

  test('is refused for all that is wrong with it, at once', async () => {
    const manifest = 'title: ""\nrelease: final\nconditions.kibana.version: ">=a"\nicons: [{ src: /img/a.svg }]';
    const files = dataStreamFiles('log', 'dataset: a-b\nstreams: [{}]');
    const found = await findingsOf({ manifest, files, without: ['docs/README.md'] });
    expect(found.sort()).toEqual([
      '/data_stream/log/manifest.yml: a stream has neither input nor package (streams.0)',
      '/data_stream/log/manifest.yml: dataset contains -',
      '/docs/README.md: is missing',
      '/manifest.yml: conditions.kibana.version does not parse as a constraint',
      '/manifest.yml: icon file /img/a.svg does not exist',
      '/manifest.yml: release is not experimental, beta or ga',
      '/manifest.yml: title is missing',
    ]);
  });
});
