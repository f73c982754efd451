import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { manifestLine } from '../../src/tree/manifest.ts';
import { hasDigests, manifestHash, treeDigest } from '../../src/tree/manifest-digests.ts';
import type { ManifestDigests } from '../../src/tree/manifest-digests.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function linesOf(paths: readonly string[]): string[] {
  return paths.map((path) => manifestLine({ path, size: 1, digest: sha256(path), type: 'text/html', cache: 'index' }));
}

/** The digests, where each of the texts is hashed by itself. */
function hashed(...texts: readonly string[]): ManifestDigests {
  const hash = manifestHash();
  for (const text of texts) hash.update(Buffer.from(text));
  return hash.digests();
}

const ANSWERS = linesOf(['package/a/1.0.0/_browse/x', 'package/a/1.0.0/{"path":"_browse/', '_registry/index.json']);
const PAGES = linesOf(['_browse/a/index.html', '_browse/index.html', '_registry/files/pages.json']);
const [answers, whole] = [ANSWERS.join(''), [...ANSWERS, ...PAGES].join('')];
const digests = { manifest: sha256(answers), tree: sha256(whole) };

describe('the digests of a site manifest', () => {
  test('are one where there are no pages', () => {
    expect(hashed(answers)).toEqual({ manifest: sha256(answers) });
    expect(hashed()).toEqual({ manifest: sha256('') });
  });

  test('are two where there are pages, however the lines are cut into pieces', () => {
    expect(hashed(whole)).toEqual(digests);
    expect(hashed(...ANSWERS, ...PAGES)).toEqual(digests);
    expect(hashed(answers, PAGES.join(''))).toEqual(digests);
    expect(hashed(PAGES.join(''))).toEqual({ manifest: sha256(''), tree: sha256(PAGES.join('')) });
  });

  test('have that of the whole, with and without pages', () => {
    expect(treeDigest(digests)).toBe(sha256(whole));
    expect(treeDigest({ manifest: sha256(answers) })).toBe(sha256(answers));
  });
});

describe('named digests', () => {
  test.each<[string, ManifestDigests, boolean]>([
    ['both', digests, true],
    ['that of the whole alone, as older builds did', { manifest: digests.tree }, true],
    ['that of the answers alone', { manifest: digests.manifest }, false],
    ['another one of the answers', { ...digests, manifest: sha256('other') }, false],
    ['another one of the whole', { ...digests, tree: sha256('other') }, false],
  ])('are those of a manifest: %s', (_, named, is) => {
    expect(hasDigests(digests, named)).toBe(is);
  });
});
