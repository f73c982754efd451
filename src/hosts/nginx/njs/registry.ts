import { asByteString } from '../../../tree/byte-string.ts';
import { respond } from '../../../core/respond.ts';
import type { Request } from '../../../core/respond.ts';
import { errorAnswer, UNREADABLE } from '../../../core/response.ts';
import type { Answer, FileBody } from '../../../core/response.ts';
import { PATCH } from '../../../tree/journal.ts';
import { withoutFile } from '../../../core/without-file.ts';
import { asked, variable } from './asked.ts';
import type { Asked } from './asked.ts';
import { toBytes } from './bytes.ts';
import { isCompressible } from './encoding.ts';
import { bytesOf, placeOf, readPart, readText, unreadableFile } from './files.ts';
import { formOf } from './forms.ts';
import { joinPieces, readIndex } from './index.ts';
import type { Index } from './index.ts';
import type { NginxRequest } from './njs.ts';
import { clearHeaders, headerOf, isConditional, sendBytes, sendError, sendText, setHeaders } from './send.ts';

/*
 * The registry in nginx, for all that the plain rules of the configuration (hosts/nginx/conf.ts) leave over. That sets
 * `$epr_site`, the site's folder, `$epr_prefix`, the path that the registry lies under, and `$epr_columns_file` and
 * `$epr_rows_file`, the names of the index that it preloads as `epr_columns`; and has internal locations, `whole` and
 * `part`, that serve the file `$epr_path` of the site. The core decides on answers; this file says how nginx gets them.
 */

/** Answers a request. */
function registry(r: NginxRequest): void {
  // If a plain rule looked for a file and found a folder, nginx has begun to redirect.
  delete r.headersOut['Location'];
  if (hasConditions(r) && !isConditional(r)) {
    r.return(TO_CONDITIONAL);
    return;
  }
  guarded(r, () => answer(asked(r, r.method, variable(r, 'request_uri'))));
}

/** The status of the configuration's `error_page` that leads to the location for requests with conditions. */
const TO_CONDITIONAL = 460;

/** Whether a request has conditions that nginx judges by itself, otherwise than the registry. */
function hasConditions(r: NginxRequest): boolean {
  return r.headersIn['If-Match'] !== undefined || r.headersIn['If-Unmodified-Since'] !== undefined;
}

/** In the location for these requests, nginx judges nothing, because it sees a status other than 200; this sets the right one. */
function status(r: NginxRequest): void {
  r.status = Number(variable(r, 'epr_status'));
}

/** Answers a request that nginx itself refuses with 400 or 405: a path that climbs above the root, a NUL, TRACE. */
function refused(r: NginxRequest): void {
  const line = variable(r, 'request');
  const method = line.slice(0, Math.max(line.indexOf(' '), 0));
  const written = line.slice(method.length + 1, Math.max(line.lastIndexOf(' HTTP/'), 0));
  const target = asByteString(written.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?]*/, ''));
  const isRead = variable(r, 'request_uri') !== '';
  const isOurs = isRead ? method === 'TRACE' || method === 'CONNECT' : /^\/[^\x00-\x20\x7f]*$/.test(target);
  guarded(r, () => {
    if (isOurs) answer(asked(r, method, target));
    else sendText(asked(r, method, asByteString('/')), errorAnswer(400, 'bad request', []));
  });
}

/** Answers where the file that should be the answer is missing, or a client asked for an internal location. */
function gone(r: NginxRequest): void {
  guarded(r, () => {
    const known = asked(r, r.method, variable(r, 'request_uri'));
    clearHeaders(r);
    const path = variable(r, 'epr_path');
    // A file of a patch may have been moved to its place in this moment.
    if (path === '' || path.slice(0, PATCH.length + 1) === `${PATCH}/`) answer(known);
    else send(known, withoutFile(known.request, known.index && known.index.columns));
  });
}

/** Answers where the file that should be the answer can't be read; nginx has logged which. */
function unreadable(r: NginxRequest): void {
  sendError(r, UNREADABLE);
}

export default { registry, status, refused, gone, unreadable };

