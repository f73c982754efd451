import { InvalidArgumentError } from '@commander-js/extra-typings';

/** Where a server listens. */
export interface Address {
  /** Undefined for all addresses of the machine. */
  readonly host: string | undefined;
  /** 0 takes a free one. */
  readonly port: number;
}

/** An address as registries take it: `localhost:8080`, `[::1]:8080`, or `:8080` for all addresses of the machine. */
export function parseAddress(text: string): Address {
  const [, inBrackets, plain, digits] = /^(?:\[([\da-fA-F:.%\w]+)\]|([^\s:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65535)
    throw new InvalidArgumentError('Write it as HOST:PORT, such as 0.0.0.0:8080 or [::1]:8080.');
  return { host: (inBrackets ?? plain) || undefined, port };
}

/** The address that the options name: `--host` and `--port` count more than `--address`. */
export function addressOf({ host, port, address = DEFAULT }: AddressOptions): Address {
  return { host: host ?? address.host, port: port ?? address.port };
}

export interface AddressOptions {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly address?: Address | undefined;
}

const DEFAULT: Address = { host: 'localhost', port: 8080 };

/** The URL of a server; for one that listens on all addresses, the name by which this machine knows itself. */
export function urlOf(scheme: 'http' | 'https', { host = 'localhost', port }: Address): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
