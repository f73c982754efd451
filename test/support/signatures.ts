import { createMessage, generateKey, reformatKey, sign } from 'openpgp';
import type { PrivateKey } from 'openpgp';

/* OpenPGP keys and signatures, made anew in each run. */

export interface Signer {
  /** Armored. */
  readonly publicKey: string;
  readonly privateKey: string;
  /** In upper case, as findings name it. */
  readonly id: string;
  readonly key: PrivateKey;
  /** An armored detached signature. */
  sign(bytes: Uint8Array, date?: Date): Promise<string>;
}

const USERS = [{ name: 'A Signer', email: 'signer@example.org' }];

/** A key that was made at `since`. */
export async function makeSigner(since = new Date(Date.now() - 60_000)): Promise<Signer> {
  const { privateKey: key, publicKey } = await generateKey({ userIDs: USERS, date: since, format: 'object' });
  return {
    publicKey: publicKey.armor(),
    privateKey: key.armor(),
    id: publicKey.getKeyID().toHex().toUpperCase(),
    key,
    sign: async (bytes, date) =>
      await sign({
        message: await createMessage({ binary: Uint8Array.from(bytes) }),
        signingKeys: key,
        detached: true,
        ...(date && { date }),
      }),
  };
}

/** The public key of a signer, as it would be if it had been made to expire so many seconds after `since`. */
export async function expiringKey({ key }: Signer, since: Date, seconds: number): Promise<string> {
  const lifetime = { userIDs: USERS, date: since, keyExpirationTime: seconds };
  return (await reformatKey({ privateKey: key, ...lifetime, format: 'object' })).publicKey.armor();
}
