import type { KibanaClient } from '../config.ts';
import { parseQuery } from '../core/query.ts';
import type { Query } from '../core/query.ts';
import { parseQueryString } from '../core/query-string.ts';
import { toByteString } from '../tree/text.ts';

/*
 * The questions of a Kibana that decide which version of a package it gets (docs/contract.md section 3). `package` and `category`
 * choose among these versions, and `/categories` counts them.
 */

/** A request for `/search`, and the query that it is. */
export interface Asked {
  /** The version of the Kibana. */
  readonly kibana: string;
  readonly request: string;
  readonly query: Query;
}

/**
 * All questions of a client, the plainest first: with and without pre-releases, its spec range and its capabilities, and as old
 * Kibanas ask (`experimental`), each for all types of packages and for every single one.
 */
export function requestsOf(client: KibanaClient, types: readonly string[]): Asked[] {
  const { spec, capabilities } = client;
  const conditions = [
    [],
    ...(spec ? [[`spec.min=${spec.min}`, `spec.max=${spec.max}`]] : []),
    ...(capabilities ? [[`capabilities=${capabilities.map(encodeURIComponent).join(',')}`]] : []),
  ];
  const both = spec && capabilities ? [...conditions, conditions.flat()] : conditions;
  const prereleases = client.prerelease ? [[], ['prerelease=true']] : [[]];
  const kinds = [...prereleases.flatMap((one) => both.map((other) => one.concat(other))), ['experimental=true']];
  return ['', ...types].flatMap((type) =>
    kinds.map((kind) => asked(client, type === '' ? kind : kind.concat(`type=${encodeURIComponent(type)}`))),
  );
}

function asked({ kibana }: KibanaClient, parameters: readonly string[]): Asked {
  const raw = [`kibana.version=${encodeURIComponent(kibana)}`, ...parameters].join('&');
  const parsed = parseQuery('search', parseQueryString(toByteString(raw)));
  if ('error' in parsed) throw new Error(`/search?${raw}: ${parsed.error}`);
  return { kibana, request: `/search?${raw}`, query: parsed.query };
}
