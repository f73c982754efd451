import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { firstMember } from '../../src/bundle/tar.ts';
import { temporaryName } from '../../src/tree/commit/leftovers.ts';
import { listing, run, temporaryFolder } from '../support/cli.ts';
import type { Run } from '../support/cli.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';
import type { Files } from '../support/repository.ts';
import { made } from '../support/zip-bytes.ts';

/* What `bundle --since` takes for what the other side has, and what lies beside a bundle. */

const home = temporaryFolder();
const built = (month: number): string => join(home, String(month), 'all');
const picture = randomBytes(40_000);
/** What a zip holds as it is, and a later package compressed. */
const seal = 'A seal. '.repeat(500);
/** What a package has that stays as it was, and one that is new in the third month. */
const old = randomBytes(9000).toString('hex');

/** A package whose description, in each generated file that has it, is as large as a picture. */
function wordy(): Files {
  const files = packageFiles('wordy', '1.0.0', { 'img/old.svg': old });
  const manifest = String(files['wordy/1.0.0/manifest.yml']);
  const description = `description: ${randomBytes(picture.length).toString('hex')}`;
  return { ...files, 'wordy/1.0.0/manifest.yml': manifest.replace(/^description: .*$/m, description) };
}

/** A package in a zip that doesn't compress its pictures. */
function storedZip(version: string): Record<string, Buffer> {
  const pictures = { [`drawn/${version}/img/a.png`]: picture, [`drawn/${version}/img/seal.png`]: seal };
  const files = { ...packageFiles('drawn', version), ...pictures };
  const entries = Object.entries(files).map(([path, content]) => ({
    name: `drawn-${version}/${path.slice(`drawn/${version}/`.length)}`,
    content: Buffer.from(content),
    stored: path.endsWith('.png'),
  }));
  return { [`drawn-${version}.zip`]: made(entries) };
}

/** Holds the sites of three months. */
beforeAll(async () => {
  writeFiles(home, { 'content/distributions.yml': distributions('../storage', ['main']) });
  const noise = { 'img/noise.svg': randomBytes(30_000).toString('hex') };
  const months = [
    [packageFiles('acme', '1.0.0', noise), packageFiles('other', '1.0.0'), wordy(), storedZip('1.0.0')],
    [packageFiles('acme', '1.1.0', { ...noise, 'img/seal.png': seal }), storedZip('1.1.0')],
    [packageFiles('third', '1.0.0', { ...noise, 'img/old.svg': old })],
  ];
  for (const [i, files] of months.entries()) {
    writeFiles(home, under('storage/main/packages', ...files));
    if (i === 2) rmSync(join(home, 'storage/main/packages/other'), { recursive: true });
    await succeed('build', '--dist', 'all', '--target', 'nginx');
    cpSync(join(home, 'dist'), join(home, String(i + 1)), { recursive: true, preserveTimestamps: true });
  }
  await succeed('bundle', '--dir', built(1), '--file', join(home, 'full.tar'));
  mkdirSync(join(home, 'parts'));
  await succeed('bundle', '--dir', built(1), '--file', join(home, 'parts/all.tar'), '--max-part', '80k');
  await succeed('bundle', '--dir', built(2), '--since', built(1), '--file', join(home, 'delta.tar'));
});

async function bundle(...args: string[]): Promise<Run> {
  return await run(['bundle', ...args], { cwd: home });
}

async function succeed(...args: string[]): Promise<Run> {
  const ended = await run(args, { cwd: home });
  expect(ended, ended.stdout + ended.stderr).toMatchObject({ status: 0 });
  return ended;
}

/** Makes a bundle of a month since `since`, and applies it to the site of the month before. Gives its size. */
async function carried(month: number, since: string): Promise<number> {
  const [folder, file] = [temporaryFolder(), join(temporaryFolder(), 'carried.tar')];
  await succeed('bundle', '--dir', built(month), '--since', since, '--file', file);
  cpSync(join(home, String(month - 1)), folder, { recursive: true, preserveTimestamps: true });
  await succeed('apply', file, '--to', join(folder, 'all'));
  expect(listing(folder)).toEqual(listing(join(home, String(month))));
  return statSync(file).size;
}

