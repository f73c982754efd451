/*
 * What nginx's njs 0.7.9 gives a handler, as far as it is used here: https://nginx.org/en/docs/njs/reference.html
 */

export interface NginxRequest {
  readonly method: string;
  readonly httpVersion: string;
  readonly headersIn: { readonly [name: string]: string | undefined };
  readonly headersOut: { [name: string]: string | Buffer | undefined };
  /** nginx's variables as text: their bytes read as UTF-8. Bytes that are assigned stay as they are. */
  readonly variables: { [name: string]: string | Buffer | undefined };
  readonly rawVariables: { readonly [name: string]: Buffer | undefined };
  status: number;
  /** Of a redirect, the second argument would be its place instead of its body. */
  return(status: number, body: string | Buffer): void;
  internalRedirect(uri: string): void;
  sendHeader(): void;
  send(text: string): void;
  finish(): void;
  /** At the level `info`. */
  log(message: string): void;
  error(message: string): void;
}
