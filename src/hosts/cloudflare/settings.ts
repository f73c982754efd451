/*
 * What the configurations of all Workers share.
 */

/** The newest compatibility date of the runtime with which this was tested. */
export const COMPATIBILITY_DATE = '2026-04-01';

/** The last version that runs on Node 20. */
export const WRANGLER = 'wrangler@4.86.0';

/** A name that Cloudflare accepts for a Worker: at most 63 lower-case letters, digits and dashes. */
export function workerName(what: string): string {
  return `epr-${what.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`.slice(0, 63).replace(/-+$/, '');
}

/** The text of `wrangler.jsonc`; `note` is its first line. */
export function configText(note: string, config: object): string {
  return `// ${note}\n${JSON.stringify(config, null, 2)}\n`;
}
