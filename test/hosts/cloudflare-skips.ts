import type { RecordedRow } from '../support/compare.ts';

/** A kind of request that the platform changes before the Worker sees it. */
export interface Skip {
  readonly reason: string;
  applies(row: RecordedRow): boolean;
}

/** What of the contract can't be asked of a Worker on Cloudflare. */
export const cloudflareSkips: readonly Skip[] = [
  {
    reason:
      'dot segments (".", "..", "%2e") are resolved before the Worker sees the path (RFC 3986 section 5.2.4), so a client gets the answer of the clean path instead of a 301 to it',
    applies: ({ t }) => /\/(?:\.|%2e){1,2}(?:\/|$)/i.test(path(t)),
  },
  {
    reason: 'a backslash in a path arrives as a slash (the URL standard)',
    applies: ({ t }) => path(t).includes('\\'),
  },
];

function path(target: string): string {
  return target.replace(/\?.*/s, '');
}
