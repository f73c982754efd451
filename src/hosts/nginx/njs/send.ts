import { asByteString } from '../../../tree/byte-string.ts';
import type { ByteString } from '../../../tree/byte-string.ts';
import type { Answer } from '../../../core/response.ts';
import { variable } from './asked.ts';
import type { Asked } from './asked.ts';
import { toBytes, toText } from './bytes.ts';
import type { NginxRequest } from './njs.ts';

/*
 * How an answer whose body is at hand goes to nginx.
 */

const NOTHING = asByteString('');

/** What of a request says how its answer is sent. */
type Reply = Pick<Asked, 'r' | 'prefix'>;

/** Sends an answer whose body is a text, or none. */
export function sendText(known: Reply, result: Answer): void {
  const text = result.body && result.body.kind === 'text' ? result.body.text : NOTHING;
  setHeaders(known, result, OF_TEXTS);
  if (RAW.indexOf(result.status) < 0) {
    reply(known.r, result.status, toBytes(text));
    return;
  }
  const body = known.prefix === '' ? text : asByteString(text.replace('<a href="', `<a href="${known.prefix}`));
  if (result.status === 301 || result.status === 412) known.r.headersOut['Content-Length'] = String(body.length);
  replyRaw(known.r, result.status, body);
}

/** The statuses that `return` can't send: it takes the text of a redirect for its location, and has pages of its own. */
const RAW = [204, 301, 304, 412];

/** Sends an answer whose body is these bytes. */
export function sendBytes(known: Reply, result: Answer, bytes: Buffer): void {
  setHeaders(known, result, OF_TEXTS);
  reply(known.r, result.status, bytes);
}

/** What nginx says itself of a body that it gets. */
const OF_TEXTS = ['Content-Length'];

/** Sends an answer. If the client has gone, njs throws an exception, which is nobody's fault. */
function reply(r: NginxRequest, status: number, body: string | Buffer): void {
  tellStatus(r, status);
  try {
    r.return(status, body);
  } catch (error) {
    r.log(`epr-static: ${String(error)}`);
  }
}

/** Sends an answer that `return` can't send. */
function replyRaw(r: NginxRequest, status: number, body: ByteString): void {
  tellStatus(r, status);
  try {
    r.status = status;
    r.sendHeader();
    if (body !== '' && r.method !== 'HEAD') r.send(toText(body));
    r.finish();
  } catch (error) {
    r.log(`epr-static: ${String(error)}`);
  }
}

/** Whether a request with conditions has come to the location for these. */
export function isConditional(r: NginxRequest): boolean {
  return variable(r, 'epr_conditional') !== '';
}

/** There, the status that is set at the end. */
function tellStatus(r: NginxRequest, status: number): void {
  if (isConditional(r)) r.variables['epr_status'] = String(status);
}

/** Sets the headers of an answer, but for some. */
export function setHeaders(known: Reply, result: Answer, except: readonly string[]): void {
  for (let i = 0; i < result.headers.length; i++) {
    const header = result.headers[i] as Answer['headers'][number];
    if (except.indexOf(header[0]) >= 0) continue;
    const value = header[0] === 'Location' ? known.prefix + header[1] : header[1];
    known.r.headersOut[header[0]] = toBytes(asByteString(value));
  }
}

/** Sends an error without a look at the request. `result` has a text for its body. */
export function sendError(r: NginxRequest, result: Answer): void {
  clearHeaders(r);
  sendText({ r, prefix: NOTHING }, result);
}

/** Takes back the headers that this code sets. */
export function clearHeaders(r: NginxRequest): void {
  for (let i = 0; i < OWN_HEADERS.length; i++) delete r.headersOut[OWN_HEADERS[i] as string];
}

const OWN_HEADERS = [
  'Accept-Ranges',
  'Access-Control-Allow-Origin',
  'Cache-Control',
  'Content-Encoding',
  'Content-Security-Policy',
  'Content-Type',
  'ETag',
  'Vary',
  'X-Content-Type-Options',
];

/** The header of an answer; '' where it has none. */
export function headerOf(result: Answer, name: string): string {
  for (let i = 0; i < result.headers.length; i++) {
    const header = result.headers[i] as Answer['headers'][number];
    if (header[0] === name) return header[1];
  }
  return '';
}
