import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/* A stand-in for the API of a CDN: it writes down what it is asked, and answers as it is told. */

export interface Asked {
  /** Such as `POST /zones/zone/purge_cache`. */
  readonly request: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** An answer; `drop` is none. */
export type Told =
  | 'drop'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

export interface StandIn {
  readonly address: string;
  readonly asked: Asked[];
  /** The answers to come; after them, all is well again. */
  readonly answers: Told[];
  stop(): Promise<void>;
}

const WELL = '{"success":true,"status":"ok"}';

export async function startStandIn(): Promise<StandIn> {
  const asked: Asked[] = [];
  const answers: Told[] = [];
  const server = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method, url, headers } = incoming;
      asked.push({ request: `${method} ${url}`, headers, body: Buffer.concat(chunks).toString('utf8') });
      const told = answers.shift() ?? { status: url?.endsWith('/invalidation') === true ? 201 : 200 };
      if (told === 'drop') return void incoming.socket.destroy();
      answer.writeHead(told.status, told.headers).end(told.body ?? (told.status === 200 ? WELL : ''));
    });
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answers,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => void server.close(done));
    },
  };
}
