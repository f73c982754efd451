import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isAbsence, Stop } from '../errors.ts';

/** A file with armored OpenPGP public keys. */
export interface KeyFile {
  readonly file: string;
  readonly text: string;
}

/**
 * Reads files of public keys. Throws a `Stop` that names a file that can't be read, or that holds no armored public key.
 * Whether the keys themselves are whole shows when the first signature is verified.
 */
export async function readKeyFiles(files: readonly string[]): Promise<KeyFile[]> {
  return await Promise.all(files.map(readKeyFile));
}

/** Equal for equal keys; '' for none. */
export function keysDigest(keys: readonly KeyFile[]): string {
  if (keys.length === 0) return '';
  return createHash('sha256')
    .update(JSON.stringify(keys.map(({ text }) => text)))
    .digest('hex');
}

async function readKeyFile(file: string): Promise<KeyFile> {
  const text = await readFile(file, 'latin1').catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw new Stop('bad-key', `${file} can't be read: ${(error as NodeJS.ErrnoException).code}`, undefined, error);
  });
  return toKeyFile(file, text);
}

/** A file of public keys by its text, undefined if there is no such file. Throws a `Stop` if it holds no public key. */
export function toKeyFile(file: string, text: string | undefined): KeyFile {
  if (text === undefined) throw new Stop('bad-key', `${file} is not there`, HINT);
  if (text.includes('BEGIN PGP PRIVATE KEY BLOCK'))
    throw new Stop('bad-key', `${file} holds a private key, which nobody but its owner may have`, HINT);
  if (!text.includes('BEGIN PGP PUBLIC KEY BLOCK'))
    throw new Stop('bad-key', `${file} holds no armored public key`, HINT);
  return { file, text };
}

const HINT = 'export the public key with: gpg --armor --export KEY-ID > FILE';
