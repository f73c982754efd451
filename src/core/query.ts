import { asByteString } from '../tree/byte-string.ts';
import type { ByteString } from '../tree/byte-string.ts';
import { parseVersion } from './version.ts';
import type { Version } from './version.ts';
import type { Parameters } from './query-string.ts';

/*
 * Parses the parameters of a query (docs/contract.md section 2). Edge-plain; all texts are byte strings.
 */

/**
 * A question, with only the fields that mean something. A member whose condition a query doesn't have is undefined, false or
 * '' (`isAbsent`). To add a parameter, add a member here and its reading to `parseQuery`; the compiler names the other places
 * that must know it.
 */
export interface Query {
  readonly endpoint: 'search' | 'categories';
  readonly kibana: Version | undefined;
  readonly agent: Version | undefined;
  readonly prerelease: boolean;
  readonly experimental: boolean;
  readonly all: boolean;
  readonly includePolicyTemplates: boolean;
  readonly category: ByteString;
  readonly package: ByteString;
  readonly type: ByteString;
  readonly capabilities: readonly ByteString[] | undefined;
  readonly specMin: Version | undefined;
  readonly specMax: Version | undefined;
  readonly discovery: readonly Discovery[] | undefined;
}

export interface Discovery {
  readonly kind: 'fields' | 'datasets';
  readonly values: readonly ByteString[];
}

const NOTHING = asByteString('');

/** The query of `/search` without any parameter. Its members are in the order in which rules apply (section 3). */
export const EMPTY_QUERY: Query = {
  endpoint: 'search',
  package: NOTHING,
  prerelease: false,
  type: NOTHING,
  kibana: undefined,
  agent: undefined,
  capabilities: undefined,
  discovery: undefined,
  specMin: undefined,
  specMax: undefined,
  experimental: false,
  all: false,
  category: NOTHING,
  includePolicyTemplates: false,
};

export const QUERY_MEMBERS = Object.keys(EMPTY_QUERY) as readonly (keyof Query)[];

/** Whether a query has no condition of this kind. */
export function isAbsent(query: Query, member: keyof Query): boolean {
  const value = query[member];
  return value === undefined || value === false || value === '';
}

/** The query, or the text of the 400 answer. */
export type ParsedQuery = { readonly query: Query } | { readonly error: ByteString };

/** Parses the parameters of an endpoint. It ignores parameters that the endpoint doesn't know. */
export function parseQuery(endpoint: 'search' | 'categories', parameters: Parameters): ParsedQuery {
  const errors: string[] = [];
  const text = (name: string): ByteString => {
    const values = parameters[name];
    return (values && values[0]) || NOTHING;
  };
  const version = (name: string, title: string): Version | undefined => {
    const value = text(name);
    if (value === '') return undefined;
    const parsed = parseVersion(value);
    if (parsed.ok) return parsed.version;
    errors.push(`invalid ${title} '${value}': ${parsed.error}`);
    return undefined;
  };
  const spec = (name: string): Version | undefined => {
    const value = text(name);
    const parsed = value === '' ? undefined : parseSpecVersion(value);
    if (typeof parsed !== 'string') return parsed;
    errors.push(`invalid '${name}' version: ${parsed}`);
    return undefined;
  };
  const flag = (name: string): boolean => {
    const value = text(name);
    if (value === '' || FALSE.indexOf(value) >= 0) return false;
    if (TRUE.indexOf(value) >= 0) return true;
    errors.push(`invalid '${name}' query param: '${value}'`);
    return false;
  };
  const isSearch = endpoint === 'search';
  const query: Query = {
    endpoint,
    kibana: version('kibana.version', 'Kibana version'),
    agent: version('agent.version', 'agent version'),
    prerelease: flag('prerelease'),
    experimental: flag('experimental'),
    all: isSearch && flag('all'),
    includePolicyTemplates: !isSearch && flag('include_policy_templates'),
    category: isSearch ? text('category') : NOTHING,
    package: isSearch ? text('package') : NOTHING,
    type: isSearch ? text('type') : NOTHING,
    capabilities: text('capabilities') === '' ? undefined : text('capabilities').split(','),
    specMin: spec('spec.min'),
    specMax: spec('spec.max'),
    discovery: parseDiscovery(parameters['discovery'], errors),
  };
  const error = errors[0];
  return error === undefined ? { query } : { error: asByteString(error) };
}

// The words of Go's strconv.ParseBool.
const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

function parseSpecVersion(value: string): Version | string {
  if (value.split('.').length !== 2) return `invalid version '${value}': it should be <major.version>`;
  const parsed = parseVersion(value);
  return parsed.ok ? parsed.version : `invalid spec version '${value}': ${parsed.error}`;
}

function parseDiscovery(values: readonly ByteString[] | undefined, errors: string[]): Discovery[] | undefined {
  if (!values || values.length === 0) return undefined;
  const result: Discovery[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] || NOTHING;
    const colon = value.indexOf(':');
    const kind: string = value.slice(0, colon < 0 ? 0 : colon);
    if (colon < 0) errors.push(`invalid 'discovery' query param: '${value}': could not parse filter "${value}"`);
    else if (kind === 'fields' || kind === 'datasets') result.push({ kind, values: value.slice(colon + 1).split(',') });
    else errors.push(`invalid 'discovery' query param: '${value}': unknown discovery filter "${kind}"`);
  }
  return result;
}
