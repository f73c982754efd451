import net from 'node:net';
import { memoryOf } from './bench-measure.ts';
import type { Server } from './bench-servers.ts';

/*
 * Load over HTTP/1.1 keep-alive connections. Sockets and a count of bytes, nothing else: a client that makes strings of
 * the bodies, as autocannon does, is slower with large ones than the servers are.
 */

/** What a server answered under load. */
export interface Load {
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** The most that the server's processes held at once, in MB; undefined where there is no /proc. */
  readonly memory: number | undefined;
}

const CONNECTIONS = 16;
/** Milliseconds. */
const DURATION = 3000;
const WARMING = 1000;

/** Asks one question at 16 connections for three seconds, after one that doesn't count. Throws where an answer is no 200. */
export async function load(
  server: Server,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Load> {
  await ask(server.url, requestOf(path, headers), WARMING);
  let memory: number | undefined;
  const sampling = setInterval(() => {
    const held = server.processes().flatMap((pid) => memoryOf(pid, 'VmRSS') ?? []);
    const sum = held.reduce((total, one) => total + one, 0);
    if (held.length > 0) memory = Math.max(memory ?? 0, sum);
  }, 100);
  const started = performance.now();
  const found = await ask(server.url, requestOf(path, headers), DURATION).finally(() => clearInterval(sampling));
  const rate = (found.length / (performance.now() - started)) * 1000;
  const times = Float64Array.from(found).sort();
  return { rate, p50: percentile(times, 0.5), p99: percentile(times, 0.99), memory };
}

function requestOf(path: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** The time of each answer, in milliseconds. Every connection ends with a whole answer. */
async function ask(url: string, request: string, duration: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + duration;
  const one = async (): Promise<void> => {
    while (performance.now() < end) await converse(url, { request, end, times });
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  return times;
}

/** One connection, until the time is over or the server closes it after an answer. */
async function converse(
  url: string,
  { request, end, times }: { request: string; end: number; times: number[] },
): Promise<void> {
  await new Promise<void>((done, fail) => {
    let started = 0;
    const ask = (): void => {
      started = performance.now();
      socket.write(request);
    };
    const reader = answerReader((isLast) => {
      const now = performance.now();
      times.push(now - started);
      if (isLast || now >= end) socket.destroy();
      else ask();
    });
    const read = (length: number, buffer: Uint8Array): boolean => {
      try {
        reader(Buffer.from(buffer.buffer, buffer.byteOffset, length));
      } catch (error) {
        socket.destroy(error as Error);
      }
      return true;
    };
    const { hostname, port } = new URL(url);
    const onread = { buffer: Buffer.alloc(256 * 1024), callback: read };
    const socket = net.connect({ host: hostname, port: Number(port), noDelay: true, onread }, ask);
    socket.once('error', fail).once('close', () => done());
  });
}

/** Takes bytes as they arrive, and says when an answer is whole; throws where it is no 200. There is one at a time. */
function answerReader(onAnswer: (isLast: boolean) => void): (bytes: Buffer) => void {
  let text = '';
  let head: Head | undefined;
  return (bytes) => {
    let body = bytes;
    if (!head) {
      const before = text.length;
      text += bytes.toString('latin1', 0, MAX_HEAD);
      const at = text.indexOf('\r\n\r\n');
      if (at < 0) return;
      head = readHead(text.slice(0, at + 2));
      body = bytes.subarray(at + 4 - before);
      text = '';
    }
    if (head.length === undefined) text = `${text}${body.toString('latin1', Math.max(0, body.length - 7))}`.slice(-7);
    else head.length -= body.length;
    if (head.length === undefined ? text !== CHUNKED_END : head.length > 0) return;
    const { isLast } = head;
    [text, head] = ['', undefined];
    onAnswer(isLast);
  };
}

interface Head {
  /** Of what is still to come of the body; undefined where it is chunked. */
  length: number | undefined;
  readonly isLast: boolean;
}

function readHead(text: string): Head {
  if (!text.startsWith('HTTP/1.1 200 ')) throw new Error(`answered with ${text.slice(0, text.indexOf('\r'))}`);
  const [, length] = /^content-length: *(\d+)\r$/im.exec(text) ?? [];
  return {
    length: length === undefined ? undefined : Number(length),
    isLast: /^connection: *close\r$/im.test(text),
  };
}

/** RFC 9112, 7.1. JSON and gzip don't have it by chance just where a read ends. */
const CHUNKED_END = '\r\n0\r\n\r\n';
/** Bytes. */
const MAX_HEAD = 8192;

function percentile(sorted: Float64Array, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}
