import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { hostNames } from '../../src/hosts/hosts.ts';
import { verifySite } from '../../src/inspect/verify/verify.ts';
import { fileKinds, kindOf } from '../../src/tree/kinds.ts';
import { listedFiles } from '../../src/tree/manifest.ts';
import { sealedDocument } from '../../src/tree/sealed.ts';
import { run, temporaryFolder } from '../support/cli.ts';
import type { Run } from '../support/cli.ts';
import { fileDamages, formDamages, viewDamages, withoutForms } from '../support/damages.ts';
import type { Aim, Damage } from '../support/damages.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';

/* `verify` finds damage, names the file, and finds nothing in a good site. */

const zips = fileURLToPath(new URL('../cases/zips', import.meta.url));
const templates = `policy_templates:
  - { name: one, title: One, description: First., categories: [security] }
  - { name: two, title: Two, description: Second., categories: [network] }
`;
const long = 'A line of a text that is long enough for a compressed form.\n'.repeat(40);

/** A site with every kind of file, and the folders of all hosts, as builds made them. */
let good: string;
/** A copy of it that a test may damage. */
const home = temporaryFolder();
const site = join(home, 'copy', 'all');

beforeAll(async () => {
  const withTemplates = packageFiles('shown', '1.0.0')['shown/1.0.0/manifest.yml'] as string;
  writeFiles(home, {
    'content/distributions.yml': distributions('../storage', ['main'], "pages: 'true'"),
    'content/static/about/us.txt': 'About us.\n',
    ...under(
      'storage/main/packages',
      packageFiles('acme', '1.0.0', {
        'docs/README.md': long,
        'img/icon.svg': `<svg>${long}</svg>`,
        'docs/é.txt': 'é',
      }),
      packageFiles('acme', '1.1.0', { 'docs/README.md': long, 'a/b/c.json': '{}' }),
      packageFiles('shown', '1.0.0', { 'manifest.yml': withTemplates + templates, 'docs/logo.bin': '\0\x01' }),
    ),
  });
  cpSync(zips, join(home, 'storage/main/packages'), {
    recursive: true,
    filter: (path) => !path.includes('flat'),
  });
  for (const host of hostNames) {
    const built = await run(['build', '--dist', 'all', '--target', host], { cwd: home });
    expect(built, built.stdout + built.stderr).toMatchObject({ status: 0 });
  }
  good = join(home, 'dist');
});

/** Makes the copy as good as new. */
function restore(): void {
  rmSync(dirname(site), { recursive: true, force: true });
  mkdirSync(dirname(site));
  cpSync(good, dirname(site), { recursive: true, preserveTimestamps: true });
}

async function namedIn(folder: string): Promise<{ names(path: string): boolean; text: string }> {
  const { findings } = await verifySite(folder, () => undefined);
  const text = findings.map((one) => `${one.where}: ${one.text}`).join('\n');
  return { text, names: (path) => text.includes(path) || text.includes(path.slice(path.indexOf('/') + 1)) };
}

test('a good site has no findings, with what hosts have beside it, where it was built and as a copy', async () => {
  restore();
  for (const folder of [join(good, 'all'), site]) {
    const report = await verifySite(folder, () => undefined);
    expect(report).toMatchObject({ findings: [], hosts: hostNames });
    expect(report.files).toBeGreaterThan(30);
  }
  const kinds = new Set((await listedFiles(site)).map(({ path }) => kindOf(path)));
  expect([...kinds].sort()).toEqual(Object.keys(fileKinds).sort());
  withoutForms(site);
  expect(await verifySite(site, () => undefined)).toMatchObject({ findings: [], hosts: [] });
});

const aims: fc.Arbitrary<Aim> = fc.record({ file: fc.nat(), place: fc.nat(), byte: fc.integer({ min: 1, max: 255 }) });

/** Strikes so often with damages of a kind; each is found and named. */
async function findsAll(
  damages: Readonly<Record<string, Damage>>,
  numRuns: number,
  prepare?: (folder: string) => void,
) {
  const some = fc.constantFrom(...Object.keys(damages));
  await fc.assert(
    fc.asyncProperty(some, aims, async (name, aim) => {
      restore();
      prepare?.(site);
      const paths = damages[name]?.(site, aim) ?? [];
      const found = await namedIn(site);
      for (const path of paths)
        expect(found.names(path), `${name}: ${path} is not named in:\n${found.text}`).toBe(true);
    }),
    { numRuns, seed: 20261126, endOnFailure: true },
  );
}

