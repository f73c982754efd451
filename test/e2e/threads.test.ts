import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run, temporaryFolder } from '../support/cli.ts';
import type { Run } from '../support/cli.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';
import { makeSigner } from '../support/signatures.ts';

/* A thread that ends in the middle of its work, as when the system takes it: the command says so, and doesn't wait for ever. */

const signer = await makeSigner();
const folder = temporaryFolder();
const content = join(folder, 'content');
const packages = join(content, 'storage/one/packages');
writeFiles(content, { 'distributions.yml': distributions('storage', ['one'], '') });
writeFiles(join(content, 'storage/one'), under('packages', packageFiles('acme', '1.0.0')));

/** Loaded before the program, and in its threads: the thread of a file ends where it is asked something. */
const preload = join(folder, 'end.cjs');
writeFileSync(
  preload,
  `const { parentPort } = require('node:worker_threads');
const on = parentPort?.on;
if (on)
  parentPort.on = (event, listener) =>
    on.call(parentPort, event, process.argv[1].endsWith(process.env.ENDING) ? () => process.exit() : listener);`,
);

async function runEnding(thread: string, ...args: readonly string[]): Promise<Run> {
  return await run(args, { cwd: folder, env: { NODE_OPTIONS: `--require ${preload}`, ENDING: thread } });
}

const BUILD = ['build', '--dist', 'all'] as const;

test.each([
  ['threads/thread.js', 'makes files of the site', [...BUILD, '--out', 'other', '--no-cache']],
  ['verify/thread.js', 'reads the site', ['verify', 'dist/all']],
  ['signature-thread.js', 'verifies signatures', [...BUILD, '--out', 'other']],
])('of %s', { timeout: 30_000 }, async (thread, job, args) => {
  if (!existsSync(join(folder, 'dist'))) expect(await run(BUILD, { cwd: folder })).toMatchObject({ status: 0 });
  if (thread === 'signature-thread.js') await sign();
  const { status, stderr } = await runEnding(thread, ...args);
  expect(stderr).toContain(`the thread that ${job} ended without an answer`);
  expect(status).toBe(2);
  expect(existsSync(join(folder, 'other')) ? readdirSync(join(folder, 'other')) : []).toEqual([]);
});

/** Gives the layer a key, and the package a signature. */
async function sign(): Promise<void> {
  const config = distributions('storage', ['one'], '').replace('"one": {}', '"one": { keys: [a.asc] }');
  writeFiles(content, { 'distributions.yml': config, 'a.asc': signer.publicKey });
  writeFileSync(join(packages, 'acme/1.0.0.sig'), await signer.sign(Buffer.from('something else')));
}
