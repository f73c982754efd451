import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { siteRules } from '../../src/hosts/netlify/target.ts';
import { mediaTypeByExtension } from '../../src/tree/media-type.ts';

const own = readFileSync(new URL('../../netlify.toml', import.meta.url), 'utf8');

test("the repository's netlify.toml has the rules that a build writes", () => {
  expect(own.endsWith(siteRules(600))).toBe(true);
});

test('its types are those of the registry', () => {
  const typed = [...own.matchAll(/for = "(\/\*\.\w+)"\n\[headers\.values\]\nContent-Type = "(.+)"/g)];
  expect(typed.length).toBeGreaterThan(3);
  for (const [, pattern = '', type] of typed) expect(mediaTypeByExtension(pattern)).toBe(type);
});
