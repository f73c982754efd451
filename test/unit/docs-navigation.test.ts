import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COMMANDS, CONFIGURATION, isPage, NAVIGATION, placeOf } from '../../scripts/docs/navigation.ts';
import { REPOSITORY } from '../support/source.ts';

const listed = NAVIGATION.flatMap(({ pages }) => pages);

test('each document has a place in the docs site', () => {
  const documents = readdirSync(`${REPOSITORY}docs`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  expect(documents.filter((path) => !isPage(path))).toEqual([]);
  expect(new Set(listed).size).toBe(listed.length);
});

test('each page of the docs site is there, or is generated', () => {
  expect(listed.filter((path) => !existsSync(REPOSITORY + path))).toEqual([COMMANDS, CONFIGURATION]);
});

test.each([
  ['README.md', 'index.html'],
  ['docs/tutorial.md', 'tutorial.html'],
  ['docs/decisions/README.md', 'decisions/index.html'],
  ['ARCHITECTURE.md', 'architecture.html'],
])('%s lies at %s', (path, place) => {
  expect(placeOf(path)).toBe(place);
});
