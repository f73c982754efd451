import { createHash } from 'node:crypto';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

/** A recorded request and answer (recorded/README.md). */
export interface RecordedRow {
  readonly m?: string;
  readonly t: string;
  readonly q?: Readonly<Record<string, string>>;
  readonly s: number;
  readonly h: Readonly<Record<string, string>>;
  readonly n?: number;
  readonly b?: string;
  readonly text?: string;
  /** Of a zip: the SHA-256 of its listing. */
  readonly listing?: string;
}

/** What an implementation answered; header names in lower case. */
export interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Every header that was recorded; each is compared, and is not to be there where it wasn't recorded. */
export const COMPARED = [
  'accept-ranges',
  'access-control-allow-origin',
  'cache-control',
  'content-length',
  'content-range',
  'content-type',
  'location',
  'x-content-type-options',
] as const;

/** Headers that no recording holds, and why an answer may have them all the same. Any other is a difference. */
export const NOT_RECORDED: Readonly<Record<string, string>> = {
  connection: 'is about the connection, not the answer',
  'content-encoding': 'a host may compress for a client that accepts it; the decoded body is compared',
  date: 'is the time of the answer',
  etag: 'lets clients ask again cheaply, which the registry does not offer',
  'keep-alive': 'is about the connection, not the answer',
  server: 'names the host',
  'transfer-encoding': 'is about the connection, not the answer',
  vary: 'goes with content-encoding',
};

/** How an answer differs from the recorded one, a line each; none where it is the registry's answer. */
export function differences(row: RecordedRow, got: Response): string[] {
  const found: string[] = [];
  const expect = (what: string, actual: unknown, recorded: unknown): void => {
    if (actual !== recorded) found.push(`${what}: got ${JSON.stringify(actual)}, recorded ${JSON.stringify(recorded)}`);
  };
  expect('status', got.status, row.s);
  for (const name of COMPARED) {
    const recorded = expectedHeader(name, row, got);
    if (recorded !== undefined) expect(name, plain(name, got.headers[name]), plain(name, recorded));
  }
  for (const name of Object.keys(got.headers))
    if (!isCompared(name) && !Object.hasOwn(NOT_RECORDED, name)) found.push(`${name}: no recording has it`);
  if (row.m === 'HEAD') expect('body length', got.body.length, 0);
  else if (row.s === 301) expect('body', got.body.toString('latin1'), Buffer.from(row.text ?? '').toString('latin1'));
  else if (row.listing !== undefined) found.push(...zipDifferences(row.listing, got));
  else if (!isOwn(row)) expect('SHA-256 of the body', sha256(decoded(got)), row.b);
  return found;
}

/**
 * The value that an answer should have, '' for none; undefined where any will do. A host that compresses may leave out that it
 * takes ranges, and never says so where the registry doesn't.
 */
function expectedHeader(name: (typeof COMPARED)[number], row: RecordedRow, got: Response): string | undefined {
  const recorded = row.h[name] ?? '';
  const isCoded = got.headers['content-encoding'] !== undefined;
  if (name === 'accept-ranges') {
    if (isCoded && got.headers[name] === undefined) return undefined;
    return row.s === 200 && isOwn(row) ? 'bytes' : recorded;
  }
  if (name !== 'content-length') return recorded;
  // The registry leaves the length out of longer answers, which it sends in chunks.
  if (recorded !== '' && !isOwn(row) && !isCoded) return recorded;
  return row.m === 'HEAD' || got.headers[name] === undefined ? undefined : String(got.body.length);
}

/** Whether an answer's bytes are the project's own: a generated zip is deflated otherwise, the favicon is another. */
function isOwn(row: RecordedRow): boolean {
  return row.listing !== undefined || row.t.startsWith('/favicon.ico');
}

function isCompared(name: string): boolean {
  return (COMPARED as readonly string[]).includes(name);
}

/** A header's value in the form that is compared. */
function plain(name: string, value = ''): string {
  if (name !== 'cache-control') return value;
  return [...new Set(value.split(',').map((directive) => directive.trim()))].sort().join(', ');
}

/** A host may compress what isn't a zip, for those who accept it. */
function decoded({ headers, body }: Response): Buffer {
  switch (headers['content-encoding']) {
    case 'gzip':
      return gunzipSync(body);
    case 'br':
      return brotliDecompressSync(body);
    default:
      return body;
  }
}

/** A generated zip holds times and another deflate than the recorded one's, so zips are compared by their listings. */
function zipDifferences(listing: string, got: Response): string[] {
  const found: string[] = [];
  if (got.headers['content-length'] === undefined) found.push('the zip came without its length');
  if (got.headers['content-encoding'] !== undefined) found.push('the zip came with a content-encoding');
  if (sha256(Buffer.from(zipListing(got.body))) !== listing) found.push('the listing of the zip differs');
  return found;
}

/** A line "name TAB size TAB CRC-32" for each entry of a zip's central directory, in its order. */
export function zipListing(zip: Buffer): string {
  const end = zip.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  if (end < 0) return 'not a zip';
  const lines: string[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = zip.readUInt16LE(at + 28);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    lines.push(
      `${name}\t${zip.readUInt32LE(at + 24)}\t${zip
        .readUInt32LE(at + 16)
        .toString(16)
        .padStart(8, '0')}`,
    );
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return lines.join('\n');
}

/**
 * The rows of a set, each that answers with a generated zip given its listing: only the set `zips` has them, by the
 * artifact's plain path.
 */
export function withListings(rows: readonly RecordedRow[], zips: readonly RecordedRow[]): RecordedRow[] {
  const listings = new Map(zips.map((row) => [row.t, row.listing]));
  return rows.map((row) => {
    if (row.listing !== undefined || row.s !== 200 || row.h['content-type'] !== 'application/zip') return row;
    const [, file = '', name = ''] =
      /\/(([a-z0-9_]+)-[^/?]+)$/.exec(decodeURIComponent(row.t.replace(/\?.*/, ''))) ?? [];
    const listing = listings.get(`/epr/${name}/${file}`);
    return listing === undefined ? row : { ...row, listing };
  });
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
