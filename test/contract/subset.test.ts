import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { buildSite } from '../support/contract.ts';
import { coreInMemory, serve } from '../support/implementations.ts';
import { compareForKibanas, knownTo, toClient } from '../support/kibana-requests.ts';
import type { WrittenClient } from '../support/kibana-requests.ts';

/* A subset of the cases answers its Kibanas as the whole does, byte for byte. */

const cases = new URL('../cases', import.meta.url).pathname;
const site = await buildSite(cases, { name: 'cases', layers: ['zips', 'first', 'second'], packages: '.' });
afterAll(() => site.remove());

const sets: readonly (readonly [number: number, lines: readonly WrittenClient[]])[] = [
  [1, [{ kibana: '8.5.0' }]],
  [
    2,
    [
      { kibana: '7.17.0', prerelease: false },
      { kibana: '9.2.1', spec: '2.3-3.6', capabilities: ['security'] },
    ],
  ],
  [3, [{ kibana: '8.1.0-SNAPSHOT', spec: '1.0 - 3.0', capabilities: ['observability', 'security', 'uptime'] }]],
];

describe.each(sets)('the part of set %d', (number, lines) => {
  test.each([coreInMemory, serve])('answers as the whole: $name', async (implementation) => {
    const part = await site.part(`part-${number}`, { for: lines });
    expect(part.report.revisions).toBeLessThan(site.report.revisions);
    const running = [await implementation.start(site.folder), await implementation.start(part.folder)] as const;
    const options = { clients: lines.map(toClient), known: await knownTo(running[0]), count: 600, seed: number };
    expect((await compareForKibanas(running, options)).different).toEqual([]);
    await Promise.all(running.map((one) => one.stop()));
  });
});

test('a part of a part answers as the part in between', async () => {
  const [between, lines] = [sets[1]?.[1] ?? [], [{ kibana: '9.2.1', spec: '2.3-3.6' }]];
  const middle = await site.part('middle', { for: between });
  const part = await site.part('inner', { for: lines }, { for: between });
  const running = [await coreInMemory.start(middle.folder), await coreInMemory.start(part.folder)] as const;
  const options = { clients: lines.map(toClient), known: await knownTo(running[0]), count: 300, seed: 4 };
  expect((await compareForKibanas(running, options)).different).toEqual([]);
});

test('a part holds no file of what it leaves out', async () => {
  const { folder, report } = await site.part('part-1', { for: sets[0]?.[1] ?? [] });
  const versions = readdirSync(join(folder, 'package'), { recursive: true, withFileTypes: true }).filter(
    (one) => one.name === 'manifest.yml' && existsSync(join(one.parentPath, 'docs')),
  );
  const zips = readdirSync(join(folder, 'epr'), { recursive: true }).filter((one) => String(one).endsWith('.zip'));
  expect([versions.length, zips.length]).toEqual([report.revisions, report.revisions]);
});
