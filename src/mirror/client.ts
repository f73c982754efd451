import { setTimeout as pause } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { Stop } from '../errors.ts';
import type { Address } from './address.ts';
import { exchange } from './exchange.ts';
import type { Asked, Line, Read } from './exchange.ts';
import type { Mirroring, Pace } from './mirroring.ts';
import { Refusal } from './refusal.ts';

/** Asks one registry. */
export interface Client {
  /** Has a body read, after as many attempts as it takes until `read` refuses nothing. Throws a `Refusal` if it can't be had. */
  get<T>(asked: Asked, read: Read<T>): Promise<T>;
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
  headersTimeout: 30_000,
  idleTimeout: 30_000,
  slowest: 1000,
  bodyTimeout: 900_000,
};

export interface ClientOptions {
  readonly pace: Pace;
  readonly environment: Mirroring['environment'];
}

/** A client for the registry at an address. Throws a `Stop` if the environment names a proxy by what is no URL. */
export async function openClient(address: Address, { pace, environment }: ClientOptions): Promise<Client> {
  const dispatcher = await openDispatcher(environment, pace);
  const traffic = { requests: 0, bytes: 0 };
  const line: Line = {
    ...pace,
    address,
    dispatcher,
    elsewhere: new Set(),
    onRequest: () => void traffic.requests++,
    onBytes: (count) => void (traffic.bytes += count),
  };
  /** When the registry wants to be asked again (by `performance.now`): what one request learns holds for all. */
  let resumeAt = 0;
  /** How many attempts in a row met with silence. */
  let silent = 0;
  /** How many bodies stayed wrong however often they were asked for. */
  let inVain = 0;
  const attempt = async <T>(asked: Asked, read: Read<T>): Promise<T> => {
    const wait = resumeAt - performance.now();
    if (wait > 0) await pause(wait);
    return await exchange(asked, line, read);
  };
  const get = async <T>(asked: Asked, read: Read<T>): Promise<T> => {
    for (let attempts = 1; ; attempts++) {
      try {
        const body = await attempt(asked, read);
        silent = 0;
        return body;
      } catch (error) {
        if (!(error instanceof Refusal) || !error.isPassing) throw error;
        silent = error.isSilent ? silent + 1 : 0;
        if (error.isSilent && (attempts >= MOST_SILENT || silent > pace.concurrency)) throw error;
        if (!error.isDown && inVain >= MOST_IN_VAIN) throw error;
        if (attempts >= pace.attempts) {
          if (!error.isDown) inVain++;
          throw error;
        }
        if (error.wait > 0) resumeAt = Math.max(resumeAt, performance.now() + Math.min(error.wait, pace.longestWait));
        else await pause(backoff(attempts, pace));
      }
    }
  };
  return { get, traffic, close: () => dispatcher.destroy() };
}

/** Each takes a whole timeout: of a registry that says nothing, a run is to end within two minutes. */
const MOST_SILENT = 3;

/** After so many, the registry itself is wrong, and to ask for each body again would only take long. */
const MOST_IN_VAIN = 16;

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
