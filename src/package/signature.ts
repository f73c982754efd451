import { createReadStream } from 'node:fs';
import { ReadableStream } from 'node:stream/web';
import type { Key, Signature } from 'openpgp';
import type { KeyFile } from '../config.ts';
import { Stop } from '../errors.ts';
import { enumerated } from '../near-match.ts';

/*
 * Detached OpenPGP signatures (RFC 9580) of zips. The library is loaded when there is a signature, which most storages
 * don't have: to load it takes as long as to read some hundred packages.
 */

/** A zip and its signature. */
export interface SignedZip {
  /** `acme-1.0.0.zip`. */
  readonly name: string;
  /** Its bytes, or the file that has them. */
  readonly zip: Uint8Array | string;
  /** Whether the build made the zip, of a package that lies in its layer as a folder. */
  readonly isGenerated: boolean;
  readonly signature: Uint8Array;
}

/** Why these bytes are no armored detached signature, as the end of a sentence about them; undefined if they are one. */
export async function signatureFault(bytes: Uint8Array): Promise<string | undefined> {
  const read = await readSignature(bytes);
  return read.kind === 'none' ? read.fault : undefined;
}

/**
 * Why these bytes are not even in the form of an armored signature, from its first line to its last, as the end of a sentence about
 * them; undefined if they are. It says nothing of what is between the lines.
 */
export function armorFault(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('latin1');
  if (ARMOR.test(text)) return undefined;
  return 'is no armored OpenPGP signature: it lacks the first line of one, or the last';
}

const ARMOR = /^\s*-----BEGIN PGP SIGNATURE-----\r?\n[\x09\x0a\x0d\x20-\x7e]*\n-----END PGP SIGNATURE-----\s*$/;

/**
 * Why a signature is not that of its zip by one of these keys, as the end of a sentence about the signature; undefined if it
 * is. A key counts as it was at the time of signing. Throws a `Stop` if a file of keys is broken.
 */
export async function verificationFault(signed: SignedZip, keys: readonly KeyFile[]): Promise<string | undefined> {
  const read = await readSignature(signed.signature);
  if (read.kind === 'none') return read.fault;
  const { createMessage, verify } = await import('openpgp');
  const held = await openKeys(keys);
  const message = await createMessage({ binary: ReadableStream.from<Uint8Array>(chunksOf(signed.zip)) });
  const all = held.map(({ key }) => key);
  const { signatures, data } = await verify({
    message,
    signature: read.signature,
    verificationKeys: all,
    format: 'binary',
  });
  const reader = data.getReader();
  while (!(await reader.read()).done); // what is read here is hashed there
  const faults: string[] = [];
  for (const { keyID, verified } of signatures) {
    const id = keyID.toHex().toUpperCase();
    const holder = held.find(({ key }) => key.getKeys(keyID).length > 0);
    const error = await verified.then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    if (!error) return undefined;
    faults.push(holder ? refusal(signed, id, error) : strangerFault(signed, id, held));
  }
  return faults.join('; ');
}

function chunksOf(zip: SignedZip['zip']): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  return typeof zip === 'string' ? createReadStream(zip, { highWaterMark: 2 ** 18 }) : [zip];
}

/** Throws a `Stop` if a file of keys is broken. */
export async function checkKeys(keys: readonly KeyFile[]): Promise<void> {
  await openKeys(keys);
}

type ReadSignature =
  | { readonly kind: 'signature'; readonly signature: Signature }
  | { readonly kind: 'none'; readonly fault: string };

async function readSignature(bytes: Uint8Array): Promise<ReadSignature> {
  if (bytes.length > MOST_BYTES) return none(`it has more than ${MOST_BYTES} bytes`);
  const text = Buffer.from(bytes).toString('latin1');
  if (!text.includes('-----BEGIN PGP SIGNATURE-----'))
    return none(`it has no line "-----BEGIN PGP SIGNATURE-----"; ${SIGN}`);
  const { readSignature: parse, enums } = await import('openpgp');
  try {
    const signature = await parse({ armoredSignature: text });
    const isOfData = ({ signatureType: type }: Signature['packets'][number]): boolean =>
      type === enums.signature.binary || type === enums.signature.text;
    if (signature.packets.length === 0) return none(`there is no signature in it; ${SIGN}`);
    return signature.packets.every(isOfData)
      ? { kind: 'signature', signature }
      : none(`it signs a key, not a file; ${SIGN}`);
  } catch (error) {
    return none(`${(error as Error).message}; ${SIGN}`);
  }
}

function none(reason: string): ReadSignature {
  return { kind: 'none', fault: `is no armored OpenPGP signature: ${reason}` };
}

/** Far more than a signature by any algorithm takes. */
export const MOST_BYTES = 2 ** 16;

const SIGN = 'make one with: gpg --armor --output ZIP.sig --detach-sign ZIP';

interface HeldKey {
  readonly file: string;
  readonly key: Key;
}

async function openKeys(keys: readonly KeyFile[]): Promise<HeldKey[]> {
  const { readKeys } = await import('openpgp');
  const opened = keys.map(async ({ file, text }) => {
    const found = await readKeys({ armoredKeys: text }).catch((error: Error) => {
      throw new Stop(
        'bad-key',
        `${file} holds no whole public key: ${error.message}`,
        'export it again with: gpg --armor --export KEY-ID',
      );
    });
    return found.map((key) => ({ file, key }));
  });
  return (await Promise.all(opened)).flat();
}

function strangerFault({ name }: SignedZip, id: string, held: readonly HeldKey[]): string {
  const known = enumerated(held.map(({ key, file }) => `${key.getKeyID().toHex().toUpperCase()} in ${file}`));
  return `signs ${name} with the key ${id}, which is none of the keys that count here (${known}); sign the zip with one of these, or add the public part of that key to them`;
}

/** What a key that is known says of the signature. The texts of the library are all there is to tell cases apart. */
function refusal({ name, isGenerated }: SignedZip, id: string, { message }: Error): string {
  if (/digest did not match|Signature verification failed/i.test(message)) {
    const again = isGenerated
      ? `the signature of a package that is a folder must be over the zip that a build makes of it: take ${name} from a site, sign it, and put the signature beside the folder`
      : `sign it again with: gpg --armor --output ${name}.sig --detach-sign ${name}`;
    return `is not over ${name} (key ${id}): the zip or the signature was changed, or they are not a pair; ${again}`;
  }
  if (/expired|newer than|in the future|revoked/i.test(message))
    return `signs ${name} with the key ${id}, which was not valid at that time (${message}); sign the zip again with a key that is valid, or replace the file of the key if it was extended`;
  return `can't be verified: ${name}, key ${id}: ${message}`;
}