test.each([
  ['a bundle', 2, 'full.tar'],
  ['the first part of a bundle', 2, 'parts/all.tar'],
  ['the list of contents of a bundle', 2, 'full.tar.contents'],
  ['a bundle that has a base of its own', 3, 'delta.tar'],
  ['the list of contents of such a bundle', 3, 'delta.tar.contents'],
])('%s says what the other side has as its folder does', async (_, month, since) => {
  const [byFolder, size] = [await carried(month, built(month - 1)), await carried(month, join(home, since))];
  // A folder says nothing of what nginx has beside it, so its bundle has the 16 kB of njs again.
  expect(size).toBeLessThan(byFolder);
  expect(byFolder - size).toBeLessThan(picture.length / 2);
  expect(size).toBeLessThan(statSync(join(home, 'full.tar')).size - picture.length);
});

test('the list beside a bundle is that of the site, whatever the bundle left out', async () => {
  const [since, whole] = [join(home, 'delta.tar.contents'), join(temporaryFolder(), 'all.tar.gz')];
  await succeed('bundle', '--dir', built(2), '--file', whole);
  expect(statSync(since).size).toBeLessThan(statSync(whole).size / 3);
  expect(await carried(3, `${whole}.contents`)).toBe(await carried(3, since));
});

/** A bundle with a base of its own, and nothing beside it. */
function elsewhere(): string {
  const folder = temporaryFolder();
  copyFileSync(join(home, 'delta.tar'), join(folder, 'delta.tar'));
  return folder;
}

async function refusal(since: string): Promise<string> {
  const { status, stderr } = await bundle('--dir', built(3), '--since', since, '--file', 'never.tar');
  expect(status).toBe(2);
  return stderr;
}

describe('refused by name:', () => {
  test('a bundle with a base of its own whose list is not beside it, or is of another one', async () => {
    const folder = elsewhere();
    expect(await refusal(join(folder, 'delta.tar'))).toContain(`${folder}/delta.tar.contents is not there`);
    copyFileSync(join(home, 'full.tar.contents'), join(folder, 'delta.tar.contents'));
    expect(await refusal(join(folder, 'delta.tar'))).toContain('is the list of another bundle');
  });

  test.each(['full.tar', 'delta.tar.contents'])('a damaged one (%s)', async (name) => {
    const file = join(temporaryFolder(), name);
    const bytes = readFileSync(join(home, name));
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file, bytes);
    expect(await refusal(file)).toMatch(/^error .*\[bad-bundle\]/);
    expect(await refusal(file)).toContain(file);
  });

  test('a bundle that lacks a part, a folder without a site, any other file', async () => {
    const folder = temporaryFolder();
    copyFileSync(join(home, 'parts/all.tar'), join(folder, 'all.tar'));
    expect(await refusal(join(folder, 'all.tar'))).toContain('all.tar');
    expect(await refusal(folder)).toContain(`${folder} holds no site`);
    expect(await refusal(join(home, 'content/distributions.yml'))).toContain("doesn't say what the other side has");
  });

  test('what the bundle itself would replace', async () => {
    copyFileSync(join(home, 'delta.tar'), join(home, 'never.tar'));
    copyFileSync(join(home, 'delta.tar.contents'), join(home, 'never.tar.contents'));
    for (const since of ['never.tar', 'never.tar.contents'])
      expect(await refusal(since)).toContain(`--since ${since} is a file that this bundle would replace`);
    for (const name of ['never.tar', 'never.tar.contents']) rmSync(join(home, name));
  });

  test('a list of contents is nothing to apply', async () => {
    const folder = temporaryFolder();
    const { status, stderr } = await run(['apply', 'full.tar.contents', '--to', join(folder, 'all')], { cwd: home });
    expect(status).toBe(2);
    expect(stderr).toContain('full.tar.contents lists what a bundle holds');
    expect(readdirSync(folder)).toEqual([]);
  });
});

test('parts of an earlier bundle of the name go, and nothing else does', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'all.tar');
  await succeed('bundle', '--dir', built(1), '--file', file, '--max-part', '80k');
  const before = readdirSync(folder).filter((name) => /^all\.\d+\.tar$/.test(name));
  expect(before.length).toBeGreaterThan(2);
  rmSync(join(folder, 'all.2.tar'));
  copyFileSync(join(home, 'full.tar'), join(folder, 'all.77.tar'));
  expect(firstMember(join(folder, 'all.77.tar'))).toBe('README.txt');
  writeFileSync(join(folder, 'all.78.tar'), 'mine');
  writeFileSync(temporaryName(join(folder, 'all.9.tar')).replace(/-\d+-/, '-999999999-'), 'left by a killed run');
  await succeed('bundle', '--dir', built(1), '--file', file);
  const kept = ['all.77.tar', 'all.78.tar', 'all.tar', 'all.tar.contents', 'all.tar.sha256'];
  expect(readdirSync(folder).sort()).toEqual(kept);
});
