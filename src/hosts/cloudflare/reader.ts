import { join } from 'node:path';
import { pathWord } from '../../command-line.ts';
import { requireBucket } from '../reader.ts';
import type { Bucket, ReaderProgram } from '../reader.ts';
import { COMPATIBILITY_DATE, configText, workerName, WRANGLER } from './settings.ts';

/** A Worker with a binding to a bucket of R2. */
export const cloudflareReader: ReaderProgram = {
  files: (store, code) =>
    new Map([
      ['worker.js', code],
      ['wrangler.jsonc', wranglerConfig(requireBucket(store, 'cloudflare'))],
    ]),
  next: (_, folder) => {
    const config = pathWord(join(folder, 'wrangler.jsonc'));
    return [
      `npx ${WRANGLER} deploy --config ${config}`,
      `npx ${WRANGLER} deploy --config ${config} --domain packages.example.org`,
    ];
  },
};

function wranglerConfig({ name, prefix }: Bucket): string {
  return configText('Written by epr-static: give what differs to wrangler as options (--name, --domain).', {
    name: workerName(prefix.replace(/\/$/, '') || name),
    main: 'worker.js',
    no_bundle: true,
    compatibility_date: COMPATIBILITY_DATE,
    r2_buckets: [{ binding: 'STORE', bucket_name: name }],
    vars: { PREFIX: prefix },
  });
}
