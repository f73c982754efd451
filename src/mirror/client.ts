import { setTimeout as pause } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { Stop } from '../errors.ts';
import type { Address } from './address.ts';
import { exchange } from './exchange.ts';
import type { Asked, Line } from './exchange.ts';
import type { Mirroring, Pace } from './mirroring.ts';
import { AttemptError, networkError } from './network-errors.ts';

/** Asks one registry. */
export interface Client {
  /** A whole body, after as many attempts as it takes. Throws a `Refusal` if it can't be had. */
  get(asked: Asked): Promise<Buffer>;
  readonly traffic: Traffic;
  close(): Promise<void>;
}

/** So far. */
export interface Traffic {
  readonly requests: number;
  /** Of bodies, as they came. */
  readonly bytes: number;
}

export const PACE: Pace = {
  concurrency: 8,
  attempts: 6,
  backoff: 500,
  longestWait: 60_000,
  connectTimeout: 10_000,
  headersTimeout: 60_000,
  idleTimeout: 30_000,
  bodyTimeout: 900_000,
};

export interface ClientOptions {
  readonly pace: Pace;
  readonly environment: Mirroring['environment'];
  onBytes(traffic: Traffic): void;
}

/** A client for the registry at an address. Throws a `Stop` if the environment names a proxy by what is no URL. */
export async function openClient(address: Address, { pace, environment, onBytes }: ClientOptions): Promise<Client> {
  const dispatcher = await openDispatcher(environment, pace);
  const traffic = { requests: 0, bytes: 0 };
  const line: Line = {
    address,
    dispatcher,
    headersTimeout: pace.headersTimeout,
    idleTimeout: pace.idleTimeout,
    bodyTimeout: pace.bodyTimeout,
    onRequest: () => void traffic.requests++,
    onBytes: (count) => {
      traffic.bytes += count;
      onBytes(traffic);
    },
  };
  /** When the registry wants to be asked again (by `performance.now`): what one request learns holds for all. */
  let resumeAt = 0;
  const attempt = async (asked: Asked): Promise<Buffer> => {
    const wait = resumeAt - performance.now();
    if (wait > 0) await pause(wait);
    return await exchange(asked, line);
  };
  const get = async (asked: Asked): Promise<Buffer> => {
    for (let attempts = 1; ; attempts++) {
      try {
        return await attempt(asked);
      } catch (error) {
        const fault = error instanceof AttemptError ? error : networkError(error);
        if (!fault?.isPassing || attempts >= pace.attempts) throw fault ?? error;
        if (fault.wait > 0) resumeAt = Math.max(resumeAt, performance.now() + Math.min(fault.wait, pace.longestWait));
        else await pause(backoff(attempts, pace));
      }
    }
  };
  return { get, traffic, close: () => dispatcher.destroy() };
}

/** Twice as long after each attempt, and spread: clients that failed together don't come back together. */
function backoff(attempts: number, { backoff: base, longestWait }: Pace): number {
  return Math.min(longestWait, base * 2 ** (attempts - 1)) * (0.5 + Math.random() / 2);
}

/** Variables in lower case count before those in upper case, as in other programs. */
async function openDispatcher(environment: Mirroring['environment'], pace: Pace): Promise<Dispatcher> {
  const { EnvHttpProxyAgent } = await import('undici');
  const variable = (name: string): string => environment[name] ?? environment[name.toUpperCase()] ?? '';
  const connect = { timeout: pace.connectTimeout };
  try {
    return new EnvHttpProxyAgent({
      httpProxy: variable('http_proxy'),
      httpsProxy: variable('https_proxy'),
      noProxy: variable('no_proxy'),
      connect,
      proxyTls: connect,
      requestTls: connect,
      proxyTunnel: false,
      connections: pace.concurrency,
    });
  } catch {
    throw new Stop('bad-registry', 'HTTP_PROXY or HTTPS_PROXY is no URL of a proxy', 'write it like http://proxy:3128');
  }
}
