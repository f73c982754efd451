import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { accessLine } from './access-log.ts';
import { headIn, keepSent } from './raw-head.ts';
import type { Head, Sent } from './raw-head.ts';
import type { NodeSite } from './server.ts';
import { closeSilent, watchSilent } from './silent.ts';

export interface ServerOptions {
  /** Takes a line for each request once it is over. */
  readonly access?: ((line: string) => void) | undefined;
  readonly limits?: Limits;
  /** Undefined for plain HTTP. */
  readonly certificate?: Certificate | undefined;
}

/** A certificate with its chain, and its key: the bytes of PEM files. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** What a client can hold on to. Times are milliseconds. */
export interface Limits {
  /** The bytes of a request's line and headers together. */
  readonly maxHeaderSize: number;
  /** For the line and headers of a request, and for all of it; the first one for a TLS handshake, too. */
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  /** How often the two above are looked at. */
  readonly connectionsCheckingInterval: number;
  /** After it, a connection ends on which nothing moves. */
  readonly idle: number;
}

/** A registry takes heads of that size, too. No request needs a body. */
const LIMITS: Limits = {
  maxHeaderSize: 2 ** 20,
  headersTimeout: 20_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  idle: 120_000,
};

/**
 * An HTTP server of a site that does not listen yet, or an HTTPS server if it has a certificate. It takes what a registry takes, and
 * limits what a client can hold on to.
 */
export function siteServer(site: NodeSite, { access, limits = LIMITS, certificate }: ServerOptions = {}): Server {
  const last = new WeakMap<Socket, ServerResponse>();
  const clients = new WeakMap<Socket, Client>();
  const handle: Handle = (request, response) => {
    const sent = site.handle(request, response);
    if (access) logAtEnd(access, { request, response, sent });
  };
  const server = newServer(limits, certificate, (request, response) => {
    last.set(request.socket, response);
    clients.get(request.socket)?.sent.next();
    if (!server.listening) response.shouldKeepAlive = false; // it stops
    // Requests that come in one packet are answered one after another, so that they can't fill the memory.
    if (response.socket) handle(request, response);
    else response.once('socket', () => handle(request, response));
  });
  const watch = watchSilent(server);
  server.on(certificate ? 'secureConnection' : 'connection', (socket: Socket) => {
    clients.set(socket, { sent: keepSent(socket, limits.maxHeaderSize), refusedAt: undefined, isRefused: false });
    watch(socket);
  });
  server.on('connect', (request, socket: Socket) => {
    // Node has let go of the connection: nobody else takes its errors, and closes it.
    socket.on('error', () => socket.destroy()).once('finish', () => socket.destroy());
    if (last.get(socket)?.writableFinished === false) socket.destroy();
    else answerRaw(handle, headOf(request), socket);
  });
  server.on('clientError', (error: ClientError, socket: Socket) => {
    const client = clients.get(socket);
    if (!client) return void socket.destroy(); // a handshake that failed
    const head = client.isRefused ? undefined : rawHead(error, client);
    if (head === 'incomplete') return; // each packet that comes now is an error again
    client.isRefused = true;
    const end = (): void => endRefused(error, socket, { head, handle, access });
    const before = last.get(socket);
    if (before && !before.writableFinished) before.once('close', end);
    else end();
  });
  return server;
}

/** A connection lasts as long as something moves on it: Node's own limit between two requests is shorter than that of many proxies. */
function newServer(limits: Limits, certificate: Certificate | undefined, listener: RequestListener): Server {
  const { idle, ...times } = limits;
  const options = { ...times, keepAliveTimeout: 0 };
  const server = certificate
    ? createTlsServer({ ...options, ...certificate, handshakeTimeout: limits.headersTimeout }, listener)
    : createServer(options, listener);
  server.timeout = idle;
  return server;
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers what Node refuses, and ends the connection. */
function endRefused(
  error: ClientError,
  socket: Socket,
  {
    head,
    handle,
    access,
  }: { readonly head: Head | undefined; readonly handle: Handle; readonly access: ServerOptions['access'] },
): void {
  if (!socket.writable) socket.destroy(error);
  else if (head) answerRaw(handle, head, socket);
  else {
    const status = refusal(error);
    const request = { method: undefined, url: undefined, httpVersion: '', headers: {} };
    const began = new Date();
    const client = socket.remoteAddress;
    access?.(accessLine({ request, client, began, status: Number.parseInt(status, 10), bytes: 0, milliseconds: 0 }));
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
  }
}

/**
 * Stops a server: it takes no new connection, and answers the requests that it has. Those that take longer than a time (milliseconds)
 * are broken off.
 */
export async function stopServer(server: Server, limit = STOPPING): Promise<void> {
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const late = setTimeout(() => server.closeAllConnections(), limit);
  const closed = new Promise((done) => server.close(done));
  closeSilent(server);
  await closed;
  clearInterval(idle);
  clearTimeout(late);
}

const STOPPING = 10_000;

interface Sending {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The bytes of the body. */
  readonly sent: Promise<number>;
}

function logAtEnd(access: (line: string) => void, { request, response, sent }: Sending): void {
  const [began, start] = [new Date(), performance.now()];
  const client = request.socket.remoteAddress; // a connection that is over has none
  response.once('close', () => {
    const milliseconds = performance.now() - start;
    void sent.then((bytes) =>
      access(accessLine({ request, client, began, status: response.statusCode, bytes, milliseconds })),
    );
  });
}

type ClientError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer; readonly bytesParsed?: number };

function refusal({ code }: ClientError): string {
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
}

/** What is known of a client that may be refused. */
interface Client {
  readonly sent: Sent;
  /** Where Node met a byte that it refuses; later packets are none of its. */
  refusedAt: number | undefined;
  /** Whether what Node refuses was answered already, or will be. */
  isRefused: boolean;
}

/**
 * The head of a request that Node refuses for its method, which it doesn't know, or for its target, which may hold bytes above 127.
 * Undefined for any other.
 */
function rawHead({ code, bytesParsed = 0 }: ClientError, client: Client): Head | 'incomplete' | undefined {
  if (code !== 'HPE_INVALID_URL' && code !== 'HPE_INVALID_METHOD') return undefined;
  const sent = client.sent.bytes();
  if (!sent) return undefined;
  client.refusedAt ??= sent.last + bytesParsed;
  return headIn(sent.bytes, client.refusedAt);
}

/** Of a `CONNECT`, which Node hands over without a response. */
function headOf({ method = '', url = '' }: IncomingMessage): Head {
  return { method, url, headers: {} };
}

function answerRaw(handle: Handle, head: Head, socket: Socket): void {
  const request = new IncomingMessage(socket);
  Object.assign(request, { httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1, ...head });
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.end());
  handle(request, response);
}
