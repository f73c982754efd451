import { createHash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseDescription } from '../../src/bundle/description.ts';
import type { Recipe } from '../../src/bundle/recipe.ts';
import { readTar } from '../../src/bundle/tar.ts';
import { HELD_DIGITS, parseWant } from '../../src/bundle/want.ts';
import { hostNames } from '../../src/hosts/hosts.ts';
import type { BundleReport } from '../../src/commands/bundle/run.ts';
import { recipeIn } from '../support/bundles.ts';
import { run, shippedContent, temporaryFolder } from '../support/cli.ts';

/* What `bundle` writes, and that every file of the site comes of it again, byte for byte. */

const home = temporaryFolder();
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function bundle(...args: readonly string[]): Promise<BundleReport> {
  const { status, stdout, stderr } = await run(['bundle', ...args, '--json'], { cwd: home });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  return JSON.parse(stdout) as BundleReport;
}

async function build(name: string, ...args: readonly string[]): Promise<void> {
  const built = await run(['build', '--dist', name, ...args], { cwd: home });
  expect(built).toMatchObject({ status: 0 });
}

/** The members of all parts. */
function membersOf({ parts }: BundleReport): Map<string, Buffer> {
  const members = new Map<string, Buffer>();
  for (const { file, digest } of parts) {
    const bytes = readFileSync(file);
    expect(sha256(bytes)).toBe(digest);
    const open = openSync(file, 'r');
    for (const { name, offset, size } of readTar(open, file)) members.set(name, bytes.subarray(offset, offset + size));
    closeSync(open);
  }
  const { members: listed } = parseDescription(members.get('bundle.json')!.toString(), 'bundle.json');
  expect(listed.map(({ name }) => name)).toEqual([...members.keys()].filter((name) => name !== 'bundle.json'));
  for (const { name, digest } of listed) expect(sha256(members.get(name)!)).toBe(digest);
  return members;
}

/** What `apply` makes of a bundle, in a copy of a site if it needs one. */
async function unpack({ parts }: BundleReport, base?: string): Promise<Record<string, string>> {
  const to = join(temporaryFolder(), basename(site));
  if (base !== undefined) cpSync(base, to, { recursive: true });
  const applied = await run(['apply', ...parts.map(({ file }) => file), '--to', to], { cwd: home });
  expect(applied).toMatchObject({ status: 0 });
  return onDisk(to);
}

/** The digests of what lies in a site and the folders of its hosts. */
function onDisk(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const host of ['', ...hostNames.map((name) => `.${name}`)])
    for (const path of existsSync(folder + host) ? filesBelow(folder + host) : [])
      found[join(host, path)] = sha256(readFileSync(join(folder + host, path)));
  return found;
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).sort();
}

function recipeOf(report: BundleReport): Recipe {
  return recipeIn(brotliDecompressSync(membersOf(report).get('recipe.ndjson.br')!).toString());
}

const site = join(home, 'dist/snapshot');
const old = join(home, 'old/production');

beforeAll(async () => {
  cpSync(shippedContent, join(home, 'content'), { recursive: true });
  await build('production', '--out', 'old');
  await build('snapshot', '--target', 'nginx');
  await build('snapshot', '--target', 'cloudflare');
});

