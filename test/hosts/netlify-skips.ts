import type { RecordedRow } from '../support/compare.ts';
import type { Running } from '../support/implementations.ts';

/** A kind of request that the platform changes before the function sees it. */
interface Skip {
  readonly reason: string;
  applies(row: RecordedRow): boolean;
}

/** What can't be asked of `NetlifyDev`, whose requests go through the WHATWG `URL`; under `Deno.serve` nothing is skipped. */
const netlifySkips: readonly Skip[] = [
  {
    reason:
      'dot segments (".", "..", "%2e") are resolved before the function sees the path (RFC 3986 section 5.2.4), so a client gets the answer of the clean path instead of a 301 to it',
    applies: ({ t }) => /\/(?:\.|%2e){1,2}(?:\/|$)/i.test(t.replace(/\?.*/s, '')),
  },
  {
    reason: 'a backslash in a path is a slash to the WHATWG URL',
    applies: ({ t }) => t.replace(/\?.*/s, '').includes('\\'),
  },
];

/** The rows that can be asked; the others are counted aloud. */
export function askable(set: string, rows: readonly RecordedRow[]): RecordedRow[] {
  for (const { reason, applies } of netlifySkips) {
    const count = rows.filter(applies).length;
    if (count > 0) process.stderr.write(`netlify: ${set}: ${count} of ${rows.length} rows skipped: ${reason}\n`);
  }
  return rows.filter((row) => !netlifySkips.some((skip) => skip.applies(row)));
}

/**
 * A row without the length: Netlify takes it from every answer of an edge function, whose body it streams on, and its
 * emulation has none at all.
 */
export function withoutLength(row: RecordedRow): RecordedRow {
  return { ...row, h: Object.fromEntries(Object.entries(row.h).filter(([name]) => name !== 'content-length')) };
}

/** A host without the headers `x-nf-…`, in which Netlify's emulation says how it found the answer. */
export function withoutPlatformHeaders(running: Running): Running {
  const ask: Running['ask'] = async (method, target, headers) => {
    const answered = await running.ask(method, target, headers);
    const kept = Object.entries(answered.headers).filter(([name]) => !name.startsWith('x-nf-'));
    return { ...answered, headers: Object.fromEntries(kept) };
  };
  return { ...running, ask };
}
