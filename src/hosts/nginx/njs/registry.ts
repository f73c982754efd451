import type { Columns } from '../../../core/columns.ts';
import { answer } from '../../../core/respond.ts';
import type { Request } from '../../../core/respond.ts';
import { isMatch } from '../../../core/file-answer.ts';
import { errorAnswer } from '../../../core/response.ts';
import type { Answer, FileBody } from '../../../core/response.ts';
import { withoutFile } from '../../../core/without-file.ts';
import { toBytes, toByteString, toText } from './bytes.ts';
import { acceptedCodings, encodedPath, gzipOnTheWay, isCompressible } from './encoding.ts';
import type { Coding } from './encoding.ts';
import { isFile, joinPieces, nginxTag, openIndex, readIndex, readPart, readText } from './index.ts';
import type { Index } from './index.ts';
import type { NginxRequest } from './njs.ts';

/*
 * The registry in nginx, for all that the plain rules of the configuration (hosts/nginx/conf.ts) leave over. That sets
 * `$epr_site`, the site's folder, `$epr_prefix`, the path that the registry lies under, and `$epr_columns_file` and
 * `$epr_rows_file`, the names of the index that it preloads as `epr_columns`; and has two internal locations, `whole` and `part`, that serve
 * the file `$epr_path`. Tags of files are nginx's own, as the plain rules give them. All else of an answer, the core decides.
 */

declare const epr_columns: Columns;

/** One request, and what was found for it. */
interface Asked {
  readonly r: NginxRequest;
  readonly request: Request;
  /** The part of the path that the registry lies under, where the client sent it as it is. */
  readonly prefix: string;
  readonly site: string;
  readonly index: Index | undefined;
}

/** Answers a request. */
function registry(r: NginxRequest): void {
  // Where a plain rule looked for a file and found a folder, nginx has begun to redirect.
  delete r.headersOut['Location'];
  guarded(r, () => respond(asked(r, r.method, variable(r, 'request_uri'))));
}

/** Answers a request that nginx itself refuses with 400 or 405: a path that climbs above the root, a NUL, TRACE. */
function refused(r: NginxRequest): void {
  const line = variable(r, 'request');
  const method = line.slice(0, Math.max(line.indexOf(' '), 0));
  const target = line.slice(method.length + 1, Math.max(line.lastIndexOf(' HTTP/'), 0));
  const isRead = variable(r, 'request_uri') !== '';
  const isOurs = isRead ? method === 'TRACE' || method === 'CONNECT' : /^\/[^\x00-\x20\x7f]*$/.test(target);
  guarded(r, () => {
    if (isOurs) respond(asked(r, method, target));
    else send(asked(r, method, '/'), errorAnswer(400, 'bad request', []));
  });
}

/** Answers where the file that should be the answer can't be read, or a client asked for an internal location. */
function gone(r: NginxRequest): void {
  guarded(r, () => {
    const known = asked(r, r.method, variable(r, 'request_uri'));
    clearHeaders(r);
    if (variable(r, 'epr_path') === '') respond(known);
    else sendOrCompose(known, withoutFile(known.request, known.index && known.index.columns));
  });
}

export default { registry, refused, gone };

/**
 * A variable as a byte string, '' where it isn't set. njs gives text made from `variables` the length of its UTF-8 bytes once
 * it is joined with characters above 127.
 */
function variable(r: NginxRequest, name: string): string {
  const bytes = r.rawVariables[name];
  return bytes ? toByteString(bytes) : '';
}

function guarded(r: NginxRequest, handle: () => void): void {
  try {
    handle();
  } catch (error) {
    r.error(`epr-static: ${String(error)}`);
    clearHeaders(r);
    r.headersOut['Cache-Control'] = 'max-age=0, private, no-store';
    r.headersOut['Content-Type'] = 'text/plain; charset=utf-8';
    reply(r, 500, 'internal error\n');
  }
}

/** `target` is a byte string. HEAD is asked as GET: nginx leaves the body out. */
function asked(r: NginxRequest, method: string, target: string): Asked {
  const prefix = variable(r, 'epr_prefix');
  const isInside = target.slice(0, prefix.length + 1) === `${prefix}/`;
  const inside = isInside ? target.slice(prefix.length) : target;
  const mark = inside.indexOf('?');
  const site = variable(r, 'epr_site');
  return {
    r,
    request: {
      method: method === 'HEAD' ? 'GET' : method,
      path: mark < 0 ? inside : inside.slice(0, mark),
      query: mark < 0 ? undefined : inside.slice(mark + 1),
      range: r.headersIn['Range'],
    },
    prefix: isInside ? prefix : '',
    site,
    index: openIndex(site, {
      columns: epr_columns,
      columnsName: variable(r, 'epr_columns_file'),
      rowsName: variable(r, 'epr_rows_file'),
    }),
  };
}

