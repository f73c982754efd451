import { createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/* A proxy before an object store that does harm to one request. */

/**
 * `cut`: the request doesn't arrive whole. `lost`: it arrives, and the answer doesn't. `slow`: the answer takes its time. `error` and
 * `busy`: 500, and 503 with SlowDown; nothing arrives.
 */
export const REQUEST_FAULTS = ['cut', 'lost', 'slow', 'error', 'busy'] as const;
export type RequestFault = (typeof REQUEST_FAULTS)[number];

export interface FaultProxy {
  readonly endpoint: string;
  /** The requests since `arm`, such as `PUT objects/…`. */
  readonly seen: readonly string[];
  /**
   * Counts from 0 again, and does harm to one request. Without a fault, it only counts. `meet` is called before that request goes on, `part` when
   * its answer has come.
   */
  arm(at: number, fault?: RequestFault, meet?: () => void, part?: () => void): void;
  stop(): void;
}

export async function startFaultProxy(port: number): Promise<FaultProxy> {
  const seen: string[] = [];
  let armed:
    | { at: number; fault: RequestFault | undefined; meet: (() => void) | undefined; part: (() => void) | undefined }
    | undefined;
  const server = createServer((incoming, answer) => {
    const isMet = seen.push(`${incoming.method} ${incoming.url}`) - 1 === armed?.at;
    if (isMet) armed?.meet?.();
    const part = isMet ? armed?.part : undefined;
    void pass({ incoming, answer, port, part }, isMet ? armed?.fault : undefined);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    arm: (at, fault, meet, part) => {
      seen.length = 0;
      armed = { at, fault, meet, part };
    },
    stop: () => stopServer(server),
  };
}

function stopServer(server: Server): void {
  server.close();
  server.closeAllConnections();
}

interface Passing {
  readonly incoming: IncomingMessage;
  readonly answer: ServerResponse;
  readonly port: number;
  readonly part: (() => void) | undefined;
}

async function pass({ incoming, answer, port, part }: Passing, fault: RequestFault | undefined): Promise<void> {
  const drop = (): void => void incoming.socket.destroy();
  if (fault === 'cut') return void incoming.once('data', drop).once('end', drop);
  const body = await bodyOf(incoming);
  if (!body) return; // the client has gone
  if (fault === 'error' || fault === 'busy') {
    const [status, code] = fault === 'error' ? ([500, 'InternalError'] as const) : ([503, 'SlowDown'] as const);
    const text = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>made</Message></Error>`;
    return void answer.writeHead(status, { 'content-type': 'application/xml' }).end(text);
  }
  const { method, url, headers } = incoming;
  const forwarded = request({ host: '127.0.0.1', port, method, path: url, headers, agent: false }, (response) => {
    void bodyOf(response).then((bytes) => {
      part?.();
      if (fault === 'lost' || !bytes) return void answer.destroy();
      const send = (): void => void answer.writeHead(response.statusCode ?? 500, response.headers).end(bytes);
      setTimeout(send, fault === 'slow' ? SLOW : 0);
    });
  });
  forwarded.on('error', () => answer.destroy());
  forwarded.end(body);
}

/** Milliseconds. */
const SLOW = 100;

async function bodyOf(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of message) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch {
    return undefined; // the other end has gone
  }
}
