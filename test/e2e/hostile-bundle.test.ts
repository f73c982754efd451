import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { RECIPE, TEXTS } from '../../src/bundle/description.ts';
import type { BundledFile, Recipe } from '../../src/bundle/recipe.ts';
import { putTogether, recipeText, takeApart } from '../support/bundles.ts';
import type { LooseBundle } from '../support/bundles.ts';
import { listing, run, temporaryFolder } from '../support/cli.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';

/* Bundles that mean harm, with every digest and seal right: they are refused, and nothing is written outside of the folder or in it. */

const home = temporaryFolder();
const good = join(home, 'good.tar');

beforeAll(async () => {
  writeFiles(home, { 'content/distributions.yml': distributions('../storage', ['main']) });
  writeFiles(home, under('storage/main/packages', packageFiles('acme', '1.0.0')));
  for (const args of [
    ['build', '--dist', 'all', '--target', 'nginx'],
    ['bundle', '--dist', 'all', '--file', good],
  ]) {
    const ended = await run(args, { cwd: home });
    expect(ended, ended.stdout + ended.stderr).toMatchObject({ status: 0 });
  }
});

/** A bundle with one more file, of a content that it holds. */
function withFile(path: string, more: Partial<BundledFile> = {}): (bundle: LooseBundle) => void {
  return (bundle) => {
    const { digest, size } = bundle.recipe.files.find((file) => !file.isList) as BundledFile;
    change(bundle, ({ files }) => ({ files: [...files, { host: '', path, digest, size, isList: false, ...more }] }));
    const { files, bytes } = bundle.description;
    bundle.description = { ...bundle.description, files: files + 1, bytes: bytes + (more.size ?? size) };
  };
}

function change(bundle: LooseBundle, by: (recipe: Recipe) => Partial<Recipe>): void {
  bundle.recipe = { ...bundle.recipe, ...by(bundle.recipe) };
}

const zeros = brotliCompressSync(Buffer.alloc(50e6));

const cases: readonly [string, (bundle: LooseBundle) => Readonly<Record<string, Buffer>> | void][] = [
  ['a path that leads up', withFile('../../evil')],
  ['a path that leads up in the middle', withFile('package/../../evil')],
  ['an absolute path', withFile('/tmp/epr-static-evil')],
  ['an empty part of a path', withFile('package//evil')],
  ['a NUL', withFile('package/a\0b')],
  ['a drive', withFile('C:\\evil')],
  ['the journal', withFile('.epr-static/journal.json')],
  ['half of a surrogate pair', withFile('package/\udc80')],
  ['a file in the place of a folder', withFile('package')],
  ['a file below a file', withFile('favicon.ico/evil')],
  ['a path twice', withFile('favicon.ico')],
  ['a host that leads up', withFile('evil', { host: '/../evil' })],
  ['the journal of a host', withFile('.epr-static/journal.json', { host: 'nginx' })],
  [
    'a file that no list of the site names, which fits the totals',
    (bundle) => void (bundle.description = { ...bundle.description, manifest: '0'.repeat(64) }),
  ],
  ['more bytes than it says', (bundle) => void (bundle.description = { ...bundle.description, bytes: 1 })],
  ['a size that is none', withFile('evil', { size: -1 })],
  [
    'a content that is another',
    (bundle) =>
      change(bundle, ({ streams }) => ({
        streams: streams.map((one, i) => (i === 0 ? { ...one, content: streams[1]?.content ?? '' } : one)),
      })),
  ],
  [
    'a stream beyond its pack',
    (bundle) =>
      change(bundle, ({ streams }) => ({
        streams: streams.map((one) => ({ ...one, packedSize: one.packedSize + 9e6 })),
      })),
  ],
  [
    'a pack that it lacks',
    (bundle) => change(bundle, ({ streams }) => ({ streams: streams.map((one) => ({ ...one, pack: 77 })) })),
  ],
  ['texts beyond their end', (bundle) => void (bundle.texts = bundle.texts.subarray(0, 10))],
  ['texts that unpack to more than all files', () => ({ [TEXTS]: zeros })],
  ['texts that are no Brotli', () => ({ [TEXTS]: Buffer.from('none') })],
  ['a recipe of nested lists', () => ({ [RECIPE]: brotliCompressSync(Buffer.from(`${'['.repeat(1e6)}\n`)) })],
  [
    'a recipe that is cut',
    (bundle) => ({ [RECIPE]: brotliCompressSync(Buffer.from(recipeText(bundle.recipe).slice(0, -9))) }),
  ],
];

describe('a bundle with', () => {
  test.each(cases)('%s', async (name, harm) => {
    const folder = temporaryFolder();
    const file = join(folder, 'bad.tar');
    const bundle = takeApart(good);
    const raw = harm(bundle);
    putTogether(bundle, file, raw ?? {});
    cpSync(join(home, 'dist'), join(folder, 'deep/old'), { recursive: true, preserveTimestamps: true });
    const before = listing(folder);
    const { status, stderr } = await run(['apply', file, '--to', 'deep/new/all'], { cwd: folder });
    expect(stderr, name).toMatch(/^error .*\[(bad-bundle|lacks-contents)\]\n/);
    expect(status).toBe(2);
    await run(['apply', file, '--to', 'deep/old/all'], { cwd: folder }); // where all is there, most of the bundle is not needed
    expect(listing(folder).filter((line) => !line.includes('want.json'))).toEqual(before);
  });

  test('nothing changed is taken', async () => {
    const folder = temporaryFolder();
    putTogether(takeApart(good), join(folder, 'same.tar'));
    expect(await run(['apply', 'same.tar', '--to', 'all'], { cwd: folder })).toMatchObject({ status: 0 });
  });
});