function respond(known: Asked): void {
  const request = known.request;
  const ifRange = known.r.headersIn['If-Range'];
  const isConditional = ifRange || known.r.headersIn['If-None-Match'] !== undefined;
  // The core knows no tags of nginx's; and If-None-Match comes before Range (RFC 9110 section 13.2.2).
  if (!isConditional || request.range === undefined) sendOrCompose(known, ask(known, request));
  else {
    const whole = askWhole(known);
    const isWhole = isNotModified(known, whole) || (ifRange && ifRange !== plainTag(known, whole));
    sendOrCompose(known, isWhole ? whole : ask(known, request));
  }
}

function askWhole(known: Asked): Answer {
  return ask(known, Object.assign({}, known.request, { range: undefined }));
}

function ask(known: Asked, request: Request): Answer {
  const first = answer(request, known.index && known.index.columns);
  return first.kind === 'lookup' ? first.answer(lookup(`${known.site}/${first.path}`)) : first;
}

function lookup(path: string): string | undefined {
  try {
    return readText(path);
  } catch {
    return undefined;
  }
}

function sendOrCompose(known: Asked, result: Answer): void {
  const body = result.body;
  if (body && body.kind === 'file') sendFile(known, result, body);
  else if (body && body.kind === 'pieces') sendComposed(known, result);
  else if (isNotModified(known, result)) sendNotModified(known, result, headerOf(result, 'ETag'));
  else send(known, result);
}

function isNotModified(known: Asked, result: Answer): boolean {
  if (known.r.headersIn['If-None-Match'] === undefined) return false;
  const body = result.body;
  const isFileBody = body && body.kind === 'file';
  return isNamed(known, isFileBody ? nginxTag(formOf(known, result, body).path) : headerOf(result, 'ETag'));
}

/** Whether `If-None-Match` names a tag. */
function isNamed(known: Asked, tag: string): boolean {
  return tag !== '' && isMatch({ ifNoneMatch: known.r.headersIn['If-None-Match'] }, tag);
}

/** The tag of a file as it is, which ranges are of; '' of what is none. */
function plainTag(known: Asked, result: Answer): string {
  const body = result.body;
  return body && body.kind === 'file' ? nginxTag(`${known.site}/${body.path}`) : '';
}

/** nginx serves the file, so that it need not go through memory. */
function sendFile(known: Asked, result: Answer, body: FileBody): void {
  const r = known.r;
  const form = formOf(known, result, body);
  if (isCompressible(headerOf(result, 'Content-Type'))) r.headersOut['Vary'] = 'Accept-Encoding';
  if (isNotModified(known, result)) {
    sendNotModified(known, result, nginxTag(form.path));
    return;
  }
  if (result.status === 206 && !PLAIN_RANGE.test(String(known.request.range))) {
    sendOddRange(known, result, body);
    return;
  }
  setHeaders(known, result, OF_FILES);
  if (form.coding) r.headersOut['Content-Encoding'] = form.coding;
  else if (headerOf(result, 'Accept-Ranges') !== '') r.headersOut['Accept-Ranges'] = 'bytes';
  r.variables['epr_path'] = toBytes(form.path);
  r.internalRedirect(`${variable(r, 'epr_prefix')}/.epr-static/${result.status === 206 ? 'part' : 'whole'}`);
}

/** Of which nginx makes what the core does. */
const PLAIN_RANGE = /^bytes=([0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})$/;

/** nginx refuses ranges such as `bytes=1-2,`, so these go through memory; of a long one the client gets the whole file. */
function sendOddRange(known: Asked, result: Answer, body: FileBody): void {
  if (body.end - body.start > LONGEST_ODD_RANGE) {
    sendOrCompose(known, askWhole(known));
    return;
  }
  let bytes: Buffer;
  try {
    bytes = readPart(`${known.site}/${body.path}`, body.start, body.end);
  } catch {
    sendOrCompose(known, withoutFile(known.request, known.index && known.index.columns));
    return;
  }
  setHeaders(known, result, OF_TEXTS);
  known.r.headersOut['ETag'] = plainTag(known, result);
  reply(known.r, 206, bytes);
}

const LONGEST_ODD_RANGE = 0x100000;

/** What nginx says itself of a file that it serves, or says only of some. */
const OF_FILES = ['ETag', 'Content-Length', 'Content-Range', 'Accept-Ranges'];

/** The form of a file that the client gets, and where it lies; ranges are of the file as it is. */
function formOf(known: Asked, result: Answer, body: FileBody): { coding: Coding | undefined; path: string } {
  const isCoded = result.status === 200 && isCompressible(headerOf(result, 'Content-Type'));
  const codings = isCoded ? acceptedCodings(known.r.headersIn['Accept-Encoding']) : [];
  for (let i = 0; i < codings.length; i++) {
    const coding = codings[i] as Coding;
    const path = `${known.site}/${encodedPath(body.path, body.digest, coding)}`;
    if (isFile(path)) return { coding, path };
  }
  return { coding: undefined, path: `${known.site}/${body.path}` };
}