function guarded(r: NginxRequest, handle: () => void): void {
  try {
    handle();
  } catch (error) {
    const file = unreadableFile(error);
    r.error(`epr-static: ${file === '' ? '' : `${file} can't be read: `}${String(error)}`);
    sendError(r, file === '' ? errorAnswer(500, 'internal error') : UNREADABLE);
  }
}

function answer(known: Asked): void {
  send(known, ask(known, known.request));
}

function ask(known: Asked, request: Request): Answer {
  const first = respond(request, known.index && known.index.columns);
  return first.kind === 'lookup' ? first.answer(readText(`${known.site}/${first.path}`)) : first;
}

function send(known: Asked, result: Answer): void {
  const body = result.body;
  if (body && body.kind === 'file') sendFile(known, result, body);
  else if (body && body.kind === 'pieces') sendComposed(known, result);
  else sendText(known, result);
}

/** nginx serves the file itself, so that it doesn't go through memory. One that is not of its size is damaged. */
function sendFile(known: Asked, result: Answer, body: FileBody): void {
  const r = known.r;
  const size = bytesOf(`${known.site}/${body.path}`);
  if (size !== undefined && size !== body.size) {
    r.error(`epr-static: ${known.site}/${body.path} has ${size} bytes, and should have ${body.size}`);
    sendError(r, UNREADABLE);
    return;
  }
  if (result.status === 206 && !PLAIN_RANGE.test(String(known.request.range))) {
    sendOddRange(known, result, body);
    return;
  }
  const type = headerOf(result, 'Content-Type');
  const plain = { coding: undefined, path: `${known.site}/${body.path}` };
  const form = result.status === 206 ? plain : formOf(r, known.site, { path: body.path, digest: body.digest, type });
  setHeaders(known, result, OF_FILES);
  if (isCompressible(type)) r.headersOut['Vary'] = 'Accept-Encoding';
  if (form.coding) r.headersOut['Content-Encoding'] = form.coding;
  // Also with a compressed form: a range is of the file as it is.
  if (headerOf(result, 'Accept-Ranges') !== '') r.headersOut['Accept-Ranges'] = 'bytes';
  r.variables['epr_path'] = toBytes(asByteString(placeOf(form.path).slice(known.site.length + 1)));
  const conditional = isConditional(r) ? 'conditional-' : '';
  if (conditional !== '') r.variables['epr_status'] = '200'; // nginx makes it a 206
  const kind = result.status === 206 ? 'part' : 'whole';
  r.internalRedirect(`${variable(r, 'epr_prefix')}/.epr-static/${conditional}${kind}`);
}

/** nginx makes the same headers from these as the core. */
const PLAIN_RANGE = /^bytes=([0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})$/;

/** The headers that nginx makes itself for the files that it serves, or for some of them. */
const OF_FILES = ['ETag', 'Content-Length', 'Content-Range', 'Accept-Ranges'];

/**
 * nginx refuses ranges such as `bytes=1-2,`, so these go through memory. For a long one, the client gets the whole
 * file.
 */
function sendOddRange(known: Asked, result: Answer, body: FileBody): void {
  if (body.end - body.start > LONGEST_ODD_RANGE) {
    send(known, ask(known, Object.assign({}, known.request, { range: undefined })));
    return;
  }
  const bytes = readPart(`${known.site}/${body.path}`, body.start, body.end);
  if (bytes) sendBytes(known, result, bytes);
  else send(known, withoutFile(known.request, known.index && known.index.columns));
}

const LONGEST_ODD_RANGE = 0x100000;

/** nginx compresses composed answers on their way. */
function sendComposed(known: Asked, result: Answer): void {
  const body = result.body;
  if (!body || body.kind !== 'pieces' || !known.index) return;
  let bytes: Buffer;
  try {
    bytes = joinPieces(body.pieces, known.index);
  } catch (error) {
    clearHeaders(known.r);
    sendWithoutRows(known, known.index, String(error));
    return;
  }
  sendBytes(known, result, bytes);
}

/** The site may have been replaced since its columns were found. Then the new index answers. */
function sendWithoutRows(known: Asked, index: Index, error: string): void {
  const current = readIndex(known.site);
  if (current && current.rows !== index.rows) answer(Object.assign({}, known, { index: current }));
  else {
    known.r.error(`epr-static: ${index.rows}: ${error}`);
    send(known, respond(known.request, undefined) as Answer);
  }
}
