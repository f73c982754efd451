import { errorCode } from '../errors.ts';
import { Refusal } from './refusal.ts';
import type { RefusalFacts } from './refusal.ts';

/*
 * Errors of the network and of the HTTP client, in words of our own: their messages may repeat what a registry sent, and a proxy's
 * URL.
 */

/** A refusal of one attempt. One that may pass looks as if the registry as a whole were away. */
export class AttemptError extends Refusal {
  constructor(message: string, facts: Pick<RefusalFacts, 'isPassing' | 'isSilent' | 'wait' | 'remedy'>) {
    super(message, { ...facts, isDown: facts.isPassing ?? false });
  }
}

/** What an error says; undefined for one that is no error of the network. */
export function networkError(error: unknown): AttemptError | undefined {
  const code = codeOf(error);
  if (code === '') return undefined;
  if (TLS.test(code))
    return new AttemptError(`has a TLS certificate or connection that isn't trusted here (${code}); ${TRUST}`, {});
  const text = TEXTS[code];
  if (text === undefined && !/^(?:UND_ERR|HPE_|E[A-Z]+$)/.test(code)) return undefined;
  // A body that doesn't come in such a long time won't come in the same time again.
  const isPassing = code !== TIMEOUT;
  return new AttemptError(text ?? `can't be reached (${code})`, {
    isPassing,
    isSilent: SILENCE.test(code),
    remedy: ADDRESS.test(code) ? 'address' : undefined,
  });
}

/** An error of the network as the refusal that it is; every other error as it is. */
export function asRefusal(error: unknown): unknown {
  return error instanceof Refusal ? error : (networkError(error) ?? error);
}

const TLS = /CERT|^ERR_(?:TLS|SSL)|SELF_SIGNED|^UNABLE_TO|^EPROTO$|^UND_ERR_PRX_TLS$/;
const TRUST = 'for a CA of your own, set NODE_EXTRA_CA_CERTS to its file';
const TIMEOUT = 'TIMEOUT';
const SILENCE = /^(?:ETIMEDOUT|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT)$/;
const ADDRESS = /^(?:ENOTFOUND|ECONNREFUSED|UND_ERR_ABORTED|UND_ERR_HTTP_PARSER|UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/;

const TEXTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections (ECONNREFUSED)',
  ECONNRESET: 'cuts the connection (ECONNRESET)',
  EPIPE: 'cuts the connection (EPIPE)',
  ENOTFOUND: 'has a host name that does not exist (ENOTFOUND)',
  EAI_AGAIN: 'has a host name that could not be looked up (EAI_AGAIN)',
  ETIMEDOUT: "can't be reached in time (ETIMEDOUT)",
  UND_ERR_CONNECT_TIMEOUT: "can't be reached in time",
  UND_ERR_HEADERS_TIMEOUT: 'takes too long to answer',
  UND_ERR_BODY_TIMEOUT: 'stopped in the middle of its answer',
  [TIMEOUT]: 'takes too long to send its answer',
  UND_ERR_SOCKET: 'cuts the connection',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'sends another number of bytes than it says',
  UND_ERR_HEADERS_OVERFLOW: 'sends too many headers',
  UND_ERR_HTTP_PARSER: 'sends an answer that is not HTTP',
  UND_ERR_ABORTED: "can't be reached through the proxy",
};

/** The code of an error, or of the one behind it. */
function codeOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return TIMEOUT;
  if (error instanceof Error && error.name === 'HTTPParserError') return 'UND_ERR_HTTP_PARSER';
  const own = errorCode(error);
  return own === '' && error instanceof Error && error.cause !== undefined ? codeOf(error.cause) : own;
}
