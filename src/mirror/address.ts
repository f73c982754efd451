import { createHash } from 'node:crypto';
import { Stop } from '../errors.ts';
import { netrcLogin, readNetrc } from './netrc.ts';
import type { Login } from './netrc.ts';
import type { Mirroring } from './mirroring.ts';

/** Where a registry is, and what it is told about who asks. */
export interface Address {
  /** Scheme, host and port: all that credentials are for. */
  readonly origin: string;
  /** The URL without credentials and without a slash at the end: the only form that is shown or kept. */
  readonly shown: string;
  /** The name of its folder in the cache. */
  readonly key: string;
  /** The header `Authorization`; undefined for a registry that needs none. A secret. */
  readonly authorization: string | undefined;
}

/**
 * The address of a registry, with what counts first of its token, the user and password in the URL, and `.netrc`. Throws a `Stop` if the
 * URL or the token can't be used. Its message has no part of either.
 */
export async function registryAddress({
  layer,
  registry,
  environment,
}: Pick<Mirroring, 'layer' | 'registry' | 'environment'>): Promise<Address> {
  const url = parseUrl(layer, registry);
  const shown = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  return {
    origin: url.origin,
    shown,
    key: createHash('sha256').update(shown).digest('hex').slice(0, KEY_DIGITS),
    authorization:
      bearer(layer, environment) ??
      basic(loginIn(url) ?? netrcLogin(await readNetrc(environment), url.hostname, userIn(url))),
  };
}

const KEY_DIGITS = 16;

function parseUrl(layer: string, text: string): URL {
  const problem = (what: string): Stop =>
    new Stop(
      'bad-registry',
      `the registry of the layer ${layer} ${what}`,
      'write it like https://packages.example.org',
    );
  if (!URL.canParse(text)) throw problem('is no URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw problem(`has a URL that is neither https nor http`);
  if (url.search !== '' || url.hash !== '') throw problem('has a URL with "?" or "#"');
  return url;
}

/** The variable of the environment that holds the token of a layer. */
export function tokenVariable(layer: string): string {
  return `EPR_STATIC_TOKEN_${layer.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
}

function bearer(layer: string, environment: Mirroring['environment']): string | undefined {
  const name = tokenVariable(layer);
  const token = environment[name] ?? '';
  if (token === '') return undefined;
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new Stop(
      'bad-registry',
      `${name} has a character that no token has`,
      'set this environment variable again, without a space or a line break at its end',
    );
  return `Bearer ${token}`;
}

function loginIn(url: URL): Login | undefined {
  return url.password === '' ? undefined : { user: decoded(url.username), password: decoded(url.password) };
}

/** A user without a password is looked up in `.netrc`. */
function userIn({ username }: URL): string | undefined {
  return username === '' ? undefined : decoded(username);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that stands for itself
  }
}

function basic(login: Login | undefined): string | undefined {
  if (login === undefined) return undefined;
  return `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
}
