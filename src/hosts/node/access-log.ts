import type { IncomingMessage, ServerResponse } from 'node:http';

/** What became of a request. */
export interface Access {
  readonly request: Pick<IncomingMessage, 'method' | 'url' | 'httpVersion' | 'headers'>;
  /** The address of the client. */
  readonly client: string | undefined;
  readonly began: Date;
  readonly status: ServerResponse['statusCode'];
  /** Of the body. */
  readonly bytes: number;
  readonly milliseconds: number;
}

/**
 * A line of an access log: the combined format of other servers, and the milliseconds at its end. What comes from the client is
 * escaped like there (`"` is `\x22`), so that no request can forge a line.
 */
export function accessLine({ request, client, began, status, bytes, milliseconds }: Access): string {
  const { method, url, httpVersion, headers } = request;
  const line = method === undefined ? '-' : `${escaped(method)} ${escaped(url ?? '')} HTTP/${httpVersion}`;
  const [referrer, agent] = [headers.referer, headers['user-agent']].map((text) => escaped(text ?? '-'));
  const place = client ?? '-';
  return `${place} - - [${clock(began)}] "${line}" ${status} ${bytes} "${referrer}" "${agent}" ${milliseconds.toFixed(1)}`;
}

function escaped(text: string): string {
  return text.replace(/[^\x20-\x7e]|["\\]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** `26/Nov/2026:20:16:05 +0000` */
function clock(time: Date): string {
  const [, day, month, year, hours] = time.toUTCString().split(' ');
  return `${day}/${month}/${year}:${hours} +0000`;
}
