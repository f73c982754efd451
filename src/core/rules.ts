import { accepts } from './constraint.ts';
import { compareVersions, versionOf } from './version.ts';
import type { Version } from './version.ts';
import type { ByteString } from '../tree/byte-string.ts';
import type { Columns, Profile } from './columns.ts';
import { QUERY_MEMBERS } from './query.ts';
import type { Discovery, Query } from './query.ts';

/*
 * What a query demands of the profile of a revision (docs/contract.md section 3). Edge-plain: the columns' lists have no methods in
 * nginx, so they are only indexed.
 */

/** The rule of docs/contract.md section 3 that excludes a revision, regardless of other versions; '' for none. */
export type Refusal =
  | ''
  | 'package'
  | 'experimental'
  | 'type'
  | 'kibana'
  | 'agent'
  | 'capabilities'
  | 'discovery'
  | 'spec'
  | 'prerelease';

type ProfileTest = (profile: Profile) => boolean;

export interface NamedTest {
  readonly refusal: Refusal;
  readonly passes: ProfileTest;
}

/** A condition on what a profile holds. */
interface Rule {
  readonly refusal: Refusal;
  /** Whether it also holds in the older search, that of `experimental`. */
  readonly isOld: boolean;
  /** The test for a query; undefined where every profile passes. */
  readonly test: (columns: Columns, query: Query) => ProfileTest | undefined;
}

/** The rule of each member of a query for profiles. Undefined for members that ask about something else. */
const RULES: { readonly [Member in keyof Query]: Rule | undefined } = {
  endpoint: undefined,
  package: undefined,
  prerelease: {
    refusal: 'experimental',
    isOld: false,
    test: (_, query) => (query.prerelease ? undefined : (profile) => !profile.experimental),
  },
  type: {
    refusal: 'type',
    isOld: true,
    test: (_, query) => (query.type === '' ? undefined : (profile) => profile.type === query.type),
  },
  kibana: {
    refusal: 'kibana',
    isOld: true,
    test: (columns, query) => constraintTest(columns, query.kibana, (profile) => profile.kibana),
  },
  agent: {
    refusal: 'agent',
    isOld: false,
    test: (columns, query) => constraintTest(columns, query.agent, (profile) => profile.agent),
  },
  capabilities: {
    refusal: 'capabilities',
    isOld: false,
    test: (_, query) => {
      const capabilities = query.capabilities;
      return capabilities && ((profile) => isSubset(profile.capabilities, capabilities));
    },
  },
  discovery: {
    refusal: 'discovery',
    isOld: false,
    test: (_, query) => {
      const filters = query.discovery;
      return filters && ((profile) => isDiscovered(profile, filters));
    },
  },
  specMin: {
    refusal: 'spec',
    isOld: false,
    test: (_, query) => {
      const least = query.specMin;
      return least && ((profile) => compareVersions(versionOf(profile.spec), least) >= 0);
    },
  },
  specMax: {
    refusal: 'spec',
    isOld: false,
    test: (_, query) => {
      const most = query.specMax;
      return most && ((profile) => compareVersions(versionOf(profile.spec), most) <= 0);
    },
  },
  experimental: undefined,
  all: undefined,
  category: undefined,
  includePolicyTemplates: undefined,
};

/** The tests that a query has for profiles, in the order of the rules. */
export function profileTests(columns: Columns, query: Query): NamedTest[] {
  const tests: NamedTest[] = [];
  for (let i = 0; i < QUERY_MEMBERS.length; i++) {
    const rule = RULES[QUERY_MEMBERS[i] as keyof Query];
    const passes = rule && (rule.isOld || !query.experimental) ? rule.test(columns, query) : undefined;
    if (rule && passes) tests.push({ refusal: rule.refusal, passes });
  }
  return tests;
}

/** Each constraint is evaluated once a query, however many profiles have it. */
function constraintTest(
  columns: Columns,
  version: Version | undefined,
  constraintOf: (profile: Profile) => number | undefined,
): ProfileTest | undefined {
  if (!version) return undefined;
  const known: (boolean | undefined)[] = [];
  return (profile) => {
    const constraint = constraintOf(profile);
    if (constraint === undefined) return true;
    let verdict = known[constraint];
    if (verdict === undefined) {
      verdict = accepts(columns.constraints[constraint] as Columns['constraints'][number], version);
      known[constraint] = verdict;
    }
    return verdict;
  };
}

function isSubset(list: readonly ByteString[] | undefined, of: readonly ByteString[]): boolean {
  for (let i = 0; list && i < list.length; i++) if (of.indexOf(list[i] as ByteString) < 0) return false;
  return true;
}

function isDiscovered(profile: Profile, filters: readonly Discovery[]): boolean {
  for (let i = 0; i < filters.length; i++) {
    const filter = filters[i] as Discovery;
    const own = filter.kind === 'fields' ? profile.fields : profile.datasets;
    if (!own || own.length === 0) return false;
    if (filter.kind === 'fields' ? !isSubset(own, filter.values) : !overlaps(own, filter.values)) return false;
  }
  return true;
}

/** Whether two lists have something in common. */
export function overlaps(list: readonly ByteString[], other: readonly ByteString[]): boolean {
  for (let i = 0; i < list.length; i++) if (other.indexOf(list[i] as ByteString) >= 0) return true;
  return false;
}
