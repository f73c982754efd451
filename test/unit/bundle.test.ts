import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hosts } from '../../src/hosts/hosts.ts';
import type { Host } from '../../src/hosts/hosts.ts';
import { notEdgePlain } from '../support/edge-plain.ts';
import { parseModule } from '../support/source.ts';

/* The bundles that `npm run compile` makes; every host loads one at the edge. */

const bundles = Object.entries<Host>(hosts).map(([name, { bundle }]) => [name, bundle.file] as const);
const present = bundles.filter(([, file]) => existsSync(path(file)));
const njs = hosts.nginx.bundle.file;

test('there are bundles: npm run compile makes them', () => {
  expect(present).not.toEqual([]);
});

test.each(present)('%s: at most 40 kB as it is', (_, file) => {
  expect(readFileSync(path(file)).length).toBeLessThanOrEqual(40_000);
});

describe.skipIf(!existsSync(path(njs)))('the njs bundle', () => {
  const code = existsSync(path(njs)) ? readFileSync(path(njs), 'utf8') : '';
  const module = parseModule('epr.js', code);

  test('has nothing that njs 0.7.9 does not know', () => {
    // njs has a Buffer, which only the adapter uses.
    expect(notEdgePlain(module).filter((fault) => !fault.endsWith(': Buffer'))).toEqual([]);
  });

  test('imports fs by the name that njs has for it, and exports one default', () => {
    expect(module.imports).toEqual([{ target: 'fs', isType: false }]);
    expect(module.places.filter(({ node }) => node.type.startsWith('Export'))).toHaveLength(1);
    expect(code).toMatch(/export default [\w$]+;\n$/);
  });
});

function path(file: string): string {
  return new URL(`../../lib/hosts/${file}`, import.meta.url).pathname;
}
