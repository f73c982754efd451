import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRecords } from '../../src/mirror/records.ts';
import { temporaryFolder } from '../support/cli.ts';
import { sampled } from '../support/faults.ts';
import type { Fault, Step } from '../support/faults.ts';
import { mirrorApart } from '../support/mirror-run.ts';
import type { MirrorRun } from '../support/mirror-run.ts';
import { makeSigner } from '../support/signatures.ts';
import { packageZip, startUpstream, zipAt } from '../support/upstream.ts';
import type { Upstream } from '../support/upstream.ts';

/*
 * A run that is killed, or refused by the system, at any change of the cache: nothing that isn't whole ever counts, and the next run
 * fetches what is missing, and only that.
 */

const folder = temporaryFolder();
const cache = join(folder, 'cache');
const trace = join(folder, 'trace');
const registries = join(cache, 'registries');
const signer = await makeSigner();

async function startSigned(): Promise<Upstream> {
  const upstream = await startUpstream();
  const zip = packageZip('acme', '1.0.0');
  upstream.add('acme', '1.0.0', { zip, signature: await signer.sign(zip) });
  upstream.add('acme', '2.0.0');
  return upstream;
}

/** Runs with a fault at one of the steps that change the cache. */
async function disturb(
  upstream: Upstream,
  fault: { readonly at?: string; readonly fault?: Fault },
): Promise<MirrorRun & { readonly steps: Step[] }> {
  rmSync(cache, { recursive: true, force: true });
  rmSync(`${trace}.full`, { force: true });
  const preload = new URL('../support/fault.mjs', import.meta.url).href;
  const env = { EPR_FAULT: JSON.stringify({ ...fault, trace, roots: [cache] }), NODE_OPTIONS: `--import=${preload}` };
  const ended = await mirrorApart({ registry: upstream.url, cache, pace: ONE_AT_A_TIME }, env);
  const lines = readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return { ...ended, steps: lines.map((line) => JSON.parse(line) as Step) };
}

const ONE_AT_A_TIME = { concurrency: 1, attempts: 1 };

/** The paths that the next run need not ask for: what the records name is whole. */
function heldPaths(): string[] {
  const [registry] = existsSync(registries)
    ? readdirSync(registries).filter((name) => /^[0-9a-f]{16}$/.test(name))
    : [];
  if (registry === undefined) return [];
  const records = openRecords(join(registries, registry));
  return [...records.ids()].flatMap((id) => {
    const { zip, signature } = records.get(id) ?? {};
    const [name = '', version = ''] = id.split('@');
    for (const one of [zip, signature]) if (one) expect(digestOf(one.digest), `${id} is held`).toBe(one.digest);
    return [zip ? [zipAt(name, version)] : [], signature ? [`${zipAt(name, version)}.sig`] : []].flat();
  });
}

function digestOf(digest: string): string {
  const bytes = readFileSync(join(registries, 'contents', digest.slice(0, 2), digest));
  return createHash('sha256').update(bytes).digest('hex');
}

/** The names in the cache that belong to a run that is under way. */
function leftovers(): string[] {
  return readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(tmp|old|lock)$/.test(path));
}

test.each<[Fault, number, RegExp]>([
  ['kill', 14, /^/],
  ['cut', 5, /^(writeFile|appendFile|write) /],
  ['EIO', 4, /^/],
  ['ENOSPC', 3, /^(mkdir|open|writeFile|appendFile|write) /],
])('after %s, the next run fetches what is missing', async (fault, count, susceptible) => {
  const upstream = await startSigned();
  const whole = await disturb(upstream, {});
  expect({ status: whole.status, stderr: whole.stderr }).toEqual({ status: 0, stderr: '' });
  const steps = whole.steps.map(({ step }) => step).filter((step) => susceptible.test(step));
  expect(steps.length).toBeGreaterThanOrEqual(count);
  for (const at of sampled(steps, count)) {
    const ended = await disturb(upstream, { at, fault });
    expect(
      ended.steps.some((step) => step.fault === fault),
      `${at} was hit`,
    ).toBe(true);
    if (fault === 'kill' || fault === 'cut') expect(ended.status).toBe(null);
    else expect(ended.stderr, at).not.toMatch(/^\s+at /m);
    const held = heldPaths();
    upstream.seen.length = 0;
    const next = await mirrorApart({ registry: upstream.url, cache });
    const { held: all, findings } = next.mirrored ?? {};
    expect({ at, status: next.status, all, findings }).toEqual({
      at,
      status: 0,
      all: whole.mirrored?.held,
      findings: [],
    });
    expect(
      upstream.paths().filter((path) => held.includes(path)),
      `asked for again after ${at}`,
    ).toEqual([]);
    expect(leftovers(), at).toEqual([]);
  }
});
