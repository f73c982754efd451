import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run, temporaryFolder } from '../support/cli.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';
import { makeSigner } from '../support/signatures.ts';
import { storageProject } from '../support/workflow.ts';

/* Signatures of packages, by every verb that judges packages. */

const [signer, stranger] = await Promise.all([makeSigner(), makeSigner()]);

interface Finding {
  readonly code: string;
  readonly where: string;
  readonly text: string;
  readonly level: string;
}

interface Report {
  readonly status: number | null;
  readonly findings: readonly Finding[];
  readonly skipped: readonly string[];
}

/** A project with one layer `one`, whose file of keys is `keys/a.asc`, and one package. */
function project(more = ''): { folder: string; content: string } {
  const folder = temporaryFolder();
  const content = join(folder, 'content');
  const config = distributions('storage', ['one'], more);
  writeFiles(content, { 'distributions.yml': config, 'keys/a.asc': signer.publicKey });
  writeFiles(join(content, 'storage/one'), under('packages', packageFiles('acme', '1.0.0')));
  return { folder, content };
}

/** Gives the layer its keys. */
function demandKeys(content: string): void {
  const file = join(content, 'distributions.yml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"one": {}', '"one": { keys: [keys/a.asc] }'));
}

async function build(cwd: string, ...more: string[]): Promise<Report> {
  const { status, stdout } = await run(['build', '--dist', 'all', '--json', ...more], { cwd });
  return { ...(JSON.parse(stdout) as Report), status };
}

const zipOf = (folder: string): Buffer => readFileSync(join(folder, 'dist/all/epr/acme/acme-1.0.0.zip'));
const SIG = 'storage/one/packages/acme/1.0.0.sig';
const refusal = (text: RegExp, level = 'error') => {
  return { code: 'signature', where: 'one: packages/acme/1.0.0.sig', text: expect.stringMatching(text), level };
};

describe('a build', () => {
  test('names what is no signature: a warning, or an error where signatures are required', async () => {
    const { folder, content } = project();
    writeFileSync(join(content, SIG), 'signed');
    const expected = /^is no armored OpenPGP signature: .*gpg --armor --output ZIP\.sig --detach-sign ZIP/;
    expect(await build(folder)).toMatchObject({ status: 0, findings: [refusal(expected, 'warning')] });
    expect(await build(folder)).toMatchObject({ status: 0, findings: [refusal(expected, 'warning')] });
    const strict = project('signatures: required');
    writeFileSync(join(strict.content, SIG), 'signed');
    expect(await build(strict.folder)).toMatchObject({ status: 1, findings: [refusal(expected)] });
  });

  test('verifies a folder package over the zip that it makes, and once', async () => {
    const { folder, content } = project();
    await build(folder);
    const zip = zipOf(folder);
    demandKeys(content);
    expect(await build(folder)).toMatchObject({ status: 0, findings: [refusal(/^is missing/, 'warning')] });
    writeFileSync(join(content, SIG), await signer.sign(zip));
    expect(await build(folder)).toMatchObject({ status: 0, findings: [] });
    const lists = join(folder, '.cache/signatures');
    expect(readdirSync(lists)).toHaveLength(1);
    rmSync(join(folder, 'dist'), { recursive: true });
    expect(await build(folder)).toMatchObject({ status: 0, findings: [] });
    expect(readdirSync(lists)).toHaveLength(1);

    writeFileSync(join(content, 'storage/one/packages/acme/1.0.0/docs/README.md'), 'changed\n');
    const over = /^is not over acme-1\.0\.0\.zip \(key \w+\): .* the zip that a build makes of it/;
    expect(await build(folder)).toMatchObject({ status: 1, findings: [refusal(over)] });
    expect(zipOf(folder)).toEqual(zip);
    const skipped = await build(folder, '--skip-unfit');
    expect(skipped).toMatchObject({ status: 0, skipped: ['acme@1.0.0'], findings: [refusal(over, 'warning')] });
    expect(existsSync(join(folder, 'dist/all/epr/acme/acme-1.0.0.zip'))).toBe(false);
    expect(existsSync(join(folder, 'dist/all/package/acme'))).toBe(false);
  });

  test('verifies a zip package over its own bytes, and anew when the keys change', async () => {
    const { folder, content } = project();
    await build(folder);
    const packages = join(content, 'storage/one/packages');
    const zip = zipOf(folder);
    rmSync(join(packages, 'acme'), { recursive: true });
    writeFileSync(join(packages, 'acme-1.0.0.zip'), zip);
    writeFileSync(join(packages, 'acme-1.0.0.zip.sig'), await signer.sign(zip));
    demandKeys(content);
    expect(await build(folder)).toMatchObject({ status: 0, findings: [] });
    writeFileSync(join(content, 'keys/a.asc'), stranger.publicKey);
    const refused = await build(folder);
    expect(refused).toMatchObject({ status: 1, findings: [{ where: 'one: packages/acme-1.0.0.zip.sig' }] });
    expect(refused.findings[0]?.text).toContain(
      `the key ${signer.id}, which is none of the keys that count here (${stranger.id}`,
    );
    writeFileSync(join(content, 'keys/a.asc'), 'no key');
    const { status, stderr } = await run(['build', '--dist', 'all'], { cwd: folder });
    expect([status, stderr]).toEqual([2, expect.stringContaining('keys/a.asc holds no armored public key')]);
    writeFileSync(join(content, 'keys/a.asc'), signer.publicKey.slice(0, 200));
    const broken = await run(['build', '--dist', 'all', '--no-cache'], { cwd: folder });
    expect([broken.status, broken.stderr]).toEqual([
      2,
      expect.stringContaining('keys/a.asc holds no whole public key'),
    ]);
  });
});

