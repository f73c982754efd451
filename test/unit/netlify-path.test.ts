import { expect, test } from 'vitest';
import { netlifyPath } from '../../src/hosts/netlify/path.ts';

const byDigest = (path: string): boolean => netlifyPath(path, 'd1') === '_registry/content/d1';

test.each([
  'package/acme/1.0.0/docs/README.md',
  'package/acme/1.0.0-rc.1+b~x/a=b@2x.png',
  '_registry/files/acme/1.0.0+build.json',
  'epr/acme/acme-1.0.0.zip.sig',
])('%s is deployed under its own path', (path) => {
  expect(netlifyPath(path, 'd1')).toBe(path);
});

test.each([
  'package/acme/1.0.0/a#b.txt', // the CLI refuses it
  'package/acme/1.0.0/what?.txt',
  'package/acme/1.0.0/.hidden', // the CLI skips it
  'package/acme/1.0.0/.github/ci.yml',
  'package/acme/1.0.0/node_modules/x.js',
  'package/acme/1.0.0/__MACOSX/x',
  'package/acme/1.0.0/a b.txt', // escaped in a URL
  'package/acme/1.0.0/100%.txt',
  'package/acme/1.0.0/grün.txt',
  'package/acme/1.0.0/back\\slash',
  'package/acme/1.0.0/docs/index.html', // redirected by Netlify
  'package/acme/1.0.0/docs/OLD.HTM',
])('%s is deployed by its digest', (path) => {
  expect(byDigest(path)).toBe(true);
});
