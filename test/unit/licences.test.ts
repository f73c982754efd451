import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { licencePage, refusedLicences } from '../support/licences.ts';
import { REPOSITORY } from '../support/source.ts';

/* `npx vitest run test/unit/licences.test.ts -u` brings docs/licences.md up to date, after a change of dependencies. */

const lock = readFileSync(`${REPOSITORY}package-lock.json`, 'utf8');

test('docs/licences.md lists what is installed with the program', async () => {
  await expect(licencePage(lock)).toMatchFileSnapshot(`${REPOSITORY}docs/licences.md`);
});

test('each dependency has a licence of the list', () => {
  expect(refusedLicences(lock)).toEqual([]);
});

test('another licence is found, and none; not those of development', () => {
  const packages = {
    '': { license: 'none' },
    'node_modules/a': { version: '1.0.0', license: 'AGPL-3.0' },
    'node_modules/@b/c': { version: '2.0.0' },
    'node_modules/d': { version: '1.0.0', license: 'AGPL-3.0', dev: true },
    'node_modules/e/node_modules/f': { version: '1.0.0', license: 'MIT' },
  };
  expect(refusedLicences(JSON.stringify({ packages }))).toEqual(['@b/c 2.0.0: unknown', 'a 1.0.0: AGPL-3.0']);
});
