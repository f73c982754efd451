/*
 * The part of njs 0.7.9 that the handlers use: https://nginx.org/en/docs/njs/reference.html
 */

export interface NginxRequest {
  readonly method: string;
  readonly httpVersion: string;
  readonly headersIn: { readonly [name: string]: string | undefined };
  readonly headersOut: { [name: string]: string | Buffer | undefined };
  /** The variables of nginx as text: their bytes are read as UTF-8. Bytes that are assigned stay as they are. */
  readonly variables: { [name: string]: string | Buffer | undefined };
  readonly rawVariables: { readonly [name: string]: Buffer | undefined };
  status: number;
  /** For a redirect, the second argument is its location and not its body. */
  return(status: number, body?: string | Buffer): void;
  internalRedirect(uri: string): void;
  sendHeader(): void;
  send(text: string): void;
  finish(): void;
  /** At the level `info`. */
  log(message: string): void;
  error(message: string): void;
}