describe('each damage is found and named', () => {
  test('of files, of which no list knows', () => findsAll(fileDamages, 130));
  test('of what a file says, with which all lists agree', () => findsAll(viewDamages, 60, withoutForms));
  test('of compressed forms, with which their list agrees', () => findsAll(formDamages, 10));
});

test('the command reports findings, as text and as data, and nothing where nothing is', async () => {
  restore();
  expect(await run(['verify', site], { cwd: home })).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('whole'),
  });
  rmSync(join(site, '_registry/home.json'));
  const failed = await run(['verify', site], { cwd: home });
  expect(failed).toMatchObject({ status: 1 });
  expect(failed.stdout).toContain('_registry/home.json: ');
  const data = await run(['verify', site, '--json'], { cwd: home });
  expect(data.status).toBe(1);
  const report = JSON.parse(data.stdout) as { findings: unknown[] };
  expect(report.findings).toContainEqual(
    expect.objectContaining({ code: 'file-missing', where: '_registry/home.json', level: 'error' }),
  );
  expect(await run(['verify', 'storage'], { cwd: home })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('[no-site]'),
  });
});

async function verifyAgainst(file: string): Promise<Run> {
  return await run(['verify', site, '--against', file], { cwd: home });
}

describe('--against', () => {
  const release = join('_registry', 'release.json');
  test('the release of the built site: this is it', async () => {
    restore();
    expect(await verifyAgainst(join(good, 'all', release))).toMatchObject({ status: 0 });
  });

  test('a bundle of the built site, and no folder', async () => {
    restore();
    const file = join(home, 'all.tar');
    expect(await run(['bundle', '--dir', join(good, 'all'), '--file', file], { cwd: home })).toMatchObject({
      status: 0,
    });
    for (const given of [file, `${file}.contents`]) expect(await verifyAgainst(given)).toMatchObject({ status: 0 });
    const folder = await verifyAgainst(join(good, 'all'));
    expect(folder).toMatchObject({ status: 2 });
    expect(folder.stderr).toMatch(
      /^error \S*all is a folder \[bad-release\]\n {2}give a file: the _registry\/release\.json/,
    );
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file, bytes);
    expect(await verifyAgainst(file)).toMatchObject({ status: 2, stderr: expect.stringContaining('[bad-bundle]') });
  });

  test('another content, and the same content of another build, are told apart', async () => {
    restore();
    const text = readFileSync(join(good, 'all', release), 'utf8');
    const { seal: _, ...value } = JSON.parse(text) as Record<string, string>;
    writeFileSync(join(home, 'other.json'), sealedDocument({ ...value, tree: '0'.repeat(64) }));
    writeFileSync(join(home, 'again.json'), sealedDocument({ ...value, generator: 'epr-static/0' }));
    const other = await verifyAgainst('other.json');
    expect(other).toMatchObject({ status: 1 });
    expect(other.stdout).toMatch(
      /_registry\/release\.json: is of another site .*\(all, site manifest 000000000000\) \[other-site\]/,
    );
    const again = await verifyAgainst('again.json');
    expect(again).toMatchObject({ status: 1 });
    expect(again.stdout).toContain('another build of the same content [other-site]');
  });

  test.each([
    ['that was changed', (text: string) => text.replace('"all"', '"any"')],
    ['that is of something else', () => sealedDocument({ manifest: '0' })],
    ['that is no JSON', () => 'none'],
  ])('a file %s is refused', async (_, change) => {
    restore();
    writeFileSync(join(home, 'bad.json'), change(readFileSync(join(good, 'all', release), 'utf8')));
    const { status, stderr } = await verifyAgainst('bad.json');
    expect(status).toBe(2);
    expect(stderr).toContain(`error ${join(home, 'bad.json')} is no release.json that a build has written`);
    expect(await verifyAgainst('nowhere.json')).toMatchObject({ status: 2 });
  });

  test('a damaged site is damaged, whatever it says of itself', async () => {
    restore();
    writeFileSync(join(site, 'favicon.ico'), 'damaged');
    const { status, stdout } = await verifyAgainst(join(good, 'all', release));
    expect(status).toBe(1);
    expect(stdout).toContain('favicon.ico');
  });
});
