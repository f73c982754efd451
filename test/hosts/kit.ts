import { createRequire } from 'node:module';

/*
 * The kits are heavy and no part of what a user installs: where one is missing its suite is skipped, loudly; under
 * EPR_STATIC_HOSTS=required, as in CI, it fails.
 */

/** A package of test/hosts/package.json; undefined where it isn't installed. */
export function npmKit<Kit>(name: string): Kit | undefined {
  try {
    return createRequire(import.meta.url)(name) as Kit;
  } catch (error) {
    if (process.env['EPR_STATIC_HOSTS'] === 'required') throw error;
    process.stderr.write(`\nSKIPPED: what needs ${name}: npm ci --prefix test/hosts installs it.\n\n`);
    return undefined;
  }
}