describe('a bundle', () => {
  test('has every byte of the site and the folders of its hosts, and is the same each time', async () => {
    const report = await bundle('--dist', 'snapshot');
    expect(basename(report.file)).toBe('snapshot.tar');
    expect(readFileSync(`${report.file}.sha256`, 'utf8')).toBe(`${report.digest}  snapshot.tar\n`);
    expect(await unpack(report)).toEqual(onDisk(site));
    expect(report.files).toBe(Object.keys(onDisk(site)).length);
    expect(membersOf(report).get('README.txt')!.toString()).toContain('node apply.mjs snapshot.tar --to snapshot');
    expect(recipeOf(report).contents.filter(({ kind }) => kind === 'zip').length).toBeGreaterThan(3);
    rmSync(report.file);
    expect((await bundle('--dist', 'snapshot')).digest).toBe(report.digest);
  });

  test('that follows another site leaves out what that has', async () => {
    const report = await bundle('--dist', 'snapshot', '--since', old);
    expect(basename(report.file)).toBe('snapshot.delta.tar');
    expect(await unpack(report, old)).toEqual(onDisk(site));
    const { streams, contents, bases } = recipeOf(report);
    const has = new Set(Object.values(onDisk(old)));
    expect(streams.filter(({ content, pack }) => pack !== null && has.has(content))).toEqual([]);
    expect(contents.filter(({ digest }) => has.has(digest))).toEqual([]);
    expect(bases.length).toBeGreaterThan(0);
  });

  test('that follows the same site holds next to nothing', async () => {
    const report = await bundle('--dist', 'snapshot', '--since', site);
    expect(recipeOf(report).streams).toEqual([]);
    expect(await unpack(report, site)).toEqual(onDisk(site));
  });

  test('that follows a want.json has all that the folder lacks', async () => {
    const delta = await bundle('--dist', 'snapshot', '--since', old);
    const to = join(temporaryFolder(), 'snapshot');
    cpSync(old, to, { recursive: true });
    const lacking = filesBelow(to).find((path) => path.endsWith('manifest.yml'))!;
    rmSync(join(to, lacking));
    rmSync(join(to, 'epr'), { recursive: true });
    const refused = await run(['apply', delta.file, '--to', to], { cwd: home });
    expect(refused.status).not.toBe(0);
    const want = filesBelow(dirname(to)).find((path) => path.endsWith('want.json'))!;
    const report = await bundle('--dist', 'snapshot', '--since', join(dirname(to), want));
    const holds = new Set(parseWant(readFileSync(join(dirname(to), want), 'utf8'), want).holds);
    const again = recipeOf(report).contents.filter(({ digest }) => holds.has(digest.slice(0, HELD_DIGITS)));
    expect(again).toEqual([]);
    expect(await run(['apply', report.file, '--to', to], { cwd: home })).toMatchObject({
      stderr: expect.not.stringContaining('bug'),
    });
    expect(onDisk(to)).toEqual(onDisk(site));
  });

  test('is split into parts that are no larger than was asked for', async () => {
    const report = await bundle('--dist', 'snapshot', '--max-part', '300K', '--file', 'a.tar');
    expect(report.parts.length).toBeGreaterThan(1);
    expect(report.parts.slice(0, 2).map(({ file }) => basename(file))).toEqual(['a.tar', 'a.2.tar']);
    for (const { file, size } of report.parts) {
      expect(size).toBeLessThanOrEqual(300 * 1024);
      expect(statSync(file).size).toBe(size);
    }
    expect(await unpack(report)).toEqual(onDisk(site));
    expect(readFileSync(`${report.file}.sha256`, 'utf8').split('\n')).toHaveLength(report.parts.length + 1);
  });

  test.each([
    [['--max-part', 'much'], '--max-part much is no size'],
    [['--max-part', '2K'], "a part of 2048 bytes can't hold"],
    [['--since', 'nothing'], 'nothing is not there'],
    [['--since', 'content'], 'content holds no site'],
    [['--since', 'old/production', '--format', 'zip'], "don't go with --format zip"],
  ])('with %j it says what is wrong, and leaves nothing behind', async (args, message) => {
    mkdirSync(join(home, 'empty'), { recursive: true });
    const { status, stderr } = await run(['bundle', '--dist', 'snapshot', '--file', 'empty/a.tar', ...args], {
      cwd: home,
    });
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(readdirSync(join(home, 'empty'))).toEqual([]);
  });
});

test.each(['epr', '_registry/answers', '_registry/files/', 'favicon.ico'])(
  'a site with a damaged file is not packed (%s)',
  async (path) => {
    await build('staging', '--out', 'damaged');
    const damaged = filesBelow(join(home, 'damaged/staging')).find((one) => one.startsWith(path))!;
    const place = join(home, 'damaged/staging', damaged);
    const bytes = readFileSync(place);
    bytes[bytes.length >> 1]! ^= 1;
    rmSync(place);
    writeFileSync(place, bytes);
    const { status, stderr } = await run(['bundle', '--dir', 'damaged/staging'], { cwd: home });
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining(damaged) });
    expect(existsSync(join(home, 'damaged/staging.tar'))).toBe(false);
    rmSync(join(home, 'damaged'), { recursive: true });
  },
);

test('a file of a host that is too large for memory', async () => {
  await build('staging', '--out', 'large');
  mkdirSync(join(home, 'large/staging.nginx'));
  const large = join(home, 'large/staging.nginx/large');
  writeFileSync(large, Buffer.alloc(2 ** 26 + 5, 'a'));
  appendFileSync(large, 'end');
  const made = await unpack(await bundle('--dir', 'large/staging'));
  expect(made['.nginx/large']).toBe(sha256(readFileSync(large)));
  rmSync(join(home, 'large'), { recursive: true });
});
