import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { headIn } from './raw-head.ts';
import type { NodeSite } from './server.ts';

/** An HTTP server of a site that does not listen yet. It takes what a registry takes, and limits what a client can hold on to. */
export function siteServer(site: NodeSite): Server {
  const last = new WeakMap<Socket, ServerResponse>();
  const server = createServer(LIMITS, (request, response) => {
    last.set(request.socket, response);
    // Requests that come in one packet are answered one after another, so that they can't fill the memory.
    if (response.socket) void site.handle(request, response);
    else response.once('socket', () => void site.handle(request, response));
  });
  server.timeout = IDLE;
  server.on('clientError', (error: ClientError, socket: Socket) => {
    const before = last.get(socket);
    if (!socket.writable || (before && !before.writableFinished)) socket.destroy(error);
    else if (!answerRaw(site, error, socket))
      socket.end(`HTTP/1.1 ${refusal(error)}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
        socket.destroy(),
      );
  });
  return server;
}

const LIMITS = {
  /** The bytes of a request's line and headers together, which a registry takes too. */
  maxHeaderSize: 2 ** 20,
  /** Milliseconds for the headers of a request, and for all of it. No request needs a body. */
  headersTimeout: 20_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
};

/** Milliseconds after which a connection ends on which nothing moves. */
const IDLE = 120_000;

type ClientError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer; readonly bytesParsed?: number };

function refusal({ code }: ClientError): string {
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
}

/** Answers a request that Node refuses for the bytes above 127 in its target. Returns false for any other, and for one in parts. */
function answerRaw(site: NodeSite, { code, rawPacket, bytesParsed }: ClientError, socket: Socket): boolean {
  const head = code === 'HPE_INVALID_URL' && rawPacket ? headIn(rawPacket, bytesParsed ?? 0) : undefined;
  if (!head) return false;
  const request = Object.assign(new IncomingMessage(socket), { httpVersionMajor: 1, httpVersionMinor: 1, ...head });
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.end());
  void site.handle(request, response);
  return true;
}
