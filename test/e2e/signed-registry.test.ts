import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BuildReport } from '../../src/commands/build/run.ts';
import { run, startServer, temporaryFolder } from '../support/cli.ts';
import { makeSigner } from '../support/signatures.ts';
import { packageZip, startUpstream, zipAt } from '../support/upstream.ts';

/* Signed packages of a registry whose keys the layer names: what is built, and what is served. */

const [signer, stranger] = await Promise.all([makeSigner(), makeSigner()]);

test.each([
  ['optional', ['missing@1.0.0', 'verified@1.0.0'], 'warning', 'is missing, and the layer has keys'],
  ['required', ['verified@1.0.0'], 'error', 'has no signature, and this distribution requires one'],
])('signatures: %s', async (signatures, expected, level, missing) => {
  const upstream = await startUpstream();
  const signed = await signer.sign(zip('verified'));
  upstream.add('verified', '1.0.0', { signature: signed });
  upstream.add('tampered', '1.0.0', { signature: await signer.sign(Buffer.concat([zip('tampered'), zip('missing')])) });
  upstream.add('foreign', '1.0.0', { signature: await stranger.sign(zip('foreign')) });
  upstream.add('missing', '1.0.0');
  const folder = temporaryFolder();
  const layers = { elastic: { registry: upstream.url, keys: ['key.asc'], signatures } };
  const config = { registry: '1.40.1', layers, distributions: { all: { layers: ['elastic'] } } };
  writeFileSync(join(folder, 'key.asc'), signer.publicKey);
  writeFileSync(join(folder, 'd.yml'), JSON.stringify(config));
  const build = async (...args: string[]): Promise<BuildReport> =>
    JSON.parse((await run(['build', '--dist', 'all', '--config', 'd.yml', '--json', ...args], { cwd: folder })).stdout);

  const refused = await build();
  expect(refused.site).toBeUndefined();
  const told = refused.findings.filter(({ code }) => code === 'signature');
  const about = (name: string) => told.filter(({ where }) => where.includes(zipAt(name, '1.0.0').slice(1)));
  expect(about('foreign')).toEqual([
    finding('error', `gives a signature that signs foreign-1.0.0.zip with the key ${stranger.id}`),
  ]);
  expect(about('tampered')).toEqual([finding('error', 'gives a signature that is not over tampered-1.0.0.zip')]);
  expect(about('missing')).toEqual([finding(level, missing)]);
  expect(about('verified')).toEqual([]);
  expect((await build('--skip-unfit')).site).toBeDefined();

  const served = await startServer(['--dir', 'dist/all'], { cwd: folder });
  try {
    const list = (await (await fetch(`${served.url}/search?all=true`)).json()) as Record<string, string>[];
    expect(list.map(({ name, version }) => `${name}@${version}`)).toEqual(expected);
    const path = zipAt('verified', '1.0.0');
    expect(list.at(-1)).toMatchObject({ download: path, signature_path: `${path}.sig` });
    expect(await (await fetch(`${served.url}${path}.sig`)).text()).toBe(signed);
    expect(Buffer.from(await (await fetch(`${served.url}${path}`)).arrayBuffer())).toEqual(zip('verified'));
    expect((await fetch(`${served.url}${zipAt('missing', '1.0.0')}.sig`)).status).toBe(404);
  } finally {
    await served.stop();
  }
});

function finding(level: string, text: string): unknown {
  return expect.objectContaining({ level, text: expect.stringContaining(text) });
}

function zip(name: string): Buffer {
  return packageZip(name, '1.0.0');
}
