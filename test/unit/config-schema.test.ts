import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { newStorageFiles } from '../../src/workflow/new-storage.ts';
import { configJsonSchema } from '../support/config-schema.ts';
import { REPOSITORY } from '../support/source.ts';

/*
 * `npx vitest run test/unit/config-schema.test.ts -u` brings the JSON schema up to date, after a change of src/config/schema.ts or of
 * the README's table of keys.
 */

const FILE = `${REPOSITORY}content/distributions.schema.json`;

test('the JSON schema of distributions.yml is that of the program', async () => {
  const schema = configJsonSchema(readFileSync(`${REPOSITORY}README.md`, 'utf8'));
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(FILE);
});

const FIRST_LINE = '# yaml-language-server: $schema=distributions.schema.json';

test('the sample names its schema', () => {
  expect(readFileSync(`${REPOSITORY}content/distributions.yml`, 'utf8').split('\n')[0]).toBe(FIRST_LINE);
});

test('a new storage names its schema, which lies beside its distributions file', async () => {
  const files = await newStorageFiles();
  expect(files['content/distributions.yml']?.split('\n')[0]).toBe(FIRST_LINE);
  expect(files['content/distributions.schema.json']).toBe(readFileSync(FILE, 'utf8'));
});