test('check, add and promote find what a build finds', async () => {
  const made = project();
  await build(made.folder);
  const zip = zipOf(made.folder);
  const [right, wrong] = await Promise.all([signer.sign(zip), stranger.sign(zip)]);
  const { folder, json } = storageProject({ staging: {}, snapshot: {} });
  const config = join(folder, 'content/distributions.yml');
  mkdirSync(join(folder, 'content/keys'));
  writeFileSync(join(folder, 'content/keys/a.asc'), signer.publicKey);
  const text = readFileSync(config, 'utf8');
  writeFileSync(config, text.replace(/^ {2}staging: \{/m, '  staging: { keys: [keys/a.asc],'));
  const incoming = join(folder, 'acme-1.0.0.zip');
  writeFileSync(incoming, zip);
  const add = async (signature: string, layer: string): Promise<Report> => {
    writeFileSync(`${incoming}.sig`, signature);
    return await json<Report>('add', incoming, '--layer', layer, '--apply');
  };
  const stray = { code: 'signature', text: expect.stringContaining(stranger.id), level: 'error' };
  expect(await add(wrong, 'staging')).toMatchObject({ status: 1, findings: [stray] });
  expect(await add(wrong, 'snapshot')).toMatchObject({ status: 0, findings: [] });
  const promote = ['promote', 'acme', '1.0.0', '--from', 'snapshot', '--to', 'staging', '--apply'];
  expect(await json<Report>(...promote)).toMatchObject({ status: 1, findings: [stray] });
  expect(await json<Report>('check', '--layer', 'snapshot')).toMatchObject({ status: 0, findings: [] });
  expect(await add(right, 'staging')).toMatchObject({ status: 0, findings: [] });
  expect(await json<Report>('check', '--layer', 'staging')).toMatchObject({ status: 0 });
  writeFileSync(join(folder, 'content/keys/a.asc'), stranger.publicKey);
  const checked = await json<Report>('check', '--layer', 'staging');
  expect(checked).toMatchObject({ status: 1 });
  expect(checked.findings.find(({ code }) => code === 'signature')?.text).toContain(signer.id);
});

test('check verifies a folder package over the zip that a build makes', async () => {
  const { folder, content } = project();
  await build(folder);
  const zip = zipOf(folder);
  demandKeys(content);
  const check = async (): Promise<Report> => {
    const { status, stdout } = await run(['check', '--layer', 'one', '--json'], { cwd: folder });
    return { ...(JSON.parse(stdout) as Report), status };
  };
  writeFileSync(join(content, SIG), await signer.sign(zip));
  expect(await check()).toMatchObject({ status: 0, findings: [] });
  cpSync(join(content, 'keys/a.asc'), join(content, 'storage/one/packages/acme/1.0.0/docs/more.md'));
  expect(await check()).toMatchObject({ status: 1, findings: [refusal(/^is not over acme-1\.0\.0\.zip/)] });
});

async function verify(cwd: string, ...keys: string[]): Promise<Report> {
  const given = keys.flatMap((key) => ['--key', key]);
  const { status, stdout } = await run(['verify', 'dist/all', '--json', ...given], { cwd });
  return { ...(JSON.parse(stdout) as Report), status };
}

describe('verify --key', () => {
  test('names a signature that is by none of the keys, and one that is of another zip', async () => {
    const { folder, content } = project();
    await build(folder);
    const zip = zipOf(folder);
    writeFileSync(join(content, SIG), await signer.sign(zip));
    await build(folder);
    writeFiles(folder, { 'stranger.asc': stranger.publicKey });
    expect(await verify(folder, 'content/keys/a.asc')).toMatchObject({ status: 0, findings: [] });
    expect(await verify(folder, 'stranger.asc', 'content/keys/a.asc')).toMatchObject({ status: 0, findings: [] });
    const where = 'epr/acme/acme-1.0.0.zip.sig';
    expect(await verify(folder, 'stranger.asc')).toMatchObject({
      status: 1,
      findings: [{ code: 'signature', where, text: expect.stringMatching(/none of the/) }],
    });
    writeFileSync(join(content, SIG), await signer.sign(Buffer.from('another zip')));
    await build(folder);
    expect(await verify(folder, 'content/keys/a.asc')).toMatchObject({
      status: 1,
      findings: [{ code: 'signature', where, text: expect.stringMatching(/is not over acme-1\.0\.0\.zip/) }],
    });
  });

  test('a file that holds no key is named', async () => {
    const { folder } = project();
    await build(folder);
    const { status, stderr } = await run(['verify', 'dist/all', '--key', 'nowhere.asc'], { cwd: folder });
    expect(status).toBe(2);
    expect(stderr).toContain('nowhere.asc');
  });
});
