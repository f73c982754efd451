import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { armor, createMessage, encrypt, enums, sign } from 'openpgp';
import { describe, expect, test } from 'vitest';
import { readKeyFiles } from '../../src/config/keys.ts';
import { signatureFault, verificationFault } from '../../src/package/signature.ts';
import type { SignedZip } from '../../src/package/signature.ts';
import { temporaryFolder } from '../support/cli.ts';
import { expiringKey, makeSigner } from '../support/signatures.ts';

const zip = Buffer.from('the bytes of a zip');
const YEAR = 365 * 24 * 3600;
const [signer, stranger] = await Promise.all([makeSigner(), makeSigner()]);
const longAgo = new Date('2020-01-01T00:00:00Z');
const expired = await makeSigner(longAgo);
const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const pair = (signature: string, more: Partial<SignedZip> = {}): SignedZip => {
  return { name: 'acme-1.0.0.zip', zip, isGenerated: false, signature: bytesOf(signature), ...more };
};
const keys = [
  { file: 'keys/a.asc', text: signer.publicKey },
  { file: 'keys/old.asc', text: await expiringKey(expired, longAgo, YEAR) },
];

/** Prints the most memory, in bytes, that it took to verify the signature of a file. */
const PEAK = `
import { readFileSync } from 'node:fs';
const { verificationFault } = await import('${new URL('../../lib/package/signature.js', import.meta.url).href}');
const folder = process.argv[1];
const key = { file: 'key', text: readFileSync(folder + '/key', 'utf8') };
const signed = { name: 'a.zip', zip: folder + '/zip', isGenerated: false, signature: readFileSync(folder + '/zip.sig') };
let peak = 0;
const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 2);
if ((await verificationFault(signed, [key])) === undefined) console.log(Math.max(peak, process.memoryUsage.rss()));
clearInterval(timer);
`;

/** What an armor holds. */
function packetsOf(armored: string): Buffer {
  const [, base64 = ''] = /\n\n([^=-]*=*)\n/.exec(armored.replaceAll('\r', '')) ?? [];
  return Buffer.from(base64, 'base64');
}

describe('a file beside a package', () => {
  test('is a signature', async () => {
    const signature = await signer.sign(zip);
    expect(await signatureFault(bytesOf(signature))).toBeUndefined();
    expect(await signatureFault(bytesOf(signature.replaceAll('\n', '\r\n')))).toBeUndefined();
    expect(await signatureFault(bytesOf(`Made by a person.\n\n${signature}`))).toBeUndefined();
  });

  test('is none if it is anything else', async () => {
    const message = await createMessage({ text: 'x' });
    const signature = await signer.sign(zip);
    const others = [
      '',
      'signed',
      '\0\xff',
      signer.publicKey,
      await encrypt({ message, passwords: 'x' }),
      Buffer.from(signature.split('\n').slice(2, -3).join(''), 'base64').toString('latin1'),
      '-----BEGIN PGP SIGNATURE-----\n\nbm90IGEgcmVhbCBvbmU=\n-----END PGP SIGNATURE-----\n',
      '-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n',
      signature.slice(0, 120),
      signature.slice(0, -60),
      signature + ' '.repeat(2 ** 16),
    ];
    const faults = await Promise.all(others.map((text) => signatureFault(Buffer.from(text, 'latin1'))));
    expect(faults.map((fault) => fault?.slice(0, 31))).toEqual(others.map(() => 'is no armored OpenPGP signature'));
  });

  test('is none if it has something else in the armor of a signature', async () => {
    const armored = await sign({ message: await createMessage({ text: 'x' }), signingKeys: signer.key });
    const dressed = armored.replaceAll('PGP MESSAGE', 'PGP SIGNATURE');
    expect(await signatureFault(bytesOf(dressed))).toMatch(/^is no armored OpenPGP signature/);
  });
});

