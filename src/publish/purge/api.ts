import type { Dispatcher } from 'undici';
import { waitOf } from '../../mirror/exchange.ts';
import { AttemptError } from '../../mirror/network-errors.ts';

/* The HTTP API of a CDN. */

export interface Api {
  /** Posts once to a path of it. Throws an `AttemptError` or an error of the network. */
  post(path: string, body?: unknown): Promise<void>;
  close(): Promise<void>;
}

export interface ApiOptions {
  /** Its address, without a slash at the end. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What no message may hold. */
  readonly secret: string;
}

/** Opens an API. Requests go by the proxy that the environment names. */
export async function openApi({ address, headers, secret }: ApiOptions): Promise<Api> {
  const { EnvHttpProxyAgent, request } = await import('undici');
  const dispatcher = new EnvHttpProxyAgent();
  return {
    post: async (path, body) => {
      const answer = await request(`${address}${path}`, {
        dispatcher,
        method: 'POST',
        headers: { ...headers, 'user-agent': 'epr-static', 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
        headersTimeout: TIMEOUT,
        bodyTimeout: TIMEOUT,
      });
      const said = parsed(await answer.body.text());
      if (answer.statusCode < 300 && said['success'] !== false) return;
      throw failure(answer, messageIn(said).replaceAll(secret, '…'));
    },
    close: () => dispatcher.destroy(),
  };
}

/** Milliseconds. */
const TIMEOUT = 60_000;

function failure({ statusCode, headers }: Dispatcher.ResponseData, message: string): AttemptError {
  const isPassing = statusCode >= 500 || [408, 425, 429].includes(statusCode);
  const wait = waitOf(String(headers['retry-after'] ?? ''));
  return new AttemptError(`answers ${statusCode}${message === '' ? '' : `: ${message}`}`, { isPassing, wait });
}

type Said = Readonly<Record<string, unknown>>;

/** What is no JSON says nothing. */
function parsed(text: string): Said {
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === 'object' && said !== null ? (said as Said) : {};
  } catch {
    return {}; // parsing alone
  }
}

/** What a CDN says of its refusal: the first of its errors, or its message. */
function messageIn(said: Said): string {
  const first = Array.isArray(said['errors']) ? (said['errors'] as unknown[])[0] : undefined;
  const inside = typeof first === 'object' && first !== null ? (first as Said)['message'] : undefined;
  const found = [inside, said['msg'], said['detail']].find((one) => typeof one === 'string');
  return (found ?? '').slice(0, MOST_SAID);
}

/** Characters. */
const MOST_SAID = 200;
