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

/** What an answer has otherwise than recorded, a line each; none where it is the registry's answer. */
export function differences(row: RecordedRow, got: Response): string[] {
  const found: string[] = [];
  const expect = (what: string, actual: unknown, recorded: unknown): void => {
    if (actual !== recorded) found.push(`${what}: got ${JSON.stringify(actual)}, recorded ${JSON.stringify(recorded)}`);
  };
  expect('status', got.status, row.s);
  if (row.s === 301) {
    for (const name of ['location', 'access-control-allow-origin', 'content-type', 'cache-control'])
      expect(name, got.headers[name] ?? '', row.h[name] ?? '');
    if (row.m !== 'HEAD') expect('body', got.body.toString('latin1'), Buffer.from(row.text ?? '').toString('latin1'));
    return found;
  }
  for (const name of ['content-type', 'access-control-allow-origin', 'x-content-type-options', 'content-range'])
    expect(name, got.headers[name] ?? '', row.h[name] ?? '');
  expect('cache-control', directives(got.headers['cache-control']), directives(row.h['cache-control']));
  const isGenerated = row.listing !== undefined || row.t.startsWith('/favicon.ico');
  const isEncoded = got.headers['content-encoding'] !== undefined;
  if (!isGenerated && !isEncoded && row.h['content-length'] !== undefined)
    expect('content-length', got.headers['content-length'], row.h['content-length']);
  if (row.m === 'HEAD') expect('body length', got.body.length, 0);
  else if (row.listing !== undefined) found.push(...zipDifferences(row.listing, got));
  else if (!isGenerated) expect('SHA-256 of the body', sha256(decoded(got)), row.b);
  return found;
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
  if (Number(got.headers['content-length']) !== got.body.length)
    found.push('content-length is not the length of the zip');
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

function directives(value = ''): string {
  return [...new Set(value.split(',').map((directive) => directive.trim()))].sort().join(', ');
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