describe('a signature is verified', () => {
  test('with a key that is there, whichever', async () => {
    expect(await verificationFault(pair(await signer.sign(zip)), keys)).toBeUndefined();
    const file = join(temporaryFolder(), 'a.zip');
    writeFileSync(file, zip);
    expect(await verificationFault(pair(await signer.sign(zip), { zip: file }), keys.toReversed())).toBeUndefined();
  });

  test('by the time at which it was made', async () => {
    const then = new Date(longAgo.getTime() + 1000 * 3600);
    expect(await verificationFault(pair(await expired.sign(zip, then)), keys)).toBeUndefined();
  });

  test('and refused from a stranger, whose key is named beside those that would do', async () => {
    const fault = await verificationFault(pair(await stranger.sign(zip)), keys);
    expect(fault).toContain(
      `signs acme-1.0.0.zip with the key ${stranger.id}, which is none of the keys that count here`,
    );
    expect(fault).toContain(`(${signer.id} in keys/a.asc, ${expired.id} in keys/old.asc)`);
    expect(fault).toMatch(/sign the zip with one of these, or add the public part of that key to them$/);
  });

  test('and refused where zip and signature are not a pair', async () => {
    const signature = await signer.sign(zip);
    const changed = Buffer.from(zip);
    changed[3] = 0;
    const fault = await verificationFault(pair(signature, { zip: changed }), keys);
    expect(fault).toMatch(
      /^is not over acme-1\.0\.0\.zip \(key [0-9A-F]{16}\): .*gpg --armor --output acme-1\.0\.0\.zip\.sig --detach-sign acme-1\.0\.0\.zip$/,
    );
    const ofFolder = await verificationFault(pair(signature, { zip: changed, isGenerated: true }), keys);
    expect(ofFolder).toMatch(/a package that is a folder must be over the zip that a build makes of it/);
  });

  test('and refused where the key was not valid when it signed', async () => {
    const late = await expired.sign(zip, new Date('2022-01-01T00:00:00Z'));
    const fault = await verificationFault(pair(late), keys);
    expect(fault).toContain(`signs acme-1.0.0.zip with the key ${expired.id}, which was not valid at that time`);
  });

  test('of two signatures, whichever is right', async () => {
    const [right, wrong] = [await signer.sign(zip), await stranger.sign(zip)];
    const both = armor(enums.armor.signature, Buffer.concat([packetsOf(wrong), packetsOf(right)]));
    expect(await verificationFault(pair(both), keys)).toBeUndefined();
    expect(await verificationFault(pair(both, { zip: Buffer.from('another') }), keys)).toContain('is not over');
  });

  test('of a large file without all of it in memory', async () => {
    const folder = temporaryFolder();
    const peaks: number[] = [];
    for (const size of [1000, 2 ** 27]) {
      const bytes = Buffer.alloc(size);
      writeFileSync(join(folder, 'zip'), bytes);
      writeFileSync(join(folder, 'zip.sig'), await signer.sign(bytes));
      writeFileSync(join(folder, 'key'), signer.publicKey);
      peaks.push(Number(execFileSync(process.execPath, ['--input-type=module', '-e', PEAK, folder])));
    }
    const [small = NaN, large = NaN] = peaks;
    expect(large - small).toBeLessThan(60e6);
  });

  test('by keys that are whole, or not at all', async () => {
    const broken = { file: 'keys/b.asc', text: signer.publicKey.slice(0, 200) };
    const signature = await signer.sign(zip);
    await expect(verificationFault(pair(signature), [broken])).rejects.toThrow('keys/b.asc holds no whole public key');
  });
});

test('files of keys are read, or named', async () => {
  const folder = temporaryFolder();
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const good = file('a.asc', signer.publicKey);
  expect(await readKeyFiles([good])).toEqual([{ file: good, text: signer.publicKey }]);
  await expect(readKeyFiles([good, join(folder, 'none.asc')])).rejects.toThrow(/none\.asc is not there/);
  await expect(readKeyFiles([file('b.asc', 'x')])).rejects.toThrow(/b\.asc holds no armored public key/);
  await expect(readKeyFiles([file('c.asc', signer.privateKey)])).rejects.toThrow(/c\.asc holds a private key/);
});
