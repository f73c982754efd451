import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { errorCode, Stop } from '../../errors.ts';
import type { Certificate } from '../../hosts/node/http.ts';
import type { Log } from '../../hosts/fetch/site-files.ts';
import { lookOut } from './look-out.ts';

/** The PEM files of a certificate with its chain, and of its private key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** The files that the options name; undefined for plain HTTP. Throws a `Stop` if only one is named. */
export function certificateFiles(cert: string | undefined, key: string | undefined): CertificateFiles | undefined {
  if (!cert && !key) return undefined;
  if (cert && key) return { cert, key };
  const [given, missing] = cert ? ['a certificate', '--tls-key'] : ['a key', '--tls-cert'];
  throw new Stop('bad-certificate', `${given} was named alone`, `add ${missing}`);
}

/** Reads a certificate and its key. Throws a `Stop` if they can't be read, or don't belong together. */
export async function readCertificate({ cert, key }: CertificateFiles): Promise<Certificate> {
  const read = { cert: await readPem(cert), key: await readPem(key) };
  try {
    createSecureContext(read);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Stop('bad-certificate', `${cert} and ${key} can't be used: ${reason}`, HINT, error);
  }
  return read;
}

const HINT = 'give PEM files: the certificate followed by its chain, and its private key without a passphrase';

async function readPem(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Stop('bad-certificate', `${file} can't be read: ${errorCode(error)}`, undefined, error);
  }
}

/**
 * Lets a server take new files of its certificate when they come, every few months, without an end of the connections that it has. Files
 * that can't be used go to the log, and the certificate before them stays. Returns what ends it.
 */
export function renewCertificate(
  server: Pick<Server, 'setSecureContext'>,
  { cert, key }: CertificateFiles,
  log: Log,
): () => Promise<void> {
  const renew = (): void => {
    readCertificate({ cert, key }).then(
      (certificate) => server.setSecureContext(certificate),
      (error: unknown) => log(`the certificate stays as it was: ${error instanceof Error ? error.message : error}`),
    );
  };
  // Without events: in Kubernetes, a link to a folder changes, of which a watch for events hears nothing.
  return lookOut(async () => [cert, key], renew).stop;
}