/** nginx compresses what was composed, on its way. */
function sendComposed(known: Asked, result: Answer): void {
  const r = known.r;
  const body = result.body;
  if (!body || body.kind !== 'pieces' || !known.index) return;
  const isLong = Number(headerOf(result, 'Content-Length')) >= LEAST_GZIPPED && r.httpVersion !== '1.0';
  const gzip = isLong ? gzipOnTheWay(r.headersIn['Accept-Encoding']) : 'no';
  const own = headerOf(result, 'ETag');
  const tag = gzip === 'no' ? own : gzip === 'yes' ? `${own.slice(0, -1)}-gzip"` : `W/${own}`;
  r.headersOut['Vary'] = 'Accept-Encoding';
  if (isNamed(known, tag)) {
    sendNotModified(known, result, tag);
    return;
  }
  let bytes: Buffer;
  try {
    bytes = joinPieces(body.pieces, known.index);
  } catch (error) {
    clearHeaders(r);
    sendWithoutRows(known, known.index, String(error));
    return;
  }
  setHeaders(known, result, OF_TEXTS);
  r.headersOut['ETag'] = tag;
  reply(r, result.status, bytes);
}

/** The site may have been replaced since its columns were found: then its new index answers. */
function sendWithoutRows(known: Asked, index: Index, error: string): void {
  const current = readIndex(known.site);
  if (current && current.rows !== index.rows) respond(Object.assign({}, known, { index: current }));
  else {
    known.r.error(`epr-static: ${index.rows}: ${error}`);
    sendOrCompose(known, answer(known.request, undefined) as Answer);
  }
}

/** As `gzip_min_length` in the configuration. */
const LEAST_GZIPPED = 1024;
const OF_TEXTS = ['Content-Length'];

function sendNotModified(known: Asked, result: Answer, tag: string): void {
  const r = known.r;
  r.headersOut['Access-Control-Allow-Origin'] = '*';
  r.headersOut['Cache-Control'] = headerOf(result, 'Cache-Control');
  r.headersOut['ETag'] = tag;
  replyRaw(r, 304, '');
}

function send(known: Asked, result: Answer): void {
  const r = known.r;
  const text = result.body && result.body.kind === 'text' ? result.body.text : '';
  setHeaders(known, result, OF_TEXTS);
  if (result.status !== 301 && result.status !== 204) {
    reply(r, result.status, toBytes(text));
    return;
  }
  const body = known.prefix === '' ? text : text.replace('<a href="', `<a href="${known.prefix}`);
  if (result.status === 301) r.headersOut['Content-Length'] = String(body.length);
  replyRaw(r, result.status, body);
}

/** Sends an answer. Of a client that has gone, njs says by an exception that it could not be sent: nobody's fault. */
function reply(r: NginxRequest, status: number, body: string | Buffer): void {
  try {
    r.return(status, body);
  } catch (error) {
    r.log(`epr-static: ${String(error)}`);
  }
}

/** The same where `return` would not do: it takes the text of a redirect for its place. `body` is a byte string. */
function replyRaw(r: NginxRequest, status: number, body: string): void {
  try {
    r.status = status;
    r.sendHeader();
    if (body !== '' && r.method !== 'HEAD') r.send(toText(body));
    r.finish();
  } catch (error) {
    r.log(`epr-static: ${String(error)}`);
  }
}

function setHeaders(known: Asked, result: Answer, except: readonly string[]): void {
  for (let i = 0; i < result.headers.length; i++) {
    const header = result.headers[i] as Answer['headers'][number];
    if (except.indexOf(header[0]) >= 0) continue;
    const value = header[0] === 'Location' ? known.prefix + header[1] : header[1];
    known.r.headersOut[header[0]] = toBytes(value);
  }
}

/** Those that this file sets. */
function clearHeaders(r: NginxRequest): void {
  for (let i = 0; i < OWN_HEADERS.length; i++) delete r.headersOut[OWN_HEADERS[i] as string];
}

const OWN_HEADERS = [
  'Accept-Ranges',
  'Access-Control-Allow-Origin',
  'Cache-Control',
  'Content-Encoding',
  'Content-Type',
  'ETag',
  'Vary',
];

/** '' where it has none. */
function headerOf(result: Answer, name: string): string {
  for (let i = 0; i < result.headers.length; i++) {
    const header = result.headers[i] as Answer['headers'][number];
    if (header[0] === name) return header[1];
  }
  return '';
}
