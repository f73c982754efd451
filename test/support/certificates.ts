import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** A certificate for localhost that signs itself, and its key: two PEM files in a folder. */
export function makeCertificate(folder: string, name: string): { cert: string; key: string } {
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', files.key];
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', files.cert, '-days', '2', ...names], { stdio: 'pipe' });
  return files;
}
