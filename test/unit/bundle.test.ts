import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bundlePath, hostNames } from '../../src/hosts/hosts.ts';
import { notEdgePlain } from '../support/edge-plain.ts';
import { parseModule } from '../support/source.ts';

/* The bundles that `npm run compile` makes; every host loads one at the edge. */

const present = hostNames.map((name) => [name, bundlePath(name)] as const).filter(([, path]) => existsSync(path));
const njs = bundlePath('nginx');

test('there are bundles: npm run compile makes them', () => {
  expect(present).not.toEqual([]);
});

test.each(present)('%s: at most 40 kB as it is', (_, path) => {
  expect(readFileSync(path).length).toBeLessThanOrEqual(40_000);
});

describe.skipIf(!existsSync(njs))('the njs bundle', () => {
  const code = existsSync(njs) ? readFileSync(njs, 'utf8') : '';
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
